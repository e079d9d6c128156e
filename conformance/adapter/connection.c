/* SPDX-License-Identifier: MIT
 *
 * Connections.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "brood.h"
#include "conformance/adapter/arguments.h"
#include "conformance/adapter/call.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/memory.h"

enum { MAX_BUFFER = 1 << 30 };

static brood_connection *connection_of(const struct call *call) {
  return call->self->as.object;
}

static int send_value(struct call *call) {
  struct arguments message = {0};
  int64_t timeout_ns = BROOD_FOREVER;
  if (call_timeout(call, 1, &timeout_ns) < 0) return -1;
  int r = arguments_read_one(call, call->args[0], &message);
  if (r == 0) {
    r = call_done(call, brood_connection_send(connection_of(call),
                                              message.values[0], timeout_ns));
  }
  arguments_clear(&message);
  return r;
}

static int answer_received(struct call *call, int r, brood_value received) {
  if (r >= 0) call->result = arguments_received(received);
  return call_done(call, r);
}

static int receive_value(struct call *call) {
  int64_t timeout_ns = BROOD_FOREVER;
  if (call_timeout(call, 0, &timeout_ns) < 0) return -1;
  brood_value received = brood_none();
  int r = brood_connection_recv(connection_of(call), &received, timeout_ns);
  return answer_received(call, r, received);
}

/* null and nothing are all there is. */
static int read_size(struct call *call, int index, int64_t *out_size) {
  const cJSON *arg = call->args[index];
  *out_size = BROOD_ALL;
  return arg == NULL || cJSON_IsNull(arg) ? 0
                                          : call_int64(call, index, out_size);
}

static int read_offset(struct call *call, int index, int64_t *out_offset) {
  *out_offset = 0;
  return call->args[index] == NULL ? 0 : call_int64(call, index, out_offset);
}

static int send_bytes(struct call *call) {
  struct arguments message = {0};
  int64_t offset = 0, size = 0;
  if (read_offset(call, 1, &offset) < 0) return -1;
  if (read_size(call, 2, &size) < 0) return -1;
  int r = arguments_read_bytes(call, call->args[0], &message);
  if (r == 0) {
    const brood_value *bytes = &message.values[0];
    r = call_done(call, brood_connection_send_bytes(
                            connection_of(call), bytes->as.data,
                            bytes->size_bytes, offset, size, BROOD_FOREVER));
  }
  arguments_clear(&message);
  return r;
}

static int receive_bytes(struct call *call) {
  int64_t maxlength = 0;
  if (read_size(call, 0, &maxlength) < 0) return -1;
  brood_value received = brood_none();
  int r = brood_connection_recv_bytes(connection_of(call), &received, maxlength,
                                      BROOD_FOREVER);
  return answer_received(call, r, received);
}

static int receive_bytes_into(struct call *call) {
  int64_t size = 0, offset = 0;
  if (call_int64(call, 0, &size) < 0) return -1;
  if (read_offset(call, 1, &offset) < 0) return -1;
  if (size < 0 || size > MAX_BUFFER) {
    return call_fail(call, "ValueError", "a buffer of %lld bytes",
                     (long long)size);
  }
  char *buffer = memory_new((size_t)size, 1);
  memset(buffer, '.', (size_t)size);
  size_t received = 0;
  int r = brood_connection_recv_bytes_into(connection_of(call), buffer,
                                           (size_t)size, offset, &received,
                                           BROOD_FOREVER);
  if (r >= 0) {
    call->result = value_list(VALUE_LIST, 2);
    call->result.as.items[0] = value_int64((int64_t)received);
    call->result.as.items[1] = value_bytes(buffer, (size_t)size);
  }
  free(buffer);
  return call_done(call, r);
}

/* Without a timeout it does not wait, but with null it does. */
static int poll_connection(struct call *call) {
  int64_t timeout_ns = 0;
  if (call->args[0] != NULL && call_timeout(call, 0, &timeout_ns) < 0) {
    return -1;
  }
  return call_answer_bool(
      call, brood_connection_poll(connection_of(call), timeout_ns));
}

static int fileno_of(struct call *call) {
  int descriptor = brood_connection_fileno(connection_of(call));
  if (descriptor >= 0) call->result = value_int64(descriptor);
  return call_done(call, descriptor);
}

static int close_connection(struct call *call) {
  return call_done(call, brood_connection_close(connection_of(call)));
}

static int closed(struct call *call) {
  return call_answer_bool(call, brood_connection_closed(connection_of(call)));
}

static int readable(struct call *call) {
  return call_answer_bool(call, brood_connection_readable(connection_of(call)));
}

static int writable(struct call *call) {
  return call_answer_bool(call, brood_connection_writable(connection_of(call)));
}

const struct method connection_methods[] = {
    {"send", "obj timeout?", send_value},
    {"recv", "timeout?", receive_value},
    {"send_bytes", "buf offset? size?", send_bytes},
    {"recv_bytes", "maxlength?", receive_bytes},
    {"recv_bytes_into", "size offset?", receive_bytes_into},
    {"poll", "timeout?", poll_connection},
    {"fileno", "", fileno_of},
    {"close", "", close_connection},
    {NULL, NULL, NULL},
};

const struct attribute connection_attributes[] = {
    {"closed", closed, NULL},
    {"readable", readable, NULL},
    {"writable", writable, NULL},
    {NULL, NULL, NULL},
};
