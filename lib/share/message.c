/* SPDX-License-Identifier: MIT
 *
 * See message.h. What arrives may be anybody's bytes: a descriptor of a pipe
 * can be written to by whoever has it.
 */
#include "lib/share/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/share/loan.h"
#include "lib/state/error.h"
#include "lib/sys/fd.h"

/* ------------------------------------------------------------- Sending -- */

/* A memfd of the body, or -errno. */
static int write_outside(const struct pack *pack) {
  int r = sys_mem_room(pack->size);
  int memory = r < 0 ? r : sys_memfd_new("brood-message", pack->size);
  if (memory < 0) return memory;
  r = sys_write_full(memory, pack->body, pack->size);
  if (r == 0) return memory;
  sys_close(memory);
  return r;
}

int message_move_outside(struct message *message, enum brood_type type,
                         const brood_connection *lender) {
  struct pack *pack = &message->pack;
  int fd = -EAGAIN;
  if (pack->num_fds == MESSAGE_MAX_FDS) return -E2BIG;
  if (lender != NULL && pack->size <= LOAN_MAX) {
    fd = loan_make(lender, pack->body, pack->size, &message->loan);
  }
  if (fd == -EAGAIN || fd == -EFBIG) {
    fd = write_outside(pack);
    message->memory = fd;
  }
  if (fd < 0) return fd;
  pack->fds[pack->num_fds++] = fd;
  struct wire_head head = {.size = 8,
                           .type = (uint8_t)type,
                           .flags = WIRE_OUTSIDE,
                           .num_fds = (uint16_t)pack->num_fds};
  if (message->loan >= 0) head.flags |= WIRE_LENT;
  wire_put_eight(pack->small, wire_head_bits(head));
  wire_put_eight(pack->small + WIRE_HEAD, pack->size);
  pack->head = pack->small;
  pack->body = pack->small + WIRE_HEAD;
  pack->size = head.size;
  return 0;
}

static int refuse_outside(const struct pack *pack, int r) {
  if (r != -E2BIG) return error_set_os(r, "cannot send %zu bytes", pack->size);
  return error_set(BROOD_VALUE_ERROR,
                   "cannot send more than %d descriptors and %zu bytes",
                   MESSAGE_MAX_FDS - 1, pack->size);
}

int message_pack(struct message *out, const brood_value *value,
                 size_t max_inside, const brood_connection *lender) {
  out->memory = -1;
  out->loan = -1;
  int r = pack_value(&out->pack, value, PACK_TO_SEND);
  bool may_be_large = value->type == BROOD_TYPE_STRING ||
                      value->type == BROOD_TYPE_BYTES ||
                      value->type == BROOD_TYPE_TUPLE;
  if (r == 0 && may_be_large && out->pack.size > max_inside) {
    r = message_move_outside(out, value->type, lender);
    if (r < 0) r = refuse_outside(&out->pack, r);
    if (r < 0) message_discard(out, false);
  }
  return r;
}

void message_discard(struct message *message, bool was_sent) {
  if (message->loan >= 0) loan_settle(message->loan, was_sent);
  sys_close(message->memory);
  pack_discard(&message->pack, was_sent);
}

/* ----------------------------------------------------------- Receiving -- */

int message_open(struct received *out, const uint8_t head[WIRE_HEAD],
                 const uint8_t *body, size_t body_size, int *fds,
                 size_t num_fds) {
  if (!wire_get_head(&out->head, head)) return -EBADMSG;
  if (body_size < out->head.size) return -ENODATA;
  if (body_size > out->head.size || num_fds != out->head.num_fds) {
    return -EBADMSG;
  }
  out->body = body;
  out->fds = fds;
  out->memory = NULL;
  return wire_get_value(&out->head, body, &out->view) ? 0 : -EBADMSG;
}

static bool is_outside(const struct received *received) {
  return (received->head.flags & WIRE_OUTSIDE) != 0;
}

static bool is_lent(const struct received *received) {
  return (received->head.flags & WIRE_LENT) != 0;
}

/* Of a tuple it may be too late for an error after it has been got: what is in
 * it may not be to be had. */
static bool is_read_later(const struct received *received) {
  return is_outside(received) && received->head.num_fds == 1;
}

/* The memfd of a body that is outside; and where it begins there. */
static int body_fd(const struct received *received) {
  return received->fds[received->head.num_fds - 1];
}

static size_t body_offset(const struct received *received) {
  return is_lent(received) ? LOAN_BODY : 0;
}

/* Is the memfd as large as it is said to be? Nobody waits for one that is not:
 * whoever sends it has written all of it before. */
static int check_outside(const struct received *received) {
  if (!is_outside(received)) return 0;
  int64_t size = sys_file_size(body_fd(received));
  if (size == -EINVAL) return -EBADMSG;
  if (size < 0) return (int)size;
  size_t end = body_offset(received) + received->view.size_bytes;
  return (uint64_t)size < end ? -ENODATA : 0;
}

/* Reads the first bytes of the body. */
static int read_body(const struct received *received, void *out_data,
                     size_t size) {
  if (is_outside(received)) {
    return sys_read_at(body_fd(received), out_data, size,
                       body_offset(received));
  }
  if (size > 0) memcpy(out_data, received->body, size);
  return 0;
}

void message_finish(struct received *received) {
  if (is_lent(received)) loan_return(body_fd(received));
  message_close(received);
}

/* A descriptor that came along but cannot be read, or only names a file, is no
 * part of a message of ours. It is not this connection that is closed. */
static int judge(int r) {
  return r == -EBADF ? -EBADMSG : r;
}

int message_copy(const struct received *received, void *out_data) {
  int r = check_outside(received);
  if (r == 0) r = read_body(received, out_data, received->view.size_bytes);
  if (r == 0 && is_lent(received)) loan_return(body_fd(received));
  return judge(r);
}

/* Room for the body, and for so many bytes besides; 0 or -errno. */
static int allocate_body(const struct received *received, size_t more,
                         void **out) {
  size_t size = received->view.size_bytes + more;
  int r = is_outside(received) ? sys_mem_room(size) : 0;
  if (r < 0) return r;
  *out = malloc(size);
  return *out == NULL ? -ENOMEM : 0;
}

static int unpack_text(struct received *received, brood_value *out) {
  size_t size = received->view.size_bytes;
  void *data = NULL;
  if (!is_outside(received) && received->memory != NULL) {
    data = realloc(*received->memory, size + 1); /* smaller: may be as it was */
    if (data == NULL) data = *received->memory;
    *received->memory = NULL;
  } else {
    int r = check_outside(received);
    if (r == 0) r = allocate_body(received, 1, &data);
    if (r < 0) return r;
    if (!is_outside(received)) read_body(received, data, size);
  }
  ((char *)data)[size] = '\0';
  *out = (brood_value){
      .type = received->view.type, .as.data = data, .size_bytes = size};
  return 0;
}

/* Reads the body behind the array, whose size the value has until then. */
static int read_tuple(struct received *received, brood_value *tuple) {
  brood_value *values = tuple->as.object;
  uint32_t num_values = (uint32_t)tuple->num_items;
  size_t size = received->view.size_bytes;
  int r = read_body(received, values + num_values, size);
  if (r < 0) return r;
  size_t num_inner_fds = received->head.num_fds - (size_t)is_outside(received);
  return unpack_tuple(tuple, num_values, size, received->fds, num_inner_fds,
                      false);
}

static int unpack_whole_tuple(struct received *received, brood_value *out) {
  uint8_t counts[WIRE_COUNTS];
  size_t size = received->view.size_bytes;
  uint32_t num_values;
  void *memory;
  int r = size < WIRE_COUNTS ? -EBADMSG : check_outside(received);
  if (r == 0) r = read_body(received, counts, sizeof counts);
  if (r < 0) return r;
  if (!wire_get_counts(counts, size, &num_values)) return -EBADMSG;
  r = allocate_body(received, num_values * sizeof *out, &memory);
  if (r < 0) return r;
  *out = (brood_value){
      .type = BROOD_TYPE_TUPLE, .as.object = memory, .num_items = num_values};
  if (is_read_later(received)) return 0;
  r = read_tuple(received, out);
  if (r < 0) free(memory);
  return r;
}

int message_unpack_head(struct received *received, brood_value *out) {
  int r = 0;
  switch (received->view.type) {
    case BROOD_TYPE_STRING:
    case BROOD_TYPE_BYTES: r = unpack_text(received, out); break;
    case BROOD_TYPE_TUPLE: r = unpack_whole_tuple(received, out); break;
    default: {
      brood_value value = received->view;
      r = unpack_values(&value, 1, received->fds, received->head.num_fds);
      if (r == 0) *out = value;
    }
  }
  if (r == 0 && !is_read_later(received)) message_finish(received);
  return judge(r);
}

int message_unpack_body(struct received *received, brood_value *value) {
  if (!is_read_later(received)) return 0;
  void *memory = value->as.object;
  int r = value->type == BROOD_TYPE_TUPLE
              ? read_tuple(received, value)
              : read_body(received, memory, value->size_bytes);
  if (r == 0) {
    message_finish(received);
  } else {
    free(memory);
  }
  return judge(r);
}

int message_unpack(struct received *received, brood_value *out) {
  brood_value value;
  int r = message_unpack_head(received, &value);
  if (r == 0) r = message_unpack_body(received, &value);
  if (r == 0) *out = value;
  return r;
}

void message_close(struct received *received) {
  for (uint32_t i = 0; i < received->head.num_fds; i++) {
    received->fds[i] = sys_close(received->fds[i]);
  }
}
