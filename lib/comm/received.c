/* SPDX-License-Identifier: MIT
 *
 * See message.h: the receiving half. What arrives may be anybody's bytes: a
 * descriptor of a pipe can be written to by whoever has it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/comm/message.h"
#include "lib/share/end.h"
#include "lib/share/loan.h"
#include "lib/state/error.h"
#include "lib/sys/fd.h"

int message_open(struct received *out, const uint8_t head[WIRE_ITEM_HEAD],
                 const uint8_t *body, size_t body_size, int *fds,
                 size_t num_fds) {
  if (!wire_item_get_head(&out->item, head)) return -EBADMSG;
  if (body_size < out->item.size) return -ENODATA;
  if (body_size > out->item.size || num_fds != out->item.num_fds) {
    return -EBADMSG;
  }
  out->item.body = body;
  out->fds = fds;
  return wire_item_get(&out->item, &out->view) ? 0 : -EBADMSG;
}

bool message_is_text(const struct received *received) {
  return received->view.type == BROOD_TYPE_STRING ||
         received->view.type == BROOD_TYPE_BYTES;
}

static bool is_outside(const struct received *received) {
  return (received->item.flags & WIRE_ITEM_OUTSIDE) != 0;
}

static bool is_lent(const struct received *received) {
  return (received->item.flags & WIRE_ITEM_LENT) != 0;
}

/* Where an outside body begins in its memfd. */
static size_t body_offset(const struct received *received) {
  return is_lent(received) ? LOAN_BODY : 0;
}

/* Is the memfd as large as it is said to be? Nobody waits for one that is not:
 * whoever sends it has written all of it before. */
static int check_outside(const struct received *received) {
  int64_t size = sys_file_size(received->fds[0]);
  if (size == -EINVAL) return -EBADMSG;
  if (size < 0) return (int)size;
  size_t end = body_offset(received) + received->view.size_bytes;
  return (uint64_t)size < end ? -ENODATA : 0;
}

static int read_body(const struct received *received, void *out_data) {
  size_t size = received->view.size_bytes;
  if (!is_outside(received)) {
    if (size > 0) memcpy(out_data, received->view.as.data, size);
    return 0;
  }
  int r = sys_read_at(received->fds[0], out_data, size, body_offset(received));
  if (r == 0 && is_lent(received)) loan_return(received->fds[0]);
  return r;
}

/* A descriptor that came along but cannot be read, or only names a file, is no
 * part of a message of ours. It is not this connection that is closed. */
static int judge(int r) {
  return r == -EBADF ? -EBADMSG : r;
}

int message_copy(const struct received *received, void *out_data) {
  int r = is_outside(received) ? check_outside(received) : 0;
  return judge(r < 0 ? r : read_body(received, out_data));
}

/* Room for a string or bytes, and for a byte behind; 0 or -errno. */
static int allocate_body(const struct received *received, char **out_data) {
  size_t size = received->view.size_bytes;
  int r = 0;
  if (is_outside(received)) {
    r = check_outside(received);
    if (r == 0) r = sys_mem_room(size);
  }
  if (r < 0) return r;
  *out_data = malloc(size + 1);
  return *out_data == NULL ? -ENOMEM : 0;
}

/* The memory that the body lies in, no larger than it must be. */
static char *take_memory(const struct received *received, uint8_t **memory) {
  char *data = realloc(*memory, received->item.size + 1);
  if (data == NULL) data = (char *)*memory;
  *memory = NULL;
  return data;
}

static int unpack_text(struct received *received, uint8_t **memory,
                       brood_value *out) {
  char *data;
  if (!is_outside(received) && *memory != NULL) {
    data = take_memory(received, memory);
  } else {
    int r = allocate_body(received, &data);
    if (r < 0) return r;
    if (!is_outside(received)) read_body(received, data);
  }
  data[received->view.size_bytes] = '\0';
  *out = (brood_value){.type = received->view.type,
                       .as.data = data,
                       .size_bytes = received->view.size_bytes};
  return 0;
}

static int unpack_object(struct received *received, brood_value *out) {
  void *object = NULL;
  int r =
      share_decode(&object, received->view.as.data, received->view.size_bytes,
                   received->fds, received->item.num_fds);
  if (r < 0) return r;
  *out = (brood_value){.type = BROOD_TYPE_OBJECT, .as.object = object};
  return 0;
}

int message_unpack_head(struct received *received, uint8_t **memory,
                        brood_value *out) {
  int r = 0;
  switch (received->view.type) {
    case BROOD_TYPE_STRING:
    case BROOD_TYPE_BYTES: r = unpack_text(received, memory, out); break;
    case BROOD_TYPE_OBJECT: r = unpack_object(received, out); break;
    case BROOD_TYPE_DESCRIPTOR:
      if (received->fds[0] < 0) return -EBADMSG; /* closed by the program */
      *out = (brood_value){.type = BROOD_TYPE_DESCRIPTOR,
                           .as.descriptor = received->fds[0]};
      received->fds[0] = -1;
      break;
    default: *out = received->view;
  }
  if (r == 0 && !is_outside(received)) message_close(received);
  return judge(r);
}

int message_unpack_body(struct received *received, brood_value *value) {
  if (!is_outside(received)) return 0;
  int r = read_body(received, value->as.object);
  if (r == 0) {
    message_close(received);
  } else {
    free(value->as.object);
  }
  return judge(r);
}

int message_unpack(struct received *received, uint8_t **memory,
                   brood_value *out) {
  brood_value value;
  int r = message_unpack_head(received, memory, &value);
  if (r == 0) r = message_unpack_body(received, &value);
  if (r == 0) *out = value;
  return r;
}

void message_close(struct received *received) {
  for (uint32_t i = 0; i < received->item.num_fds; i++) {
    received->fds[i] = sys_close(received->fds[i]);
  }
}

int message_refuse(int r) {
  switch (r) {
    case -ENODATA:
      return error_set_os(-EBADMSG, "got end of file during message");
    case -EBADMSG:
      return error_set_os(-EBADMSG, "received something else than a message");
    default: return error_set_os(r, "cannot receive a message");
  }
}
