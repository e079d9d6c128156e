/* SPDX-License-Identifier: MIT
 *
 * Values: made, one line each, and checked where they go; read; copied and
 * cleared.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "brood.h"
#include "lib/share/object.h"
#include "lib/share/pack.h"
#include "lib/state/error.h"
#include "lib/sys/fd.h"
#include "lib/wire/value.h"

brood_value brood_none(void) {
  return (brood_value){.type = BROOD_TYPE_NONE};
}

brood_value brood_bool(bool value) {
  return (brood_value){.type = BROOD_TYPE_BOOL, .as.boolean = value};
}

brood_value brood_int64(int64_t value) {
  return (brood_value){.type = BROOD_TYPE_INT64, .as.int64 = value};
}

brood_value brood_double(double value) {
  return (brood_value){.type = BROOD_TYPE_DOUBLE, .as.real = value};
}

brood_value brood_string(const char *text) {
  return (brood_value){.type = BROOD_TYPE_STRING,
                       .as.data = text,
                       .size_bytes = text == NULL ? 0 : strlen(text)};
}

brood_value brood_bytes(const void *data, size_t size_bytes) {
  return (brood_value){
      .type = BROOD_TYPE_BYTES, .as.data = data, .size_bytes = size_bytes};
}

brood_value brood_descriptor(int descriptor) {
  return (brood_value){.type = BROOD_TYPE_DESCRIPTOR,
                       .as.descriptor = descriptor};
}

brood_value brood_pointer(const void *pointer) {
  return (brood_value){.type = BROOD_TYPE_POINTER, .as.data = pointer};
}

brood_value brood_object(const void *object) {
  return (brood_value){.type = BROOD_TYPE_OBJECT, .as.data = object};
}

brood_value brood_tuple(const brood_value *items, size_t num_items) {
  return (brood_value){
      .type = BROOD_TYPE_TUPLE, .as.items = items, .num_items = num_items};
}

/* -------------------------------------------------------------- Reading -- */

/* The value if it is of this type and can be written to an output, or NULL with
 * the error set. */
static const brood_value *value_of_type(const brood_value *value,
                                        enum brood_type type, const void *out) {
  if (error_check_out(out) < 0) return NULL;
  if (value != NULL && value->type == type) return value;
  if (value != NULL) {
    error_set(BROOD_TYPE_ERROR, "the value is %s, not %s",
              wire_type_name(value->type), wire_type_name(type));
  } else if (brood_error() != BROOD_INDEX_ERROR) {
    error_set(BROOD_TYPE_ERROR, "the value is NULL, not %s",
              wire_type_name(type));
  }
  return NULL;
}

#define READ_SCALAR(name, c_type, TYPE, member)                         \
  int brood_value_##name(const brood_value *value, c_type *out_value) { \
    value = value_of_type(value, TYPE, out_value);                      \
    if (value == NULL) return brood_error();                            \
    *out_value = value->as.member;                                      \
    return 0;                                                           \
  }

READ_SCALAR(bool, bool, BROOD_TYPE_BOOL, boolean)
READ_SCALAR(int64, int64_t, BROOD_TYPE_INT64, int64)
READ_SCALAR(double, double, BROOD_TYPE_DOUBLE, real)
READ_SCALAR(string, const char *, BROOD_TYPE_STRING, data)
READ_SCALAR(descriptor, int, BROOD_TYPE_DESCRIPTOR, descriptor)
READ_SCALAR(pointer, const void *, BROOD_TYPE_POINTER, data)

int brood_value_bytes(const brood_value *value, const void **out_data,
                      size_t *out_size_bytes) {
  value = value_of_type(value, BROOD_TYPE_BYTES, out_data);
  if (value == NULL || error_check_out(out_size_bytes) < 0) {
    return brood_error();
  }
  *out_data = value->as.data;
  *out_size_bytes = value->size_bytes;
  return 0;
}

int brood_value_tuple(const brood_value *value, const brood_value **out_items,
                      size_t *out_num_items) {
  value = value_of_type(value, BROOD_TYPE_TUPLE, out_items);
  if (value == NULL || error_check_out(out_num_items) < 0) {
    return brood_error();
  }
  *out_items = value->as.items;
  *out_num_items = value->num_items;
  return 0;
}

void *brood_value_object(const brood_value *value, enum brood_kind kind) {
  value = value_of_type(value, BROOD_TYPE_OBJECT, &kind);
  if (value == NULL) return NULL;
  uint32_t is = share_kind_of(value->as.data);
  uint32_t wanted = SHARE_NO_KIND + (uint32_t)kind;
  if (is == wanted) return value->as.object;
  error_set(BROOD_TYPE_ERROR, "the value is %s, not %s", share_kind_name(is),
            share_kind_name(wanted));
  return NULL;
}

int brood_kind_of(const void *object) {
  struct share_block *blocks[SHARE_MAX_BLOCKS];
  if (share_blocks(object, blocks) > 0) {
    return (int)(atomic_load(&blocks[0]->kind) - SHARE_NO_KIND);
  }
  return share_refuse(object, SHARE_FREE);
}

/* -------------------------------------------------------------- Owning -- */

void brood_value_clear(brood_value *value) {
  if (value == NULL) return;
  unpack_forget(value);
  bool has_memory = value->type == BROOD_TYPE_STRING ||
                    value->type == BROOD_TYPE_BYTES ||
                    value->type == BROOD_TYPE_TUPLE;
  if (has_memory) free((void *)value->as.data);
  *value = (brood_value){.type = BROOD_TYPE_NONE};
}

/* Has the packed value own descriptors; 0 or -errno. */
static int duplicate_fds(struct pack *pack) {
  for (uint32_t i = 0; i < pack->num_fds; i++) {
    int fd = pack->fds[i] < 0 ? -EBADF : sys_fd_copy(pack->fds[i]);
    if (fd < 0) {
      pack->num_fds = i;
      return fd;
    }
    pack->fds[i] = fd;
  }
  return 0;
}

/* Writes memory with the body in it, behind the array for a tuple's values. */
static int copy_body(const struct pack *pack, void **out_memory) {
  size_t array_size = pack->num_values * sizeof(brood_value);
  char *memory = malloc(array_size + pack->size + 1);
  if (memory == NULL) return -ENOMEM;
  memcpy(memory + array_size, pack->body, pack->size);
  memory[array_size + pack->size] = '\0';
  *out_memory = memory;
  return 0;
}

/* The value of a pack whose descriptors are its own. */
static int copy_packed(struct pack *pack, brood_value *copy) {
  void *memory = NULL;
  int r = 0;
  switch (copy->type) {
    case BROOD_TYPE_STRING:
    case BROOD_TYPE_BYTES:
      r = copy_body(pack, &memory);
      copy->as.data = memory;
      return r;
    case BROOD_TYPE_TUPLE:
      r = copy_body(pack, &memory);
      if (r < 0) return r;
      r = unpack_tuple(copy, memory, pack->num_values, pack->size, pack->fds,
                       pack->num_fds, true);
      if (r < 0) free(memory);
      return r;
    case BROOD_TYPE_DESCRIPTOR: copy->as.descriptor = 0; break;
    case BROOD_TYPE_OBJECT:
      copy->as.data = pack->body;
      copy->size_bytes = pack->size;
      break;
    default: break;
  }
  return unpack_values(copy, 1, pack->fds, pack->num_fds);
}

int brood_value_copy(const brood_value *value, brood_value *out_copy) {
  if (error_check_out(out_copy) < 0) return brood_error();
  if (value == NULL) return error_set(BROOD_TYPE_ERROR, "the value is NULL");
  struct pack pack;
  int r = pack_value(&pack, value, PACK_TO_COPY);
  if (r < 0) return r;
  brood_value copy = *value;
  r = duplicate_fds(&pack);
  if (r == 0) r = copy_packed(&pack, &copy);
  for (uint32_t i = 0; i < pack.num_fds; i++) sys_close(pack.fds[i]);
  pack_discard(&pack);
  if (r < 0) return error_set_os(r, "cannot copy the value");
  *out_copy = copy;
  return 0;
}
