/* SPDX-License-Identifier: MIT
 *
 * What can be acquired; see lockable.h.
 */
#include "conformance/adapter/lockable.h"

#include "brood.h"

int lockable_acquire(const struct value *value, int64_t timeout_ns) {
  void *object = value->as.object;
  switch (value->kind) {
    case VALUE_LOCK: return brood_lock_acquire(object, timeout_ns);
    case VALUE_RLOCK: return brood_rlock_acquire(object, timeout_ns);
    case VALUE_SEMAPHORE:
    case VALUE_BOUNDED: return brood_semaphore_acquire(object, timeout_ns);
    case VALUE_CONDITION: return brood_condition_acquire(object, timeout_ns);
    case VALUE_VALUE: return brood_shared_value_acquire(object, timeout_ns);
    case VALUE_ARRAY: return brood_shared_array_acquire(object, timeout_ns);
    default: return BROOD_ATTRIBUTE_ERROR;
  }
}

int lockable_release(const struct value *value) {
  void *object = value->as.object;
  switch (value->kind) {
    case VALUE_LOCK: return brood_lock_release(object);
    case VALUE_RLOCK: return brood_rlock_release(object);
    case VALUE_SEMAPHORE:
    case VALUE_BOUNDED: return brood_semaphore_release(object);
    case VALUE_CONDITION: return brood_condition_release(object);
    case VALUE_VALUE: return brood_shared_value_release(object);
    case VALUE_ARRAY: return brood_shared_array_release(object);
    default: return BROOD_ATTRIBUTE_ERROR;
  }
}
