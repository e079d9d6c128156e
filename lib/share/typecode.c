/* SPDX-License-Identifier: MIT
 *
 * See typecode.h. Integers are the low bytes of 64 bits: the machine is
 * little-endian, as the words of lib/sync ask for already.
 */
#include "lib/share/typecode.h"

#include <string.h>
#include <wchar.h>

#include "brood.h"
#include "lib/state/error.h"

#define TYPE(code, type, family) \
  { code, sizeof(type), family }

const struct typecode *typecode_find(char code) {
  static const struct typecode types[] = {
      TYPE('c', char, TYPECODE_UNSIGNED),
      TYPE('b', signed char, TYPECODE_SIGNED),
      TYPE('B', unsigned char, TYPECODE_UNSIGNED),
      TYPE('u', wchar_t, TYPECODE_UNSIGNED),
      TYPE('h', short, TYPECODE_SIGNED),
      TYPE('H', unsigned short, TYPECODE_UNSIGNED),
      TYPE('i', int, TYPECODE_SIGNED),
      TYPE('I', unsigned, TYPECODE_UNSIGNED),
      TYPE('l', long, TYPECODE_SIGNED),
      TYPE('L', unsigned long, TYPECODE_UNSIGNED),
      TYPE('q', int64_t, TYPECODE_SIGNED),
      TYPE('Q', uint64_t, TYPECODE_UNSIGNED),
      TYPE('f', float, TYPECODE_FLOATING),
      TYPE('d', double, TYPECODE_FLOATING),
  };
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    if (types[i].code == code) return &types[i];
  }
  return NULL;
}

static void put_floating(const struct typecode *type, void *element,
                         double number) {
  float single = (float)number;
  if (type->size == sizeof single) {
    memcpy(element, &single, sizeof single);
  } else {
    memcpy(element, &number, sizeof number);
  }
}

static double get_floating(const struct typecode *type, const void *element) {
  float single;
  double number;
  if (type->size == sizeof single) {
    memcpy(&single, element, sizeof single);
    return single;
  }
  memcpy(&number, element, sizeof number);
  return number;
}

static int64_t get_integer(const struct typecode *type, const void *element) {
  uint64_t bits = 0;
  memcpy(&bits, element, type->size);
  unsigned unused = 64 - 8u * type->size;
  if (type->family == TYPECODE_UNSIGNED) return (int64_t)bits;
  return (int64_t)(bits << unused) >> unused; /* the sign fills it */
}

static int refuse_number(const struct typecode *type, const char *number) {
  return error_set(BROOD_TYPE_ERROR, "%s for an element of typecode '%c'",
                   number, type->code);
}

int typecode_get_int64(const struct typecode *type, void *element,
                       void *number) {
  if (type->family == TYPECODE_FLOATING)
    return refuse_number(type, "an integer");
  *(int64_t *)number = get_integer(type, element);
  return 0;
}

int typecode_set_int64(const struct typecode *type, void *element,
                       void *number) {
  if (type->family == TYPECODE_FLOATING) {
    put_floating(type, element, (double)*(int64_t *)number);
  } else {
    memcpy(element, number, type->size);
  }
  return 0;
}

int typecode_get_double(const struct typecode *type, void *element,
                        void *number) {
  bool floating = type->family == TYPECODE_FLOATING;
  *(double *)number = floating ? get_floating(type, element)
                               : (double)get_integer(type, element);
  return 0;
}

int typecode_set_double(const struct typecode *type, void *element,
                        void *number) {
  if (type->family != TYPECODE_FLOATING) return refuse_number(type, "a double");
  put_floating(type, element, *(double *)number);
  return 0;
}
