/* SPDX-License-Identifier: MIT
 *
 * What a scenario gives as a lock to somebody else: to a condition, a value or
 * an array.
 */
#pragma once

#include <cjson/cJSON.h>

#include "conformance/adapter/call.h"

/* guard_object returns the object behind an argument. What is none becomes a
 * pointer to something that is none: the library has a rule for that. */
void *guard_object(const struct call *call, const cJSON *json);

/* guard_read reads the argument `lock` of values and arrays: NULL for a new
 * one, BROOD_NO_LOCK for none. */
void *guard_read(const struct call *call, int index);
