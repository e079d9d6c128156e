/* SPDX-License-Identifier: MIT
 *
 * The C types that typecodes stand for, and numbers in them.
 */
#ifndef BROOD_SHARE_TYPECODE_H
#define BROOD_SHARE_TYPECODE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/names.h"

struct typecode {
  char code;
  uint8_t size;
  enum { TYPECODE_SIGNED, TYPECODE_UNSIGNED, TYPECODE_FLOATING } family;
};

/* typecode_find returns what a code stands for, or NULL. */
const struct typecode *typecode_find(char code);

/* An access reads or writes one element; number points to an int64_t or a
 * double, as the name says. Errors as brood_shared_value_get_int64. */
typedef int typecode_access(const struct typecode *type, void *element,
                            void *number);

typecode_access typecode_get_int64, typecode_set_int64;
typecode_access typecode_get_double, typecode_set_double;

#endif /* BROOD_SHARE_TYPECODE_H */
