/* SPDX-License-Identifier: MIT
 *
 * See handle.h.
 */
#include "lib/share/handle.h"

#include <string.h>

#include "lib/share/arena.h"
#include "lib/wire/bytes.h"

_Static_assert((int)SHARE_MAX_FDS == (int)ARENA_MAX_FDS, "one list");

static struct share_handle handle_of(struct share_block *block) {
  struct arena_name arena = arena_of(block);
  struct share_handle handle = {.block = block,
                                .kind = atomic_load(&block->kind),
                                .arena = arena.id,
                                .num_fds = arena.num_fds};
  memcpy(handle.fds, arena.fds, sizeof handle.fds);
  return handle;
}

/* Queues, and only they, have a socket pair. */
static uint32_t num_fds_of(uint32_t kind) {
  bool queue = kind == SHARE_QUEUE || kind == SHARE_SIMPLE_QUEUE;
  return queue ? SHARE_MAX_FDS : 1;
}

size_t share_handles(const void *object,
                     struct share_handle out[SHARE_MAX_HANDLES]) {
  struct share_block *block = arena_find(object);
  if (block == NULL) return 0;
  struct share_block *lock = arena_lock_of(block);
  out[0] = handle_of(block);
  if (lock == NULL || block->lock_arena == out[0].arena) return 1;
  out[1] = handle_of(lock);
  return 2;
}

void share_encode(uint8_t out[SHARE_HANDLE_SIZE],
                  const struct share_handle *handle, uint32_t fd_index) {
  struct wire_writer writer = {.data = out, .capacity = SHARE_HANDLE_SIZE};
  wire_put_u32(&writer, fd_index);
  wire_put_u32(&writer, handle->kind);
  wire_put_u64(&writer, handle->arena);
  wire_put_u64(&writer, handle->block->offset);
}

static struct share_block *decode_one(struct wire_reader *reader, int *fds,
                                      size_t num_fds) {
  size_t index = wire_get_u32(reader);
  uint32_t kind = wire_get_u32(reader);
  struct arena_name arena = {.id = wire_get_u64(reader),
                             .num_fds = num_fds_of(kind)};
  uint64_t offset = wire_get_u64(reader);
  if (reader->bad || index + arena.num_fds > num_fds) return NULL;
  memcpy(arena.fds, fds + index, arena.num_fds * sizeof *fds);
  bool taken = false;
  struct share_block *block =
      arena_attach(&arena, offset, (enum share_kind)kind, &taken);
  for (size_t i = 0; taken && i < arena.num_fds; i++) fds[index + i] = -1;
  return block;
}

void *share_decode(const uint8_t *data, size_t size, int *fds, size_t num_fds) {
  struct wire_reader reader = {.at = data, .left = size};
  struct share_block *block = decode_one(&reader, fds, num_fds);
  while (block != NULL && reader.left > 0) {
    if (decode_one(&reader, fds, num_fds) == NULL) block = NULL;
  }
  return block == NULL ? NULL : share_object_of(block);
}
