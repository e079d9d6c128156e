/* SPDX-License-Identifier: MIT
 *
 * Array: elements of one type.
 */
#include "lib/share/elements.h"
#include "lib/share/guarded.h"
#include "lib/share/object.h"

struct brood_shared_array {
  struct elements elements;
};

brood_shared_array *brood_shared_array_new(const brood_context *context,
                                           char typecode, int64_t length,
                                           void *lock) {
  return elements_new(context, SHARE_ARRAY, typecode, length, lock);
}

brood_shared_array *brood_shared_array_free(brood_shared_array *array) {
  return share_free(array, SHARE_ARRAY);
}

int64_t brood_shared_array_length(brood_shared_array *array) {
  int r = share_check(array, SHARE_ARRAY);
  return r < 0 ? r : array->elements.length;
}

int brood_shared_array_get_int64(brood_shared_array *array, int64_t index,
                                 int64_t *out) {
  int r = share_check(array, SHARE_ARRAY);
  return r < 0 ? r
               : elements_access(&array->elements, index, typecode_get_int64,
                                 out);
}

int brood_shared_array_set_int64(brood_shared_array *array, int64_t index,
                                 int64_t number) {
  int r = share_check(array, SHARE_ARRAY);
  return r < 0 ? r
               : elements_access(&array->elements, index, typecode_set_int64,
                                 &number);
}

int brood_shared_array_get_double(brood_shared_array *array, int64_t index,
                                  double *out) {
  int r = share_check(array, SHARE_ARRAY);
  return r < 0 ? r
               : elements_access(&array->elements, index, typecode_get_double,
                                 out);
}

int brood_shared_array_set_double(brood_shared_array *array, int64_t index,
                                  double number) {
  int r = share_check(array, SHARE_ARRAY);
  return r < 0 ? r
               : elements_access(&array->elements, index, typecode_set_double,
                                 &number);
}

void *brood_shared_array_get_obj(brood_shared_array *array) {
  if (share_check(array, SHARE_ARRAY) < 0) return NULL;
  return array->elements.data;
}

void *brood_shared_array_get_lock(brood_shared_array *array) {
  if (share_check(array, SHARE_ARRAY) < 0) return NULL;
  return elements_lock(&array->elements);
}

int brood_shared_array_acquire(brood_shared_array *array, int64_t timeout_ns) {
  int r = share_check(array, SHARE_ARRAY);
  return r < 0 ? r : guarded_acquire(array, timeout_ns);
}

int brood_shared_array_release(brood_shared_array *array) {
  int r = share_check(array, SHARE_ARRAY);
  return r < 0 ? r : guarded_release(array);
}

int brood_shared_array_read(brood_shared_array *array, int64_t start,
                            int64_t step, int64_t count, void *out_elements) {
  int r = share_check(array, SHARE_ARRAY);
  if (r < 0) return r;
  return elements_copy(&array->elements, start, step, count, out_elements,
                       NULL);
}

int brood_shared_array_write(brood_shared_array *array, int64_t start,
                             int64_t step, int64_t count,
                             const void *elements) {
  int r = share_check(array, SHARE_ARRAY);
  if (r < 0) return r;
  return elements_copy(&array->elements, start, step, count, NULL, elements);
}
