/* SPDX-License-Identifier: MIT
 *
 * One variable of the C type that a typecode stands for, and JSON: what
 * Python's ctypes does, for memory that the library hands out as it is.
 */
#pragma once

#include <cjson/cJSON.h>
#include <stdint.h>

#include "conformance/adapter/call.h"

/* element_get returns what memory holds; element_int64 returns it as C converts
 * it. */
cJSON *element_get(char typecode, const void *memory);
int64_t element_int64(char typecode, const void *memory);

/* element_set writes a number. Integers of whatever size wrap to the width of
 * an integer type.
 *
 * TypeError      it is no number, or a fraction for an integer type
 * OverflowError  it is too large for a double */
int element_set(struct call *call, char typecode, const cJSON *json,
                void *memory);
