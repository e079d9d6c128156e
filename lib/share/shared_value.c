/* SPDX-License-Identifier: MIT
 *
 * Value: one element.
 */
#include <inttypes.h>

#include "lib/share/elements.h"
#include "lib/share/guarded.h"
#include "lib/share/object.h"
#include "lib/state/error.h"

struct brood_shared_value {
  struct elements elements;
};

brood_shared_value *brood_shared_value_new(const brood_context *context,
                                           char typecode, void *lock) {
  return elements_new(context, SHARE_VALUE, typecode, 1, lock);
}

brood_shared_value *brood_shared_value_new_sized(const brood_context *context,
                                                 int64_t size_bytes,
                                                 void *lock) {
  if (size_bytes > 0) {
    return elements_new_sized(context, SHARE_VALUE, size_bytes, lock);
  }
  error_set(BROOD_VALUE_ERROR, "a shared value of %" PRId64 " bytes",
            size_bytes);
  return NULL;
}

brood_shared_value *brood_shared_value_free(brood_shared_value *value) {
  return share_free(value, SHARE_VALUE);
}

int brood_shared_value_get_int64(brood_shared_value *value, int64_t *out) {
  int r = share_check(value, SHARE_VALUE);
  return r < 0 ? r
               : elements_access(&value->elements, 0, typecode_get_int64, out);
}

int brood_shared_value_set_int64(brood_shared_value *value, int64_t number) {
  int r = share_check(value, SHARE_VALUE);
  return r < 0 ? r
               : elements_access(&value->elements, 0, typecode_set_int64,
                                 &number);
}

int brood_shared_value_get_double(brood_shared_value *value, double *out) {
  int r = share_check(value, SHARE_VALUE);
  return r < 0 ? r
               : elements_access(&value->elements, 0, typecode_get_double, out);
}

int brood_shared_value_set_double(brood_shared_value *value, double number) {
  int r = share_check(value, SHARE_VALUE);
  return r < 0 ? r
               : elements_access(&value->elements, 0, typecode_set_double,
                                 &number);
}

void *brood_shared_value_get_obj(brood_shared_value *value) {
  if (share_check(value, SHARE_VALUE) < 0) return NULL;
  return value->elements.data;
}

void *brood_shared_value_get_lock(brood_shared_value *value) {
  if (share_check(value, SHARE_VALUE) < 0) return NULL;
  return elements_lock(&value->elements);
}

int brood_shared_value_acquire(brood_shared_value *value, int64_t timeout_ns) {
  int r = share_check(value, SHARE_VALUE);
  return r < 0 ? r : guarded_acquire(value, timeout_ns);
}

int brood_shared_value_release(brood_shared_value *value) {
  int r = share_check(value, SHARE_VALUE);
  return r < 0 ? r : guarded_release(value);
}
