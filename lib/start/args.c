/* SPDX-License-Identifier: MIT
 *
 * See args.h. In the packed bytes a descriptor is the index of its number in
 * fds; the table of the launch record has the record's own ones in front.
 */
#include "lib/start/args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error/error.h"
#include "lib/wire/value.h"

struct brood_args {
  size_t count;
  brood_value values[];
};

static int check_value(const brood_value *value, size_t index) {
  unsigned type = (unsigned)value->type;
  if (type > BROOD_TYPE_POINTER) {
    return error_set(BROOD_TYPE_ERROR, "argument %zu is of unknown type %u",
                     index, type);
  }
  bool sized = type == BROOD_TYPE_STRING || type == BROOD_TYPE_BYTES;
  if (sized && value->as.data == NULL &&
      (type == BROOD_TYPE_STRING || value->size_bytes > 0)) {
    return error_set(BROOD_TYPE_ERROR, "argument %zu is NULL", index);
  }
  if (type == BROOD_TYPE_STRING &&
      memchr(value->as.data, 0, value->size_bytes) != NULL) {
    return error_set(BROOD_VALUE_ERROR,
                     "argument %zu: string of %zu bytes "
                     "with a NUL inside",
                     index, value->size_bytes);
  }
  if (sized && value->size_bytes > BROOD_MAX_RECORD) {
    return error_set(BROOD_VALUE_ERROR,
                     "argument %zu of %zu bytes is over the maximum of %d",
                     index, value->size_bytes, BROOD_MAX_RECORD);
  }
  if (type == BROOD_TYPE_DESCRIPTOR && value->as.descriptor < 0) {
    return error_set(BROOD_VALUE_ERROR, "argument %zu is descriptor %d", index,
                     value->as.descriptor);
  }
  return 0;
}

static int check_values(const brood_value *values, size_t num_values) {
  if (num_values > BROOD_MAX_ARGS) {
    return error_set(BROOD_VALUE_ERROR, "%zu arguments: at most %d", num_values,
                     BROOD_MAX_ARGS);
  }
  if (num_values > 0 && values == NULL) {
    return error_set(BROOD_TYPE_ERROR, "%zu arguments at NULL", num_values);
  }
  for (size_t i = 0; i < num_values; i++) {
    int r = check_value(&values[i], i);
    if (r < 0) return r;
  }
  return 0;
}

/* Writes (or, with data NULL, measures) everything into packed. */
static void put_values(struct packed_args *packed, struct wire_writer *writer,
                       const brood_value *values, size_t num_values) {
  packed->num_fds = 0;
  for (size_t i = 0; i < num_values; i++) {
    wire_put_value(writer, &values[i], packed->num_fds);
    if (values[i].type == BROOD_TYPE_POINTER) packed->has_pointer = true;
    if (values[i].type != BROOD_TYPE_DESCRIPTOR) continue;
    if (packed->fds != NULL) {
      packed->fds[packed->num_fds] = values[i].as.descriptor;
    }
    packed->num_fds++;
  }
}

int args_pack(struct packed_args *out, const brood_value *values,
              size_t num_values) {
  struct packed_args packed = {.count = (uint32_t)num_values};
  int r = check_values(values, num_values);
  if (r < 0) return r;
  struct wire_writer writer = {0};
  put_values(&packed, &writer, values, num_values);
  packed.size = writer.used;
  if (packed.size > BROOD_MAX_RECORD) {
    return error_set(BROOD_VALUE_ERROR,
                     "arguments of %zu bytes are over the maximum of %d",
                     packed.size, BROOD_MAX_RECORD);
  }
  if (num_values > 0) {
    packed.data = malloc(packed.size);
    packed.fds = malloc((packed.num_fds + 1) * sizeof *packed.fds);
    if (packed.data == NULL || packed.fds == NULL) {
      args_discard(&packed);
      return error_set_os(-ENOMEM, "cannot copy arguments of %zu bytes",
                          writer.used);
    }
    writer = (struct wire_writer){.data = packed.data, .capacity = packed.size};
    put_values(&packed, &writer, values, num_values);
  }
  *out = packed;
  return 0;
}

void args_discard(struct packed_args *packed) {
  free(packed->data);
  free(packed->fds);
  *packed = (struct packed_args){0};
}

const brood_args *args_unpack(const struct wire_record *record, const int *fds,
                              size_t num_fds) {
  /* Each value has at least a tag: a count beyond the bytes is a lie. */
  if (record->num_args > record->args_size) return NULL;
  static brood_args none; /* not touching the heap makes a fork cheaper */
  if (record->num_args == 0) return &none;
  brood_args *args =
      malloc(sizeof *args + record->num_args * sizeof args->values[0]);
  if (args == NULL) return NULL;
  args->count = record->num_args;
  struct wire_reader reader = {.at = record->args, .left = record->args_size};
  for (size_t i = 0; i < args->count; i++) {
    brood_value value = wire_get_value(&reader);
    if (value.type == BROOD_TYPE_DESCRIPTOR) {
      if ((size_t)value.as.descriptor >= num_fds) reader.bad = true;
      if (!reader.bad) value.as.descriptor = fds[value.as.descriptor];
    }
    args->values[i] = value;
  }
  if (!reader.bad && reader.left == 0) return args;
  free(args);
  return NULL;
}

static const char *type_name(enum brood_type type) {
  static const char *const names[] = {"none",         "a bool",   "an int64",
                                      "a double",     "a string", "bytes",
                                      "a descriptor", "a pointer"};
  return names[type];
}

static const brood_value *find(const brood_args *args, size_t index) {
  if (args != NULL && index < args->count) return &args->values[index];
  error_set(BROOD_INDEX_ERROR, "no argument %zu: there are %zu", index,
            brood_args_count(args));
  return NULL;
}

/* Returns the argument if it is of this type, or NULL with the error set. */
static const brood_value *get(const brood_args *args, size_t index,
                              enum brood_type type) {
  const brood_value *value = find(args, index);
  if (value == NULL || value->type == type) return value;
  error_set(BROOD_TYPE_ERROR, "argument %zu is %s, not %s", index,
            type_name(value->type), type_name(type));
  return NULL;
}

size_t brood_args_count(const brood_args *args) {
  return args == NULL ? 0 : args->count;
}

int brood_args_type(const brood_args *args, size_t index) {
  const brood_value *value = find(args, index);
  return value == NULL ? BROOD_INDEX_ERROR : (int)value->type;
}

int brood_args_bool(const brood_args *args, size_t index, bool *out_value) {
  const brood_value *value = get(args, index, BROOD_TYPE_BOOL);
  if (value == NULL) return brood_error();
  *out_value = value->as.boolean;
  return 0;
}

int brood_args_int64(const brood_args *args, size_t index, int64_t *out_value) {
  const brood_value *value = get(args, index, BROOD_TYPE_INT64);
  if (value == NULL) return brood_error();
  *out_value = value->as.int64;
  return 0;
}

int brood_args_double(const brood_args *args, size_t index, double *out_value) {
  const brood_value *value = get(args, index, BROOD_TYPE_DOUBLE);
  if (value == NULL) return brood_error();
  *out_value = value->as.real;
  return 0;
}

int brood_args_string(const brood_args *args, size_t index,
                      const char **out_text) {
  const brood_value *value = get(args, index, BROOD_TYPE_STRING);
  if (value == NULL) return brood_error();
  *out_text = value->as.data;
  return 0;
}

int brood_args_bytes(const brood_args *args, size_t index,
                     const void **out_data, size_t *out_size_bytes) {
  const brood_value *value = get(args, index, BROOD_TYPE_BYTES);
  if (value == NULL) return brood_error();
  *out_data = value->as.data;
  *out_size_bytes = value->size_bytes;
  return 0;
}

int brood_args_descriptor(const brood_args *args, size_t index,
                          int *out_descriptor) {
  const brood_value *value = get(args, index, BROOD_TYPE_DESCRIPTOR);
  if (value == NULL) return brood_error();
  *out_descriptor = value->as.descriptor;
  return 0;
}

int brood_args_pointer(const brood_args *args, size_t index,
                       const void **out_pointer) {
  const brood_value *value = get(args, index, BROOD_TYPE_POINTER);
  if (value == NULL) return brood_error();
  *out_pointer = value->as.data;
  return 0;
}
