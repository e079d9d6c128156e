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

static int check_end(int fd) {
  int r = sys_sock_check(fd);
  return r == -ENOTSOCK || r == -EPROTOTYPE ? -EBADMSG : r;
}

static int unpack_end(void **out_object, int *fd, uint64_t flags) {
  struct brood_connection *end = end_of(*fd);
  if (end == NULL) {
    int r = (flags & ~(uint64_t)END_BOTH) == 0 ? check_end(*fd) : -EBADMSG;
    if (r == 0) r = end_make(*fd, (unsigned)flags, &end);
    if (r < 0) return r;
    *fd = -1;
  }
  *out_object = end;
  return 0;
}

static int unpack_proxy(void **out_object, int *fd,
                        const struct arena_name *name) {
  uint32_t kind = name->kind - SHARE_PROXY + SHARE_NO_KIND;
  int r = kind >= SHARE_PROXY ? -EBADMSG : check_end(*fd);
  if (r < 0) return r;
  *out_object = proxy_make(name->id, name->offset, kind, *fd);
  if (*out_object == NULL) return -ENOMEM;
  *fd = -1;
  return 0;
}

/* Only what is alone may be an end: nobody would free another. */
static int unpack_entry(void **out_object, struct wire_reader *reader,
                        bool alone, int *fds, size_t num_fds) {
  size_t index = wire_get_u32(reader);
  struct arena_name name = {.kind = wire_get_u32(reader)};
  name.id = wire_get_u64(reader);
  name.offset = wire_get_u64(reader);
  name.num_fds = arena_num_fds(name.kind);
  if (reader->bad || index + name.num_fds > num_fds) return -EBADMSG;
  if (name.kind == SHARE_CONNECTION) {
    return alone ? unpack_end(out_object, &fds[index], name.id) : -EBADMSG;
  }
  if (name.kind > SHARE_PROXY) {
    return alone ? unpack_proxy(out_object, &fds[index], &name) : -EBADMSG;
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
  struct wire_reader reader = {.at = value->as.data, .left = value->size_bytes};
  bool alone = reader.left == PACK_ENTRY;
  void *object, *lock; /* whose arena is all that matters */
  int r = unpack_entry(&object, &reader, alone, fds, num_fds);
  *value = r < 0
               ? brood_none()
               : (brood_value){.type = BROOD_TYPE_OBJECT, .as.object = object};
  while (r == 0 && reader.left > 0) {
    r = unpack_entry(&lock, &reader, false, fds, num_fds);
  }
  return r;
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
