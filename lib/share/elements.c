/* SPDX-License-Identifier: MIT
 *
 * See elements.h.
 */
#include "lib/share/elements.h"

#include <inttypes.h>
#include <string.h>

#include "lib/share/arena.h"
#include "lib/share/guarded.h"
#include "lib/share/object.h"
#include "lib/state/error.h"

static int check_size(int64_t length, int64_t size) {
  if (length < 0) {
    return error_set(BROOD_VALUE_ERROR,
                     "Array length must be >= 0, not %" PRId64, length);
  }
  if (length > BROOD_MAX_SHARED / size) {
    return error_set(BROOD_VALUE_ERROR,
                     "%" PRId64 " elements of %" PRId64
                     " bytes are over the maximum of %" PRId64,
                     length, size, BROOD_MAX_SHARED);
  }
  return 0;
}

static void *make_elements(const brood_context *context, enum share_kind kind,
                           char typecode, int64_t length, int64_t size,
                           void *lock) {
  if (check_size(length, size) < 0 || guarded_check_lock(lock, true) < 0) {
    return NULL;
  }
  struct elements *elements = share_new(
      context, kind, sizeof *elements + (size_t)length * (size_t)size);
  if (elements == NULL) return NULL;
  elements->typecode = typecode;
  elements->length = length;
  if (guarded_set_lock(elements, context, lock) == 0) return elements;
  return share_free(elements, kind);
}

void *elements_new(const brood_context *context, enum share_kind kind,
                   char typecode, int64_t length, void *lock) {
  const struct typecode *type = typecode_find(typecode);
  if (type != NULL) {
    return make_elements(context, kind, typecode, length, type->size, lock);
  }
  error_set(BROOD_TYPE_ERROR, "no type has the typecode '%c' (%d)", typecode,
            typecode);
  return NULL;
}

void *elements_new_sized(const brood_context *context, enum share_kind kind,
                         int64_t size_bytes, void *lock) {
  return make_elements(context, kind, 0, size_bytes, 1, lock);
}

void *elements_lock(struct elements *elements) {
  void *lock = guarded_lock_of(elements);
  if (lock == NULL) error_clear();
  return lock;
}

/* Around an access. What acquire says of a killed holder is said again by end,
 * for nothing in between may be lost. */
static int begin_access(struct elements *elements) {
  if (!arena_has_lock(share_block_of(elements))) return 0;
  return guarded_acquire(elements, BROOD_FOREVER);
}

static int end_access(struct elements *elements, int begun, int r) {
  if (arena_has_lock(share_block_of(elements))) guarded_release(elements);
  if (r < 0 || begun == 0) return r;
  return error_set(BROOD_OWNER_DIED,
                   "accessed, but the lock was held by a process that was "
                   "killed");
}

static int refuse_index(const struct elements *elements, int64_t index) {
  return error_set(BROOD_INDEX_ERROR,
                   "invalid index %" PRId64 ": the length is %" PRId64, index,
                   elements->length);
}

/* Writes where an element lies and what type it has. */
static int locate(struct elements *elements, int64_t index,
                  const struct typecode **out_type, void **out_element) {
  *out_type = typecode_find(elements->typecode);
  if (*out_type == NULL) {
    return error_set(BROOD_TYPE_ERROR,
                     "a shared value of %" PRId64 " bytes is no number",
                     elements->length);
  }
  int64_t at = index < 0 ? index + elements->length : index;
  if (at < 0 || at >= elements->length) return refuse_index(elements, index);
  *out_element = elements->data + at * (*out_type)->size;
  return 0;
}

int elements_access(struct elements *elements, int64_t index,
                    typecode_access *access, void *number) {
  const struct typecode *type;
  void *element = NULL;
  int r = error_check_out(number);
  if (r < 0) return r;
  r = locate(elements, index, &type, &element);
  if (r < 0) return r;
  int begun = begin_access(elements);
  if (begun < 0 && begun != BROOD_OWNER_DIED) return begun;
  return end_access(elements, begun, access(type, element, number));
}

/* Are the first and the last element of a slice inside? In this order nothing
 * can overflow: a step beyond the length is as bad as any. */
static int check_slice(const struct elements *elements, int64_t start,
                       int64_t step, int64_t count) {
  if (step == 0 || count < 0) {
    return error_set(BROOD_VALUE_ERROR,
                     "a slice of %" PRId64 " elements, each %" PRId64
                     " after the other",
                     count, step);
  }
  int64_t length = elements->length;
  if (count == 0) return 0;
  if (start < 0 || start >= length) return refuse_index(elements, start);
  int64_t room = step > 0 ? length - 1 - start : start;
  uint64_t stride = step > 0 ? (uint64_t)step : -(uint64_t)step;
  if ((uint64_t)(count - 1) > (uint64_t)room / stride) {
    return error_set(BROOD_INDEX_ERROR,
                     "%" PRId64 " elements from %" PRId64 " by %" PRId64
                     " leave an array of %" PRId64,
                     count, start, step, length);
  }
  return 0;
}

static void copy(unsigned char *to, int64_t to_step, const unsigned char *from,
                 int64_t from_step, int64_t count, size_t size) {
  if (to_step == (int64_t)size && from_step == to_step) {
    memcpy(to, from, (size_t)count * size);
    return;
  }
  for (int64_t i = 0; i < count; i++) {
    memcpy(to + i * to_step, from + i * from_step, size);
  }
}

int elements_copy(struct elements *elements, int64_t start, int64_t step,
                  int64_t count, void *out, const void *in) {
  if (start < 0) start += elements->length;
  int r = check_slice(elements, start, step, count);
  if (r < 0 || count == 0) return r;
  r = error_check_out(out != NULL ? out : in);
  if (r < 0) return r;
  int begun = begin_access(elements);
  if (begun < 0 && begun != BROOD_OWNER_DIED) return begun;
  int64_t size = typecode_find(elements->typecode)->size;
  unsigned char *first = elements->data + start * size;
  /* A single element is inside whatever the step, which may be any number. */
  int64_t stride = count > 1 ? step * size : size;
  if (out != NULL) {
    copy(out, size, first, stride, count, (size_t)size);
  } else {
    copy(first, stride, in, size, count, (size_t)size);
  }
  return end_access(elements, begun, 0);
}
