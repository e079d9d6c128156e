/* SPDX-License-Identifier: MIT
 *
 * See handle.h.
 */
#include "lib/share/handle.h"

#include <errno.h>
#include <string.h>

#include "lib/share/arena.h"
#include "lib/share/end.h"
#include "lib/sys/sock.h"
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

static struct share_handle handle_of_end(struct brood_connection *end) {
  return (struct share_handle){.block = share_block_of(end),
                               .kind = SHARE_CONNECTION,
                               .arena = atomic_load(&end->flags),
                               .fds = {atomic_load(&end->fd)},
                               .num_fds = 1};
}

size_t share_handles(const void *object,
                     struct share_handle out[SHARE_MAX_HANDLES]) {
  struct share_block *block = arena_find(object);
  struct brood_connection *end = block == NULL ? end_find(object) : NULL;
  if (end != NULL) out[0] = handle_of_end(end);
  if (block == NULL) return end != NULL;
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

static int decode_end(void **out_object, int *fd, uint64_t flags) {
  struct brood_connection *end = end_of(*fd);
  if (end == NULL) {
    int r = sys_sock_check(*fd);
    if (r == 0) r = (flags & ~(uint64_t)END_BOTH) == 0 ? 0 : -EBADMSG;
    if (r == 0) r = end_make(*fd, (unsigned)flags, &end);
    if (r < 0) return r == -ENOTSOCK || r == -EPROTOTYPE ? -EBADMSG : r;
    *fd = -1;
  }
  *out_object = end;
  return 0;
}

/* Only what is alone may be an end: nobody would free another. */
static int decode_one(void **out_object, struct wire_reader *reader, bool alone,
                      int *fds, size_t num_fds) {
  size_t index = wire_get_u32(reader);
  uint32_t kind = wire_get_u32(reader);
  struct arena_name arena = {.id = wire_get_u64(reader),
                             .num_fds = num_fds_of(kind)};
  uint64_t offset = wire_get_u64(reader);
  if (reader->bad || index + arena.num_fds > num_fds) return -EBADMSG;
  if (kind == SHARE_CONNECTION) {
    if (!alone) return -EBADMSG;
    return decode_end(out_object, &fds[index], arena.id);
  }
  memcpy(arena.fds, fds + index, arena.num_fds * sizeof *fds);
  bool taken = false;
  struct share_block *block = NULL;
  int r = arena_attach(&block, &arena, offset, (enum share_kind)kind, &taken);
  for (size_t i = 0; taken && i < arena.num_fds; i++) fds[index + i] = -1;
  if (r == 0) *out_object = share_object_of(block);
  return r;
}

int share_decode(void **out_object, const uint8_t *data, size_t size, int *fds,
                 size_t num_fds) {
  struct wire_reader reader = {.at = data, .left = size};
  bool alone = size == SHARE_HANDLE_SIZE;
  void *object, *lock; /* whose arena is all that matters */
  int r = decode_one(&object, &reader, alone, fds, num_fds);
  while (r == 0 && reader.left > 0) {
    r = decode_one(&lock, &reader, false, fds, num_fds);
  }
  if (r == 0) *out_object = object;
  return r;
}

void share_forget(const void *object) {
  struct share_handle handles[SHARE_MAX_HANDLES];
  size_t count = share_handles(object, handles);
  for (size_t i = 0; i < count; i++) {
    if (handles[i].kind == SHARE_CONNECTION) {
      end_free(share_object_of(handles[i].block));
    } else {
      arena_detach(handles[i].block);
    }
  }
}

void share_keep(const void *object) {
  struct share_handle handles[SHARE_MAX_HANDLES];
  size_t count = share_handles(object, handles);
  for (size_t i = 0; i < count; i++) {
    if (handles[i].kind == SHARE_CONNECTION) {
      end_make_argument(share_object_of(handles[i].block));
    } else {
      arena_keep(handles[i].block);
    }
  }
}

/* ---------------------------------------------------------------- Holds -- */

void share_hold(struct share_block *block) {
  end_is_block(block) ? end_hold(block) : arena_hold(block);
}

void share_release(struct share_block *block) {
  end_is_block(block) ? end_release(block) : arena_release(block);
}

bool share_is_open(const struct share_block *block) {
  if (!end_is_block(block)) return true;
  return !end_is_closed(share_object_of((struct share_block *)block));
}
