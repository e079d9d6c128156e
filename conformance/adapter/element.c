/* SPDX-License-Identifier: MIT
 *
 * Variables of C; see element.h. One line for each type, of which the compiler
 * makes the conversions.
 */
#include "conformance/adapter/element.h"

#include <stdint.h>
#include <wchar.h>

#include "conformance/adapter/number.h"

#define INTEGER_TYPES(X) \
  X('c', char)           \
  X('b', signed char)    \
  X('B', unsigned char)  \
  X('u', wchar_t)        \
  X('h', short)          \
  X('H', unsigned short) \
  X('i', int)            \
  X('I', unsigned)       \
  X('l', long)           \
  X('L', unsigned long)  \
  X('q', int64_t)        \
  X('Q', uint64_t)

#define REAL_TYPES(X) \
  X('f', float)       \
  X('d', double)

size_t element_size(char typecode) {
  switch (typecode) {
#define SIZE(code, type) \
  case code: return sizeof(type);
    INTEGER_TYPES(SIZE)
    REAL_TYPES(SIZE)
#undef SIZE
    default: return 0;
  }
}

cJSON *element_get(char typecode, const void *memory) {
  switch (typecode) {
#define GET(code, type) \
  case code: return number_int64((int64_t) * (const type *)memory);
    INTEGER_TYPES(GET)
#undef GET
    case 'f': return number_double((double)*(const float *)memory);
    default: return number_double(*(const double *)memory);
  }
}

static int set_integer(struct call *call, char typecode, int64_t number,
                       void *memory) {
  switch (typecode) {
#define SET(code, type) \
  case code: *(type *)memory = (type)number; return 0;
    INTEGER_TYPES(SET)
    REAL_TYPES(SET)
#undef SET
    default:
      return call_fail(call, "TypeError", "no type with the code %c", typecode);
  }
}

int element_set(struct call *call, char typecode, const cJSON *json,
                void *memory) {
  int64_t integer = 0;
  double real = 0;
  switch (number_get(json, &integer, &real)) {
    case NUMBER_INTEGER: return set_integer(call, typecode, integer, memory);
    case NUMBER_TOO_LARGE:
      return call_fail(call, "OverflowError", "the number is too large");
    case NUMBER_REAL:
      if (typecode == 'f') *(float *)memory = (float)real;
      if (typecode == 'd') *(double *)memory = real;
      if (typecode == 'f' || typecode == 'd') return 0;
      return call_fail(call, "TypeError", "a fraction for an integer type");
    default: return call_fail(call, "TypeError", "not a number");
  }
}
