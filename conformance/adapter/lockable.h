/* SPDX-License-Identifier: MIT
 *
 * Whatever can be acquired and released, seen as one thing: locks, semaphores,
 * conditions, and values and arrays that have a lock.
 */
#pragma once

#include <stdint.h>

#include "conformance/adapter/value.h"

/* Each calls the object's own function and returns what it returns. */
int lockable_acquire(const struct value *value, int64_t timeout_ns);
int lockable_release(const struct value *value);
