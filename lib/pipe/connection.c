/* SPDX-License-Identifier: MIT
 *
 * Connections: made, asked, closed.
 */
#include "lib/pipe/connection.h"

#include <errno.h>
#include <pthread.h>

#include "lib/share/object.h"
#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/sys/clock.h"
#include "lib/sys/fd.h"
#include "lib/sys/sock.h"

int connection_begin(brood_connection *connection, unsigned directions) {
  int r = share_check(connection, SHARE_CONNECTION);
  if (r < 0) return r;
  pthread_testcancel();
  if (!end_enter(connection)) return error_set_os(-EBADF, "handle is closed");
  unsigned missing = directions & ~atomic_load(&connection->flags);
  if (missing == 0) {
    guard_shield();
    return 0;
  }
  end_leave(connection);
  return error_set_os(-EBADF, missing & BROOD_READABLE
                                  ? "connection is write-only"
                                  : "connection is read-only");
}

void connection_end(void *connection) {
  end_leave(connection);
  guard_unshield();
}

struct wait {
  void (*abandon)(void *argument);
  void *argument;
  struct guard_state shield;
};

static void abandon_wait(void *argument) {
  struct wait *wait = argument;
  guard_shut(wait->shield);
  wait->abandon(wait->argument);
}

int connection_await(struct pollfd *polls, size_t num_polls,
                     int64_t deadline_ns, void (*abandon)(void *argument),
                     void *argument) {
  int r;
  /* Not written to behind the push: of a variable of this function a cancelled
   * thread may see what it was there. */
  struct wait wait = {abandon, argument, guard_open(true)};
  pthread_cleanup_push(abandon_wait, &wait);
  r = sys_poll(polls, num_polls, deadline_ns);
  guard_shut(wait.shield);
  pthread_cleanup_pop(0);
  return r;
}

/* ----------------------------------------------------------------- Life -- */

int brood_pipe_new(const brood_context *context, unsigned flags,
                   brood_connection **out_first,
                   brood_connection **out_second) {
  (void)context; /* the same in all; commits to no default */
  int r = error_check_out(out_first);
  if (r == 0) r = error_check_out(out_second);
  if (r == 0) r = error_check_flags(flags, BROOD_UNIDIRECTIONAL);
  if (r < 0) return r;
  bool one_way = (flags & BROOD_UNIDIRECTIONAL) != 0;
  int ends[2];
  r = sys_sock_pair(ends);
  if (r < 0) return error_set_os(r, "cannot make a pipe");
  brood_connection *first = NULL, *second;
  r = end_make(ends[0], one_way ? BROOD_READABLE : END_BOTH, &first);
  if (r == 0) {
    r = end_make(ends[1], one_way ? BROOD_WRITABLE : END_BOTH, &second);
  }
  if (r < 0) {
    first == NULL ? (void)sys_close(ends[0]) : end_free(first);
    sys_close(ends[1]);
    return error_set_os(r, "cannot make a pipe");
  }
  *out_first = first;
  *out_second = second;
  return 0;
}

brood_connection *brood_connection_new(int descriptor, unsigned flags) {
  if (descriptor < 0) {
    error_set(BROOD_VALUE_ERROR, "invalid handle: descriptor %d", descriptor);
    return NULL;
  }
  if (error_check_flags(flags, END_BOTH) < 0) return NULL;
  int r = sys_sock_check(descriptor);
  if (r < 0) {
    error_set_os(r, "descriptor %d is no end of a pipe", descriptor);
    return NULL;
  }
  /* Another connection's is copied: or both would close it, one perhaps a later
   * file. */
  brood_connection *connection;
  bool is_taken = end_of(descriptor) != NULL;
  int own = is_taken ? sys_fd_copy(descriptor) : descriptor;
  r = own;
  if (own >= 0) r = end_make(own, flags == 0 ? END_BOTH : flags, &connection);
  if (r == 0) return connection;
  if (is_taken) sys_close(own);
  error_set_os(r, "cannot make a connection of descriptor %d", descriptor);
  return NULL;
}

SHARE_QUESTION(brood_connection_close, brood_connection, SHARE_CONNECTION,
               PROXY_LACKS, (end_close(object), 0))

brood_connection *brood_connection_free(brood_connection *connection) {
  if (connection == NULL) return NULL;
  /* Not share_check: the pointer may point to nothing at all. */
  if (end_find(connection) != NULL) {
    end_free(connection);
  } else {
    share_refuse(connection, SHARE_CONNECTION);
  }
  return NULL;
}

/* ----------------------------------------------------------- Attributes -- */

SHARE_QUESTION(brood_connection_readable, brood_connection, SHARE_CONNECTION,
               PROXY_LACKS, (atomic_load(&object->flags) & BROOD_READABLE) != 0)
SHARE_QUESTION(brood_connection_writable, brood_connection, SHARE_CONNECTION,
               PROXY_LACKS, (atomic_load(&object->flags) & BROOD_WRITABLE) != 0)
SHARE_QUESTION(brood_connection_closed, brood_connection, SHARE_CONNECTION,
               PROXY_LACKS, end_is_closed(object))

int brood_connection_fileno(brood_connection *connection) {
  int r = connection_begin(connection, 0);
  if (r < 0) return r;
  int fd = atomic_load(&connection->fd);
  connection_end(connection);
  return fd;
}

int brood_connection_poll(brood_connection *connection, int64_t timeout_ns) {
  int64_t deadline_ns = sys_clock_deadline(timeout_ns);
  int r = connection_begin(connection, BROOD_READABLE);
  if (r < 0) return r;
  r = 1;
  if (end_kept(connection, false) == NULL) {
    struct pollfd one = {.fd = atomic_load(&connection->fd), .events = POLLIN};
    r = connection_await(&one, 1, deadline_ns, connection_end, connection);
  }
  connection_end(connection);
  return r < 0 ? error_set_os(r, "cannot poll a connection") : r > 0;
}
