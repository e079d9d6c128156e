/* SPDX-License-Identifier: MIT
 *
 * Receiving: one packet, by one system call if it is there. Its size is not
 * known before, so it is received into memory for the largest. A small message
 * is copied from there, and the memory kept for the next; a large one takes the
 * memory along.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "lib/pipe/connection.h"
#include "lib/share/message.h"
#include "lib/state/error.h"
#include "lib/sys/clock.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"
#include "lib/sys/sock.h"

/* Up to here a copy costs less than new memory for the next message. */
enum { COPIED = 16 << 10 };

/* A receiver that waited for less may wait as shortly again. */
#define RECEIVE_SOON_NS INT64_C(100000)

/* -------------------------------------------------------------- Packets -- */

static struct end_packet *get_packet(brood_connection *connection) {
  struct end_packet *packet = atomic_exchange(&connection->spare, NULL);
  if (packet == NULL) packet = calloc(1, sizeof *packet);
  if (packet != NULL && packet->body == NULL) {
    packet->body = malloc(CONNECTION_INSIDE + 1);
  }
  if (packet == NULL || packet->body != NULL) return packet;
  free(packet);
  return NULL;
}

/* For the next message, or not at all. */
static void put_packet(brood_connection *connection,
                       struct end_packet *packet) {
  for (size_t i = 0; i < packet->num_fds; i++) sys_close(packet->fds[i]);
  packet->size = packet->num_fds = 0;
  struct end_packet *nobodys = NULL;
  if (!atomic_compare_exchange_strong(&connection->spare, &nobodys, packet)) {
    end_packet_free(packet);
  }
}

/* The end of file is -EPIPE, or what the kernel has said of it before. An empty
 * packet looks like it. */
static int end_of_file(brood_connection *connection) {
  int r = sys_poll_one(atomic_load(&connection->fd), POLLRDHUP, 0);
  if (r <= 0) return r < 0 ? r : -EBADMSG;
  return atomic_exchange(&connection->was_reset, false) ? -ECONNRESET : -EPIPE;
}

/* A message, and what it came in, until finish. */
struct arrival {
  brood_connection *connection;
  struct end_packet *packet;
  struct received message;
};

/* Does not wait: a thread cancelled in a call that waits would lose the
 * descriptors of a message that had just come. */
static int receive_parts(struct arrival *arrival) {
  struct end_packet *packet = arrival->packet;
  struct iovec parts[] = {{packet->head, sizeof packet->head},
                          {packet->body, CONNECTION_INSIDE}};
  int fd = atomic_load(&arrival->connection->fd);
  size_t num_fds = SYS_SOCK_MAX_FDS;
  int r = sys_sock_try_receive_parts(fd, parts, 2, packet->fds, &num_fds);
  if (r <= 0) return r;
  packet->num_fds = num_fds;
  packet->size = (size_t)r;
  return r;
}

/* Looks again and again for a moment; -EAGAIN if no message came. Mostly the
 * first look finds it, and no clock is read. */
static int look_for_packet(struct arrival *arrival, int64_t deadline_ns) {
  int64_t soon_ns = 0, now_ns;
  do {
    sys_yield();
    int r = receive_parts(arrival);
    if (r != -EAGAIN) return r;
    now_ns = sys_clock_ns();
    if (soon_ns == 0) soon_ns = now_ns + RECEIVE_SOON_NS;
  } while (now_ns < soon_ns && now_ns < deadline_ns);
  return -EAGAIN;
}

static void give_up_receiving(void *argument) {
  struct arrival *arrival = argument;
  put_packet(arrival->connection, arrival->packet);
  connection_end(arrival->connection);
}

/* Waits once, until there may be a message: -EAGAIN then, or it is there. */
static int receive_waiting(struct arrival *arrival, int64_t deadline_ns) {
  brood_connection *connection = arrival->connection;
  struct pollfd one = {.fd = atomic_load(&connection->fd), .events = POLLIN};
  bool has_looked = atomic_load(&connection->is_busy);
  if (has_looked) {
    int r = look_for_packet(arrival, deadline_ns);
    if (r != -EAGAIN) return r;
  }
  int64_t begun_ns = sys_clock_ns();
  int r = connection_await(&one, 1, deadline_ns, give_up_receiving, arrival);
  if (r == 0) r = -ETIMEDOUT;
  if (r > 0) r = receive_parts(arrival);
  int64_t waited_ns = sys_clock_ns() - begun_ns;
  atomic_store(&connection->is_busy,
               !has_looked && waited_ns < RECEIVE_SOON_NS);
  return r;
}

/* Returns 0, -EPIPE at the end of file, or another -errno. */
static int receive_packet(struct arrival *arrival, int64_t deadline_ns) {
  brood_connection *connection = arrival->connection;
  bool at_once =
      deadline_ns != SYS_CLOCK_NEVER ||
      (atomic_load(&connection->is_busy) && !connection->has_answers_only);
  int r = at_once ? receive_parts(arrival) : -EAGAIN;
  for (;;) {
    if (r > 0) return 0;
    if (r == 0) return end_of_file(connection);
    if (r == -EMSGSIZE) return -EBADMSG; /* larger than any of ours */
    if (r == -ECONNRESET) {
      /* The kernel says so once, and before it gives the unread packets. */
      atomic_store(&connection->was_reset, true);
      r = receive_parts(arrival);
      continue;
    }
    if (r != -EAGAIN) return r;
    if (deadline_ns <= 0) return -ETIMEDOUT;
    r = receive_waiting(arrival, deadline_ns);
  }
}

/* ------------------------------------------------------------- Arrivals -- */

static int refuse_receiving(int r) {
  switch (r) {
    case -EPIPE:
      return error_set(BROOD_EOF, "end of file: the other end is closed");
    case -ETIMEDOUT: return error_set(BROOD_TIMEOUT, "no message came in time");
    case -ENODATA:
      return error_set_os(-EBADMSG, "got end of file during message");
    case -EBADMSG:
      return error_set_os(-EBADMSG, "received something else than a message");
    default: return error_set_os(r, "cannot receive a message");
  }
}

/* The end of an arrival. r is what became of the message, 0 or -errno: one for
 * which there was no memory is kept. */
static int finish(struct arrival *arrival, int r) {
  if (r == -ENOMEM && arrival->packet->size > 0) {
    end_keep(arrival->connection, arrival->packet);
  } else {
    put_packet(arrival->connection, arrival->packet);
  }
  connection_end(arrival->connection);
  return r < 0 ? refuse_receiving(r) : 0;
}

/* Waits for a message; 0, and finish has to follow, or the error is set. */
static int await_message(struct arrival *out, brood_connection *connection,
                         int64_t timeout_ns) {
  int64_t deadline_ns = sys_clock_deadline(timeout_ns);
  int r = connection_begin(connection, BROOD_READABLE);
  if (r < 0) return r;
  struct end_packet *packet = end_kept(connection, true);
  if (packet == NULL) packet = get_packet(connection);
  if (packet == NULL) {
    connection_end(connection);
    return refuse_receiving(-ENOMEM);
  }
  out->connection = connection;
  out->packet = packet;
  if (packet->size == 0) r = receive_packet(out, deadline_ns);
  if (r < 0) return finish(out, r);
  r = packet->size < WIRE_HEAD
          ? -ENODATA
          : message_open(&out->message, packet->head, packet->body,
                         packet->size - WIRE_HEAD, packet->fds,
                         packet->num_fds);
  if (r < 0) return finish(out, r);
  if (out->message.head.size > COPIED) out->message.memory = &packet->body;
  return 0;
}

int brood_connection_recv(brood_connection *connection, brood_value *out_value,
                          int64_t timeout_ns) {
  struct arrival arrival;
  int r = error_check_out(out_value);
  if (r == 0) r = await_message(&arrival, connection, timeout_ns);
  if (r < 0) return r;
  return finish(&arrival, message_unpack(&arrival.message, out_value));
}

/* ---------------------------------------------------------------- Bytes -- */

/* Likewise of a message that must be a string or bytes. */
static int receive_text(struct arrival *out, brood_connection *connection,
                        int64_t timeout_ns) {
  int r = await_message(out, connection, timeout_ns);
  if (r < 0) return r;
  enum brood_type type = out->message.view.type;
  if (type == BROOD_TYPE_STRING || type == BROOD_TYPE_BYTES) return 0;
  message_finish(&out->message);
  finish(out, 0);
  return error_set(BROOD_TYPE_ERROR, "the message is %s, not bytes",
                   wire_type_name(type));
}

int brood_connection_recv_bytes(brood_connection *connection,
                                brood_value *out_bytes, int64_t maxlength,
                                int64_t timeout_ns) {
  int r = error_check_out(out_bytes);
  if (r < 0) return r;
  if (maxlength < 0 && maxlength != BROOD_ALL) {
    return error_set(BROOD_VALUE_ERROR, "negative maxlength: %" PRId64,
                     maxlength);
  }
  struct arrival arrival;
  r = receive_text(&arrival, connection, timeout_ns);
  if (r < 0) return r;
  size_t size = arrival.message.view.size_bytes;
  if (maxlength != BROOD_ALL && size > (uint64_t)maxlength) {
    /* As in Python, it is the last. */
    unsigned flags =
        atomic_fetch_and(&connection->flags, ~(unsigned)BROOD_READABLE);
    if ((flags & BROOD_WRITABLE) == 0) end_close(connection);
    message_finish(&arrival.message);
    finish(&arrival, 0);
    return error_set_os(-EMSGSIZE, "bad message length");
  }
  r = finish(&arrival, message_unpack(&arrival.message, out_bytes));
  if (r == 0) out_bytes->type = BROOD_TYPE_BYTES;
  return r;
}

static int check_buffer(const void *buffer, size_t buffer_size, int64_t offset,
                        const size_t *out_size) {
  if ((buffer == NULL && buffer_size > 0) || out_size == NULL) {
    return error_set(BROOD_TYPE_ERROR,
                     "a buffer of %zu bytes at %p, for their number %p",
                     buffer_size, buffer, (const void *)out_size);
  }
  if (offset < 0) {
    return error_set(BROOD_VALUE_ERROR, "negative offset: %" PRId64, offset);
  }
  if ((uint64_t)offset > buffer_size) {
    return error_set(BROOD_VALUE_ERROR, "offset too large: %" PRId64 " > %zu",
                     offset, buffer_size);
  }
  return 0;
}

int brood_connection_recv_bytes_into(brood_connection *connection, void *buffer,
                                     size_t buffer_size, int64_t offset,
                                     size_t *out_size, int64_t timeout_ns) {
  int r = check_buffer(buffer, buffer_size, offset, out_size);
  if (r < 0) return r;
  struct arrival arrival;
  r = receive_text(&arrival, connection, timeout_ns);
  if (r < 0) return r;
  size_t size = arrival.message.view.size_bytes;
  size_t room = buffer_size - (size_t)offset;
  if (size > room) {
    brood_value whole;
    r = finish(&arrival, message_unpack(&arrival.message, &whole));
    if (r < 0) return r;
    r = error_set(BROOD_BUFFER_TOO_SHORT,
                  "a message of %zu bytes for a buffer of %zu", size, room);
    error_set_data(whole.as.object, size);
    return r;
  }
  /* Not received straight into the buffer: a message that is not bytes must not
   * touch it. A body outside is. */
  char *to = buffer == NULL ? NULL : (char *)buffer + offset;
  r = finish(&arrival, message_copy(&arrival.message, to));
  if (r == 0) *out_size = size;
  return r;
}
