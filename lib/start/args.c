/* SPDX-License-Identifier: MIT
 *
 * See args.h. In the packed bytes a descriptor is the index of its number in
 * fds; the table of the launch record has the record's own ones in front. An
 * arena is in fds once, however many objects lie in it.
 */
#include "lib/start/args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/share/end.h"
#include "lib/share/handle.h"
#include "lib/share/object.h"
#include "lib/state/error.h"
#include "lib/sync/self.h"
#include "lib/wire/value.h"

/* Objects of one process lie in few arenas. */
enum { FEW_ARENAS = 8 };

static int check_argument(const brood_value *value, size_t index) {
  unsigned type = (unsigned)value->type;
  if (type > BROOD_TYPE_OBJECT) {
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
  struct share_handle handles[SHARE_MAX_HANDLES];
  if (type == BROOD_TYPE_OBJECT &&
      share_handles(value->as.data, handles) == 0) {
    return error_set(
        BROOD_TYPE_ERROR,
        "argument %zu at %p is no shared object, or has been freed", index,
        value->as.data);
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
    int r = check_argument(&values[i], i);
    if (r < 0) return r;
  }
  return 0;
}

/* Packing in the making: fds and held have room for all. */
struct packing {
  struct packed_args *packed;
  struct wire_writer writer;
  struct {
    uint64_t id;
    uint32_t fd_index;
  } arenas[FEW_ARENAS]; /* seen so far */
  size_t num_arenas;
};

static uint32_t put_fd(struct packing *packing, int fd) {
  packing->packed->fds[packing->packed->num_fds] = fd;
  return packing->packed->num_fds++;
}

/* The index of a handle's first descriptor. Arenas beyond the first few are not
 * remembered, and then go twice; connections have no arena. */
static uint32_t put_handle(struct packing *packing,
                           const struct share_handle *handle) {
  bool has_arena = handle->kind != SHARE_CONNECTION;
  for (size_t i = 0; has_arena && i < packing->num_arenas; i++) {
    if (packing->arenas[i].id == handle->arena) {
      return packing->arenas[i].fd_index;
    }
  }
  uint32_t index = packing->packed->num_fds;
  for (uint32_t i = 0; i < handle->num_fds; i++)
    put_fd(packing, handle->fds[i]);
  if (has_arena && packing->num_arenas < FEW_ARENAS) {
    packing->arenas[packing->num_arenas].id = handle->arena;
    packing->arenas[packing->num_arenas++].fd_index = index;
  }
  return index;
}

static void put_object(struct packing *packing, const void *object) {
  struct share_handle handles[SHARE_MAX_HANDLES];
  uint8_t bytes[sizeof handles];
  size_t count = share_handles(object, handles);
  for (size_t i = 0; i < count; i++) {
    struct packed_args *packed = packing->packed;
    share_encode(bytes + i * SHARE_HANDLE_SIZE, &handles[i],
                 put_handle(packing, &handles[i]));
    share_hold(handles[i].block);
    packed->held[packed->num_held++] = handles[i].block;
  }
  brood_value value = {.type = BROOD_TYPE_OBJECT,
                       .as.data = bytes,
                       .size_bytes = count * SHARE_HANDLE_SIZE};
  wire_put_value(&packing->writer, &value, 0);
}

static void put_value(struct packing *packing, const brood_value *value) {
  uint32_t index = 0;
  if (value->type == BROOD_TYPE_POINTER) packing->packed->has_pointer = true;
  if (value->type == BROOD_TYPE_DESCRIPTOR) {
    index = put_fd(packing, value->as.descriptor);
  }
  if (value->type == BROOD_TYPE_OBJECT) {
    put_object(packing, value->as.data);
  } else {
    wire_put_value(&packing->writer, value, index);
  }
}

/* The bytes that values take, and how many descriptors and objects there are at
 * most. */
static size_t measure(const brood_value *values, size_t num_values,
                      size_t *out_most) {
  static const uint8_t bytes[SHARE_MAX_HANDLES * SHARE_HANDLE_SIZE];
  struct wire_writer writer = {0};
  *out_most = 0;
  for (size_t i = 0; i < num_values; i++) {
    brood_value value = values[i];
    if (value.type == BROOD_TYPE_DESCRIPTOR) *out_most += 1;
    if (value.type == BROOD_TYPE_OBJECT) {
      *out_most += SHARE_MAX_HANDLES * SHARE_MAX_FDS;
      value.as.data = bytes;
      value.size_bytes = sizeof bytes;
    }
    wire_put_value(&writer, &value, 0);
  }
  return writer.used;
}

static int allocate(struct packed_args *packed, size_t size, size_t most) {
  packed->data = malloc(size);
  packed->fds = malloc((most + 1) * sizeof *packed->fds);
  packed->held = malloc((most + 1) * sizeof(struct share_block *));
  if (packed->data != NULL && packed->fds != NULL && packed->held != NULL) {
    return 0;
  }
  args_discard(packed);
  return error_set_os(-ENOMEM, "cannot copy arguments of %zu bytes", size);
}

int args_pack(struct packed_args *out, const brood_value *values,
              size_t num_values) {
  struct packed_args packed = {.count = (uint32_t)num_values};
  int r = check_values(values, num_values);
  if (r < 0) return r;
  size_t most;
  size_t size = measure(values, num_values, &most);
  if (size > BROOD_MAX_RECORD) {
    return error_set(BROOD_VALUE_ERROR,
                     "arguments of %zu bytes are over the maximum of %d", size,
                     BROOD_MAX_RECORD);
  }
  if (num_values > 0) {
    r = allocate(&packed, size, most);
    if (r < 0) return r;
    struct packing packing = {
        .packed = &packed, .writer = {.data = packed.data, .capacity = size}};
    for (size_t i = 0; i < num_values; i++) put_value(&packing, &values[i]);
    packed.size = packing.writer.used;
    packed.holder = packed.num_held > 0 ? sync_self_process() : 0;
  }
  *out = packed;
  return 0;
}

void args_discard(struct packed_args *packed) {
  bool held = packed->num_held > 0 && packed->holder == sync_self_process();
  for (uint32_t i = 0; held && i < packed->num_held; i++) {
    share_release(packed->held[i]);
  }
  free(packed->data);
  free(packed->fds);
  free(packed->held);
  *packed = (struct packed_args){0};
}

/* Turns what stands for a descriptor or an object into what it is here. */
static void resolve(brood_value *value, struct wire_reader *reader, int *fds,
                    size_t num_fds) {
  if (value->type == BROOD_TYPE_DESCRIPTOR) {
    if ((size_t)value->as.descriptor >= num_fds) reader->bad = true;
    if (!reader->bad) value->as.descriptor = fds[value->as.descriptor];
  }
  if (value->type == BROOD_TYPE_OBJECT) {
    void *object = NULL;
    int r =
        share_decode(&object, value->as.data, value->size_bytes, fds, num_fds);
    if (r == 0) share_keep(object);
    if (r < 0) reader->bad = true;
    value->as.data = r == 0 ? object : NULL;
  }
}

const brood_args *args_unpack(const struct wire_record *record, int *fds,
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
    resolve(&value, &reader, fds, num_fds);
    args->values[i] = value;
  }
  if (!reader.bad && reader.left == 0) return args;
  free(args);
  return NULL;
}

size_t brood_args_count(const brood_args *args) {
  return args == NULL ? 0 : args->count;
}

const brood_value *brood_args_get(const brood_args *args, size_t index) {
  if (args != NULL && index < args->count) return &args->values[index];
  error_set(BROOD_INDEX_ERROR, "no argument %zu: there are %zu", index,
            brood_args_count(args));
  return NULL;
}
