/* SPDX-License-Identifier: MIT
 *
 * Arguments as the target reads them.
 */
#include "lib/share/object.h"
#include "lib/start/args.h"
#include "lib/state/error.h"
#include "lib/wire/value.h"

static const brood_value *find_argument(const brood_args *args, size_t index) {
  if (args != NULL && index < args->count) return &args->values[index];
  error_set(BROOD_INDEX_ERROR, "no argument %zu: there are %zu", index,
            brood_args_count(args));
  return NULL;
}

const brood_value *args_find(const brood_args *args, size_t index,
                             enum brood_type type) {
  const brood_value *value = find_argument(args, index);
  if (value == NULL || value->type == type) return value;
  error_set(BROOD_TYPE_ERROR, "argument %zu is %s, not %s", index,
            wire_type_name(value->type), wire_type_name(type));
  return NULL;
}

/* The same of one that is to be written to an output. */
static const brood_value *find_for(const void *out, const brood_args *args,
                                   size_t index, enum brood_type type) {
  return error_check_out(out) < 0 ? NULL : args_find(args, index, type);
}

size_t brood_args_count(const brood_args *args) {
  return args == NULL ? 0 : args->count;
}

int brood_args_type(const brood_args *args, size_t index) {
  const brood_value *value = find_argument(args, index);
  return value == NULL ? BROOD_INDEX_ERROR : (int)value->type;
}

int brood_args_bool(const brood_args *args, size_t index, bool *out_value) {
  const brood_value *value = find_for(out_value, args, index, BROOD_TYPE_BOOL);
  if (value == NULL) return brood_error();
  *out_value = value->as.boolean;
  return 0;
}

int brood_args_int64(const brood_args *args, size_t index, int64_t *out_value) {
  const brood_value *value = find_for(out_value, args, index, BROOD_TYPE_INT64);
  if (value == NULL) return brood_error();
  *out_value = value->as.int64;
  return 0;
}

int brood_args_double(const brood_args *args, size_t index, double *out_value) {
  const brood_value *value =
      find_for(out_value, args, index, BROOD_TYPE_DOUBLE);
  if (value == NULL) return brood_error();
  *out_value = value->as.real;
  return 0;
}

int brood_args_string(const brood_args *args, size_t index,
                      const char **out_text) {
  const brood_value *value = find_for(out_text, args, index, BROOD_TYPE_STRING);
  if (value == NULL) return brood_error();
  *out_text = value->as.data;
  return 0;
}

int brood_args_bytes(const brood_args *args, size_t index,
                     const void **out_data, size_t *out_size_bytes) {
  const brood_value *value = find_for(out_data, args, index, BROOD_TYPE_BYTES);
  if (value == NULL || error_check_out(out_size_bytes) < 0) {
    return brood_error();
  }
  *out_data = value->as.data;
  *out_size_bytes = value->size_bytes;
  return 0;
}

int brood_args_descriptor(const brood_args *args, size_t index,
                          int *out_descriptor) {
  const brood_value *value =
      find_for(out_descriptor, args, index, BROOD_TYPE_DESCRIPTOR);
  if (value == NULL) return brood_error();
  *out_descriptor = value->as.descriptor;
  return 0;
}

int brood_args_pointer(const brood_args *args, size_t index,
                       const void **out_pointer) {
  const brood_value *value =
      find_for(out_pointer, args, index, BROOD_TYPE_POINTER);
  if (value == NULL) return brood_error();
  *out_pointer = value->as.data;
  return 0;
}

/* The argument if it is an object of this kind, or NULL with the error set. */
static void *find_object(const void *out, const brood_args *args, size_t index,
                         enum share_kind kind) {
  const brood_value *value = find_for(out, args, index, BROOD_TYPE_OBJECT);
  if (value == NULL) return NULL;
  if (share_kind_of(value->as.data) == (uint32_t)kind) {
    return (void *)value->as.data;
  }
  error_set(BROOD_TYPE_ERROR, "argument %zu is %s, not %s", index,
            share_kind_name(share_kind_of(value->as.data)),
            share_kind_name(kind));
  return NULL;
}

/* One function for each kind of object. */
#define READ_OBJECT(noun, kind)                                 \
  int brood_args_##noun(const brood_args *args, size_t index,   \
                        brood_##noun **out) {                   \
    brood_##noun *object = find_object(out, args, index, kind); \
    if (object == NULL) return brood_error();                   \
    *out = object;                                              \
    return 0;                                                   \
  }

READ_OBJECT(lock, SHARE_LOCK)
READ_OBJECT(rlock, SHARE_RLOCK)
READ_OBJECT(semaphore, SHARE_SEMAPHORE)
READ_OBJECT(condition, SHARE_CONDITION)
READ_OBJECT(event, SHARE_EVENT)
READ_OBJECT(barrier, SHARE_BARRIER)
READ_OBJECT(shared_value, SHARE_VALUE)
READ_OBJECT(shared_array, SHARE_ARRAY)
READ_OBJECT(queue, SHARE_QUEUE)
READ_OBJECT(simple_queue, SHARE_SIMPLE_QUEUE)
READ_OBJECT(connection, SHARE_CONNECTION)
