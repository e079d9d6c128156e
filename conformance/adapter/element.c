/* SPDX-License-Identifier: MIT
 *
 * Variables of C; see element.h. One line for each type, of which the compiler
 * makes the conversions.
 */
#include "conformance/adapter/element.h"

#include <math.h>
#include <wchar.h>

#include "conformance/adapter/memory.h"
#include "conformance/adapter/number.h"

#define SIGNED_TYPES(X) \
  X('b', signed char)   \
  X('u', wchar_t)       \
  X('h', short)         \
  X('i', int)           \
  X('l', long)          \
  X('q', int64_t)

#define UNSIGNED_TYPES(X) \
  X('c', unsigned char)   \
  X('B', unsigned char)   \
  X('H', unsigned short)  \
  X('I', unsigned)        \
  X('L', unsigned long)   \
  X('Q', uint64_t)

#define REAL_TYPES(X) \
  X('f', float)       \
  X('d', double)

cJSON *element_get(char typecode, const void *memory) {
  switch (typecode) {
#define GET_SIGNED(code, type) \
  case code: return number_int64(*(const type *)memory);
    SIGNED_TYPES(GET_SIGNED)
#undef GET_SIGNED
#define GET_UNSIGNED(code, type) \
  case code: return number_uint64(*(const type *)memory);
    UNSIGNED_TYPES(GET_UNSIGNED)
#undef GET_UNSIGNED
#define GET_REAL(code, type) \
  case code: return number_double(*(const type *)memory);
    REAL_TYPES(GET_REAL)
#undef GET_REAL
    default: return memory_must(cJSON_CreateNull());
  }
}

int64_t element_int64(char typecode, const void *memory) {
  switch (typecode) {
#define GET(code, type) \
  case code: return (int64_t) * (const type *)memory;
    SIGNED_TYPES(GET)
    UNSIGNED_TYPES(GET)
    REAL_TYPES(GET)
#undef GET
    default: return 0;
  }
}

static int set_real(struct call *call, char typecode, double real,
                    void *memory) {
  switch (typecode) {
#define SET(code, type) \
  case code: *(type *)memory = (type)real; return 0;
    REAL_TYPES(SET)
#undef SET
    default:
      return call_fail(call, "TypeError", "a fraction for an integer type");
  }
}

static int set_integer(struct call *call, char typecode, uint64_t integer,
                       double real, void *memory) {
  switch (typecode) {
#define SET(code, type) \
  case code: *(type *)memory = (type)integer; return 0;
    SIGNED_TYPES(SET)
    UNSIGNED_TYPES(SET)
#undef SET
    default:
      if (isfinite(real)) return set_real(call, typecode, real, memory);
      return call_fail(call, "OverflowError", "the integer is too large");
  }
}

int element_set(struct call *call, char typecode, const cJSON *json,
                void *memory) {
  uint64_t integer = cJSON_IsTrue(json);
  double real = (double)integer;
  switch (cJSON_IsBool(json) ? NUMBER_INTEGER
                             : number_get_wrapped(json, &integer, &real)) {
    case NUMBER_INTEGER:
      return set_integer(call, typecode, integer, real, memory);
    case NUMBER_REAL: return set_real(call, typecode, real, memory);
    case NUMBER_TOO_LARGE:
      return call_fail(call, "OverflowError", "the number is too large");
    default: return call_fail(call, "TypeError", "not a number");
  }
}
