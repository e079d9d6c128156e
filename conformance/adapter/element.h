/* SPDX-License-Identifier: MIT
 *
 * One variable of the C type that a typecode stands for, and JSON: for memory
 * that the library hands out as it is.
 */
#ifndef BROOD_ADAPTER_ELEMENT_H
#define BROOD_ADAPTER_ELEMENT_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "conformance/adapter/call.h"

/* element_size returns the bytes of a type, 0 if the code is none. */
size_t element_size(char typecode);

/* element_get returns what memory holds. */
cJSON *element_get(char typecode, const void *memory);

/* element_set writes a number.
 *
 * TypeError  it is no number, or a fraction for an integer type */
int element_set(struct call *call, char typecode, const cJSON *json,
                void *memory);

#endif /* BROOD_ADAPTER_ELEMENT_H */
