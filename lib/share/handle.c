/* SPDX-License-Identifier: MIT
 *
 * See handle.h.
 */
#include "lib/share/handle.h"

#include "lib/share/arena.h"
#include "lib/wire/bytes.h"

static struct share_handle handle_of(struct share_block *block) {
  struct arena_name arena = arena_of(block);
  return (struct share_handle){
      .block = block, .arena = arena.id, .fd = arena.fd};
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
  wire_put_u32(&writer, atomic_load(&handle->block->kind));
  wire_put_u64(&writer, handle->arena);
  wire_put_u64(&writer, handle->block->offset);
}

static struct share_block *decode_one(struct wire_reader *reader,
                                      const int *fds, size_t num_fds) {
  uint32_t fd_index = wire_get_u32(reader);
  uint32_t kind = wire_get_u32(reader);
  struct arena_name arena = {.id = wire_get_u64(reader)};
  uint64_t offset = wire_get_u64(reader);
  if (reader->bad || fd_index >= num_fds) return NULL;
  arena.fd = fds[fd_index];
  return arena_attach(arena, offset, (enum share_kind)kind);
}

void *share_decode(const uint8_t *data, size_t size, const int *fds,
                   size_t num_fds) {
  struct wire_reader reader = {.at = data, .left = size};
  struct share_block *block = decode_one(&reader, fds, num_fds);
  while (block != NULL && reader.left > 0) {
    if (decode_one(&reader, fds, num_fds) == NULL) block = NULL;
  }
  return block == NULL ? NULL : share_object_of(block);
}
