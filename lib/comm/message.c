/* SPDX-License-Identifier: MIT
 *
 * See message.h: the sending half.
 */
#include "lib/comm/message.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/share/arena.h"
#include "lib/share/end.h"
#include "lib/share/loan.h"
#include "lib/share/object.h"
#include "lib/state/error.h"
#include "lib/sys/fd.h"
#include "lib/wire/value.h"

static int check_text(const brood_value *value) {
  bool string = value->type == BROOD_TYPE_STRING;
  if (value->as.data == NULL && (string || value->size_bytes > 0)) {
    return error_set(BROOD_TYPE_ERROR, "cannot send %s of %zu bytes at NULL",
                     wire_type_name(value->type), value->size_bytes);
  }
  if (value->size_bytes > BROOD_MAX_MESSAGE) {
    return error_set(BROOD_VALUE_ERROR,
                     "cannot send %zu bytes: the maximum is %" PRId64,
                     value->size_bytes, BROOD_MAX_MESSAGE);
  }
  if (string && memchr(value->as.data, 0, value->size_bytes) != NULL) {
    return error_set(BROOD_VALUE_ERROR,
                     "cannot send a string of %zu bytes with a NUL inside",
                     value->size_bytes);
  }
  return 0;
}

/* A memfd of the body, or -errno. */
static int write_outside(const brood_value *value) {
  int r = sys_mem_room(value->size_bytes);
  int memory = r < 0 ? r : sys_memfd_new("brood-message", value->size_bytes);
  if (memory < 0) return memory;
  r = sys_write_full(memory, value->as.data, value->size_bytes);
  if (r == 0) return memory;
  sys_close(memory);
  return r;
}

static int pack_outside(struct message *out, const brood_value *value,
                        const brood_connection *lender) {
  size_t size = value->size_bytes;
  int fd = -EAGAIN;
  if (lender != NULL && size <= LOAN_MAX) {
    fd = loan_make(lender, value->as.data, size, &out->loan);
  }
  if (fd == -EAGAIN || fd == -EFBIG) {
    fd = write_outside(value);
    out->memory = fd;
  }
  if (fd < 0) return error_set_os(fd, "cannot send %zu bytes", size);
  out->fds[0] = fd;
  wire_item_put_outside(&out->item, value->type, size,
                        out->loan >= 0 ? WIRE_ITEM_LENT : 0);
  return 0;
}

static int pack_text(struct message *out, const brood_value *value,
                     size_t max_inside, const brood_connection *lender) {
  int r = check_text(value);
  if (r < 0) return r;
  if (value->size_bytes > max_inside) return pack_outside(out, value, lender);
  static const char nothing[1];
  brood_value inside = *value;
  if (inside.as.data == NULL) inside.as.data = nothing;
  wire_item_put(&out->item, &inside, 0);
  return 0;
}

static int pack_descriptor(struct message *out, const brood_value *value) {
  int r = sys_fd_valid(value->as.descriptor);
  if (r < 0) {
    return error_set_os(r, "cannot send descriptor %d", value->as.descriptor);
  }
  out->fds[0] = value->as.descriptor;
  wire_item_put(&out->item, value, 1);
  return 0;
}

/* What must not happen to an object while it is sent, and after. */
static int hold_object(struct message *out, struct share_handle *handle) {
  for (uint32_t i = 0; i < handle->num_fds; i++) {
    if (handle->kind == SHARE_CONNECTION || handle->fds[i] >= 0) continue;
    return error_set_os(-EBADF,
                        "cannot send %s: the program has closed its "
                        "descriptors",
                        share_kind_name(handle->kind));
  }
  if (handle->kind != SHARE_CONNECTION) {
    arena_send(handle->block);
    return 0;
  }
  struct brood_connection *end = share_object_of(handle->block);
  if (!end_enter(end)) {
    return error_set_os(-EBADF, "cannot send a connection: handle is closed");
  }
  out->end = end;
  handle->fds[0] = atomic_load(&end->fd); /* open for sure */
  return 0;
}

static int pack_object(struct message *out, const brood_value *value) {
  struct share_handle handles[SHARE_MAX_HANDLES];
  size_t count = share_handles(value->as.data, handles);
  if (count == 0) {
    return error_set(BROOD_TYPE_ERROR,
                     "cannot send the object at %p: it is no shared object, or "
                     "has been freed",
                     value->as.data);
  }
  uint32_t num_fds = 0;
  for (size_t i = 0; i < count; i++) {
    int r = hold_object(out, &handles[i]);
    if (r < 0) return r;
    share_encode(out->entries + i * SHARE_HANDLE_SIZE, &handles[i], num_fds);
    for (uint32_t j = 0; j < handles[i].num_fds; j++) {
      out->fds[num_fds++] = handles[i].fds[j];
    }
  }
  brood_value entries = {.type = BROOD_TYPE_OBJECT,
                         .as.data = out->entries,
                         .size_bytes = count * SHARE_HANDLE_SIZE};
  wire_item_put(&out->item, &entries, num_fds);
  return 0;
}

static int pack(struct message *out, const brood_value *value,
                size_t max_inside, const brood_connection *lender) {
  out->memory = -1;
  out->loan = -1;
  out->was_sent = false;
  out->end = NULL;
  switch (value->type) {
    case BROOD_TYPE_STRING:
    case BROOD_TYPE_BYTES: return pack_text(out, value, max_inside, lender);
    case BROOD_TYPE_DESCRIPTOR: return pack_descriptor(out, value);
    case BROOD_TYPE_OBJECT: return pack_object(out, value);
    case BROOD_TYPE_POINTER:
      return error_set(BROOD_TYPE_ERROR,
                       "cannot send the pointer %p: it means nothing in "
                       "another process",
                       value->as.data);
    default: break;
  }
  if (wire_item_put(&out->item, value, 0)) return 0;
  return error_set(BROOD_TYPE_ERROR, "cannot send a value of unknown type %u",
                   (unsigned)value->type);
}

int message_pack(struct message *out, const brood_value *value,
                 size_t max_inside) {
  return pack(out, value, max_inside, NULL);
}

int message_pack_lending(struct message *out, const brood_value *value,
                         size_t max_inside, const brood_connection *lender) {
  return pack(out, value, max_inside, lender);
}

void message_discard(struct message *message) {
  if (message->loan >= 0) loan_settle(message->loan, message->was_sent);
  sys_close(message->memory);
  if (message->end != NULL) end_leave(message->end);
}
