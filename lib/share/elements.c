/* SPDX-License-Identifier: MIT
 *
 * Value and Array: elements of one type in shared memory, and the lock that
 * guards them. A Value is one element. The elements are the user's own: nothing
 * here reads or writes them.
 */
#include <inttypes.h>
#include <string.h>
#include <wchar.h>

#include "lib/share/object.h"
#include "lib/state/error.h"

struct elements {
  char typecode;  /* 0: only its size is known */
  int64_t length; /* of a sized one: its bytes */
  _Alignas(16) unsigned char data[];
};

/* Bytes of an element; 0 if there is no such typecode. */
static int64_t size_of_typecode(char typecode) {
  static const char codes[] = "cbBuhHiIlLqQfd";
  static const uint8_t sizes[sizeof codes] = {
      sizeof(char),  sizeof(char),  sizeof(char),    sizeof(wchar_t),
      sizeof(short), sizeof(short), sizeof(int),     sizeof(int),
      sizeof(long),  sizeof(long),  sizeof(int64_t), sizeof(int64_t),
      sizeof(float), sizeof(double)};
  const char *found = strchr(codes, typecode);
  return found == NULL ? 0 : sizes[found - codes];
}

static int check_elements(int64_t length, int64_t size) {
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
  if (check_elements(length, size) < 0 || guarded_check_lock(lock, true) < 0) {
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

static void *make_typed(const brood_context *context, enum share_kind kind,
                        char typecode, int64_t length, void *lock) {
  int64_t size = size_of_typecode(typecode);
  if (size > 0) {
    return make_elements(context, kind, typecode, length, size, lock);
  }
  error_set(BROOD_TYPE_ERROR, "no type has the typecode '%c' (%d)", typecode,
            typecode);
  return NULL;
}

/* A kind that is not the object's is an error in all of these. */
static void *data_of(void *object, enum share_kind kind) {
  if (share_check(object, kind) < 0) return NULL;
  return ((struct elements *)object)->data;
}

static int typecode_of(const void *object, enum share_kind kind) {
  int r = share_check(object, kind);
  return r < 0 ? r : ((const struct elements *)object)->typecode;
}

static int64_t itemsize_of(const void *object, enum share_kind kind) {
  int typecode = typecode_of(object, kind);
  if (typecode != 0)
    return typecode < 0 ? typecode : size_of_typecode((char)typecode);
  return ((const struct elements *)object)->length;
}

static void *lock_of_elements(const void *object, enum share_kind kind) {
  if (share_check(object, kind) < 0) return NULL;
  void *lock = guarded_lock_of(object);
  if (lock == NULL) error_clear(); /* it has none: that is no failure */
  return lock;
}

/* What a Value and an Array have in common: brood_shared_value_free,
 * brood_shared_array_free, and so on. */
#define BOTH_KINDS(noun, KIND)                             \
  noun *noun##_free(noun *elements) {                      \
    return share_free(elements, KIND);                     \
  }                                                        \
  void *noun##_get_obj(noun *elements) {                   \
    return data_of(elements, KIND);                        \
  }                                                        \
  int noun##_typecode(noun *elements) {                    \
    return typecode_of(elements, KIND);                    \
  }                                                        \
  int64_t noun##_itemsize(noun *elements) {                \
    return itemsize_of(elements, KIND);                    \
  }                                                        \
  void *noun##_get_lock(noun *elements) {                  \
    return lock_of_elements(elements, KIND);               \
  }                                                        \
  int noun##_acquire(noun *elements, int64_t timeout_ns) { \
    return guarded_acquire(elements, KIND, timeout_ns);    \
  }                                                        \
  int noun##_release(noun *elements) {                     \
    return guarded_release(elements, KIND);                \
  }

BOTH_KINDS(brood_shared_value, SHARE_VALUE)
BOTH_KINDS(brood_shared_array, SHARE_ARRAY)

brood_shared_value *brood_shared_value_new(const brood_context *context,
                                           char typecode, void *lock) {
  return make_typed(context, SHARE_VALUE, typecode, 1, lock);
}

brood_shared_value *brood_shared_value_new_sized(const brood_context *context,
                                                 int64_t size_bytes,
                                                 void *lock) {
  if (size_bytes > 0) {
    return make_elements(context, SHARE_VALUE, 0, size_bytes, 1, lock);
  }
  error_set(BROOD_VALUE_ERROR, "a shared value of %" PRId64 " bytes",
            size_bytes);
  return NULL;
}

brood_shared_array *brood_shared_array_new(const brood_context *context,
                                           char typecode, int64_t length,
                                           void *lock) {
  return make_typed(context, SHARE_ARRAY, typecode, length, lock);
}

int64_t brood_shared_array_length(brood_shared_array *array) {
  int r = share_check(array, SHARE_ARRAY);
  return r < 0 ? r : ((const struct elements *)array)->length;
}
