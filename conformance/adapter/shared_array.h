/* SPDX-License-Identifier: MIT
 *
 * Elements of arrays, as the wire has them.
 */
#ifndef BROOD_ADAPTER_SHARED_ARRAY_H
#define BROOD_ADAPTER_SHARED_ARRAY_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "brood.h"
#include "conformance/adapter/call.h"

/* shared_array_set writes one element. */
int shared_array_set(struct call *call, brood_shared_array *array,
                     int64_t index, const cJSON *json);

#endif /* BROOD_ADAPTER_SHARED_ARRAY_H */
