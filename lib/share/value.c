/* SPDX-License-Identifier: MIT
 *
 * Values: made, one line each, and checked where they go; read; copied and
 * cleared.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "brood.h"
#include "lib/share/pack.h"
#include "lib/state/error.h"
#include "lib/sys/fd.h"
#include "lib/wire/value.h"

brood_value brood_none(void) {
  return (brood_value){.type = BROOD_TYPE_NONE};
}

#define MAKE_SCALAR(name, c_type, TYPE, member)             \
  brood_value brood_##name(c_type value) {                  \
    return (brood_value){.type = TYPE, .as.member = value}; \
  }

MAKE_SCALAR(bool, bool, BROOD_TYPE_BOOL, boolean)
MAKE_SCALAR(int64, int64_t, BROOD_TYPE_INT64, int64)
MAKE_SCALAR(double, double, BROOD_TYPE_DOUBLE, real)
MAKE_SCALAR(descriptor, int, BROOD_TYPE_DESCRIPTOR, descriptor)
MAKE_SCALAR(pointer, const void *, BROOD_TYPE_POINTER, data)
MAKE_SCALAR(object, const void *, BROOD_TYPE_OBJECT, data)

brood_value brood_string(const char *text) {
  return (brood_value){.type = BROOD_TYPE_STRING,
                       .as.data = text,
                       .size_bytes = text == NULL ? 0 : strlen(text)};
}

brood_value brood_bytes(const void *data, size_t size_bytes) {
  return (brood_value){
      .type = BROOD_TYPE_BYTES, .as.data = data, .size_bytes = size_bytes};
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

#define READ_PAIR(name, c_type, TYPE, member, count)                           \
  int brood_value_##name(const brood_value *value, c_type *out_first,          \
                         size_t *out_count) {                                  \
    value = value_of_type(value, TYPE, out_first);                             \
    if (value == NULL || error_check_out(out_count) < 0) return brood_error(); \
    *out_first = value->as.member;                                             \
    *out_count = value->count;                                                 \
    return 0;                                                                  \
  }

READ_PAIR(bytes, const void *, BROOD_TYPE_BYTES, data, size_bytes)
READ_PAIR(tuple, const brood_value *, BROOD_TYPE_TUPLE, items, num_items)

void *brood_value_object(const brood_value *value, enum brood_kind kind) {
  value = value_of_type(value, BROOD_TYPE_OBJECT, &kind);
  if (value == NULL) return NULL;
  uint32_t is = share_kind_behind(value->as.data);
  uint32_t wanted = SHARE_NO_KIND + (uint32_t)kind;
  if (is == wanted) return value->as.object;
  error_set(BROOD_TYPE_ERROR, "the value is %s, not %s", share_kind_name(is),
            share_kind_name(wanted));
  return NULL;
}

int brood_kind_of(const void *object) {
  struct share_block *blocks[SHARE_MAX_BLOCKS];
  if (share_blocks(object, blocks) > 0) {
    return (int)(share_kind_behind(share_object_of(blocks[0])) - SHARE_NO_KIND);
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

/* The value of a pack whose descriptors are its own. Its memory has the body in
 * it, behind the array for a tuple's values. */
static int copy_packed(struct pack *pack, brood_value *copy) {
  bool tuple = copy->type == BROOD_TYPE_TUPLE;
  if (tuple || copy->type == BROOD_TYPE_STRING ||
      copy->type == BROOD_TYPE_BYTES) {
    size_t array_size = pack->num_values * sizeof *copy;
    char *memory = malloc(array_size + pack->size + 1);
    if (memory == NULL) return -ENOMEM;
    memcpy(memory + array_size, pack->body, pack->size);
    memory[array_size + pack->size] = '\0';
    copy->as.data = memory;
    int r = tuple ? unpack_tuple(copy, pack->num_values, pack->size, pack->fds,
                                 pack->num_fds, true)
                  : 0;
    if (r < 0) free(memory);
    return r;
  }
  if (copy->type == BROOD_TYPE_DESCRIPTOR) copy->as.descriptor = 0;
  if (copy->type == BROOD_TYPE_OBJECT) {
    copy->as.data = pack->body;
    copy->size_bytes = pack->size;
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
  pack_discard(&pack, false);
  if (r < 0) return error_set_os(r, "cannot copy the value");
  *out_copy = copy;
  return 0;
}
