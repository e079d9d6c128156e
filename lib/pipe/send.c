/* SPDX-License-Identifier: MIT
 *
 * Sending: one packet, by one system call if there is room.
 */
#include <errno.h>
#include <inttypes.h>

#include "lib/pipe/connection.h"
#include "lib/share/message.h"
#include "lib/state/error.h"
#include "lib/sys/clock.h"
#include "lib/sys/sock.h"

/* A message under way, until it is sent or given up. */
struct sending {
  brood_connection *connection;
  struct message message;
};

static void give_up_sending(void *argument) {
  struct sending *sending = argument;
  message_discard(&sending->message, false);
  connection_end(sending->connection);
}

/* The call that sends does not wait: a thread cancelled in it would not know
 * whether it had sent. */
static int transmit(struct sending *sending, int64_t deadline_ns) {
  const struct pack *pack = &sending->message.pack;
  bool is_one = pack->body == pack->head + WIRE_HEAD;
  struct iovec parts[] = {
      {(void *)pack->head, is_one ? WIRE_HEAD + pack->size : WIRE_HEAD},
      {(void *)pack->body, pack->size}};
  int fd = atomic_load(&sending->connection->fd);
  struct pollfd room = {.fd = fd, .events = POLLOUT};
  /* Room for one more is no event: it is looked for once more at the end. */
  bool is_last = deadline_ns <= 0;
  for (;;) {
    int r =
        sys_sock_try_send(fd, parts, is_one ? 1 : 2, pack->fds, pack->num_fds);
    if (r != -EAGAIN) return r;
    if (is_last) return -ETIMEDOUT;
    r = connection_await(&room, 1, deadline_ns, give_up_sending, sending);
    if (r < 0) return r;
    is_last = r == 0;
  }
}

static int send_value(brood_connection *connection, const brood_value *value,
                      int64_t timeout_ns) {
  int64_t deadline_ns = sys_clock_deadline(timeout_ns);
  int why = 0; /* the kernel did not take it */
  int r = connection_begin(connection, BROOD_WRITABLE);
  if (r < 0) return r;
  struct sending sending;
  sending.connection = connection;
  size_t max_inside = CONNECTION_INSIDE;
  for (;;) {
    r = message_pack(&sending.message, value, max_inside, connection);
    if (r < 0) break;
    why = transmit(&sending, deadline_ns);
    message_discard(&sending.message, why == 0);
    if (max_inside == 0 || (why != -EMSGSIZE && why != -ENOBUFS)) break;
    /* The socket is smaller than usual, or the kernel short of large pieces. */
    max_inside = 0;
  }
  connection_end(connection);
  if (r < 0 || why == 0) return r;
  if (why == -ETIMEDOUT) {
    return error_set(BROOD_TIMEOUT, "no room for a message in time");
  }
  return error_set_os(why, "cannot send a message");
}

int brood_connection_send(brood_connection *connection, brood_value value,
                          int64_t timeout_ns) {
  return send_value(connection, &value, timeout_ns);
}

static int check_part(const void *buffer, size_t buffer_size, int64_t offset,
                      int64_t size) {
  if (buffer == NULL && buffer_size > 0) {
    return error_set(BROOD_TYPE_ERROR, "a buffer of %zu bytes at NULL",
                     buffer_size);
  }
  if (offset < 0) {
    return error_set(BROOD_VALUE_ERROR, "offset is negative: %" PRId64, offset);
  }
  if ((uint64_t)offset > buffer_size) {
    return error_set(BROOD_VALUE_ERROR,
                     "buffer length < offset: %zu < %" PRId64, buffer_size,
                     offset);
  }
  if (size == BROOD_ALL) return 0;
  if (size < 0) {
    return error_set(BROOD_VALUE_ERROR, "size is negative: %" PRId64, size);
  }
  if ((uint64_t)size > buffer_size - (uint64_t)offset) {
    return error_set(BROOD_VALUE_ERROR,
                     "buffer length < offset + size: %zu < %" PRId64
                     " + %" PRId64,
                     buffer_size, offset, size);
  }
  return 0;
}

int brood_connection_send_bytes(brood_connection *connection,
                                const void *buffer, size_t buffer_size,
                                int64_t offset, int64_t size,
                                int64_t timeout_ns) {
  int r = check_part(buffer, buffer_size, offset, size);
  if (r < 0) return r;
  size_t left = buffer_size - (size_t)offset;
  brood_value part = {.type = BROOD_TYPE_BYTES,
                      .as.data = buffer,
                      .size_bytes = size == BROOD_ALL ? left : (size_t)size};
  if (buffer != NULL) part.as.data = (const char *)buffer + offset;
  return send_value(connection, &part, timeout_ns);
}
