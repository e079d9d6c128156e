/* SPDX-License-Identifier: MIT
 *
 * See pack.h: bytes and descriptors become a value.
 */
#include <errno.h>
#include <string.h>

#include "lib/share/end.h"
#include "lib/share/pack.h"
#include "lib/sys/fd.h"
#include "lib/sys/sock.h"

/* ------------------------------------------------------------- Objects -- */

/* Makes a connection or proxy of an end. */
static int unpack_handle(void **out_handle, int *fd,
                         const struct pack_entry *entry) {
  bool is_end = entry->kind == SHARE_CONNECTION;
  struct brood_connection *end = is_end ? end_of(*fd) : NULL;
  *out_handle = end;
  if (end != NULL) return 0;
  uint32_t kind = entry->kind - SHARE_PROXY + SHARE_NO_KIND;
  bool is_sound =
      is_end ? (entry->id & ~(uint64_t)END_BOTH) == 0 : kind < SHARE_PROXY;
  int r = is_sound ? sys_sock_check(*fd) : -EBADMSG;
  if (r < 0) return r == -ENOTSOCK || r == -EPROTOTYPE ? -EBADMSG : r;
  if (is_end) {
    end_make(*fd, (unsigned)entry->id, &end);
    *out_handle = end;
  } else {
    *out_handle = proxy_make(entry->id, entry->offset, kind, *fd);
  }
  if (*out_handle == NULL) return -ENOMEM;
  *fd = -1;
  return 0;
}

/* Only what is alone may be an end: nobody would free another. */
static int unpack_entry(void **out_object, const struct pack_entry *entry,
                        bool alone, int *fds, size_t num_fds) {
  struct arena_name name = {.kind = entry->kind,
                            .id = entry->id,
                            .offset = entry->offset,
                            .num_fds = arena_num_fds(entry->kind)};
  size_t index = entry->first_fd;
  if (index + name.num_fds > num_fds) return -EBADMSG;
  if (name.kind == SHARE_CONNECTION || name.kind > SHARE_PROXY) {
    return alone ? unpack_handle(out_object, &fds[index], entry) : -EBADMSG;
  }
  memcpy(name.fds, fds + index, name.num_fds * sizeof *fds);
  bool taken = false;
  struct share_block *block = NULL;
  int r = arena_attach(&block, &name, &taken);
  for (size_t i = 0; taken && i < name.num_fds; i++) fds[index + i] = -1;
  if (r == 0) *out_object = share_object_of(block);
  return r;
}

static int unpack_object(brood_value *value, int *fds, size_t num_fds) {
  struct pack_entry entries[SHARE_MAX_BLOCKS];
  const void *bytes = value->as.data;
  size_t size = value->size_bytes;
  bool alone = size == sizeof *entries;
  void *object, *lock; /* whose arena is all that matters */
  *value = brood_none();
  if (!alone && size != sizeof entries) return -EBADMSG;
  memcpy(entries, bytes, size);
  int r = unpack_entry(&object, entries, alone, fds, num_fds);
  if (r < 0) return r;
  *value = (brood_value){.type = BROOD_TYPE_OBJECT, .as.object = object};
  return alone ? 0 : unpack_entry(&lock, &entries[1], false, fds, num_fds);
}

static void forget_object(const void *object) {
  struct share_block *blocks[SHARE_MAX_BLOCKS];
  size_t count = share_blocks(object, blocks);
  for (size_t i = 0; i < count; i++) {
    void *handle = share_object_of(blocks[i]);
    if (proxy_is_block(blocks[i])) {
      proxy_free(handle);
    } else if (end_is_block(blocks[i])) {
      end_free(handle);
    } else {
      arena_detach(blocks[i]);
    }
  }
}

void unpack_keep(const void *object) {
  struct brood_connection *end = end_find(object);
  struct proxy *proxy = proxy_find(object);
  if (end != NULL) end->is_argument = true;
  if (proxy != NULL) proxy->is_argument = true;
}

/* -------------------------------------------------------------- Values -- */

void unpack_forget(const brood_value *value) {
  switch (value->type) {
    case BROOD_TYPE_DESCRIPTOR: sys_close(value->as.descriptor); break;
    case BROOD_TYPE_OBJECT: forget_object(value->as.data); break;
    case BROOD_TYPE_TUPLE:
      for (size_t i = 0; i < value->num_items; i++) {
        unpack_forget(&value->as.items[i]);
      }
      break;
    default: break;
  }
}

static int unpack_one(brood_value *value, int *fds, size_t num_fds) {
  if (value->type == BROOD_TYPE_DESCRIPTOR) {
    int *fd = &fds[value->as.descriptor];
    if (*fd < 0) return -EBADMSG; /* closed by the program */
    value->as.descriptor = *fd;
    *fd = -1;
  } else if (value->type == BROOD_TYPE_OBJECT) {
    return unpack_object(value, fds, num_fds);
  }
  return 0;
}

/* Undoes the first ones, which close what they have taken of the table: it gets
 * copies. Of the one behind there may be an object, without its lock. */
static void put_back(const brood_value *values, size_t num_values,
                     const int *before, int *fds, size_t num_fds) {
  for (size_t i = 0; i < num_fds; i++) {
    if (fds[i] < 0 && before[i] >= 0) fds[i] = sys_fd_copy(before[i]);
  }
  for (size_t i = 0; i < num_values; i++) {
    if (values[i].type != BROOD_TYPE_TUPLE) unpack_forget(&values[i]);
  }
  if (values[num_values].type == BROOD_TYPE_OBJECT) {
    arena_detach(share_block_of(values[num_values].as.object));
  }
}

int unpack_values(brood_value *values, size_t num_values, int *fds,
                  size_t num_fds) {
  int before[SYS_SOCK_MAX_FDS]; /* arguments may have more: none come twice */
  size_t num_before = num_fds <= SYS_SOCK_MAX_FDS ? num_fds : 0;
  if (num_before > 0) memcpy(before, fds, num_before * sizeof *fds);
  for (size_t i = 0; i < num_values; i++) {
    int r = unpack_one(&values[i], fds, num_fds);
    if (r == 0) continue;
    put_back(values, i, before, fds, num_before);
    return r;
  }
  return 0;
}

int unpack_tuple(brood_value *tuple, uint32_t num_values, size_t body_size,
                 int *fds, size_t num_fds, bool has_pointers) {
  brood_value *memory = tuple->as.object;
  struct wire_values values = {.values = memory,
                               .num_values = num_values,
                               .num_fds = (uint32_t)num_fds,
                               .has_pointers = has_pointers};
  const uint8_t *body = (const uint8_t *)(memory + num_values);
  if (!wire_get_tuple(&values, body, body_size, tuple)) return -EBADMSG;
  return unpack_values(memory, num_values, fds, num_fds);
}
