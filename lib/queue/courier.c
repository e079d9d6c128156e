/* SPDX-License-Identifier: MIT
 *
 * See courier.h. Killed where? After sending, before the item is committed: the
 * next item has a higher number, and its consumer throws these away. After
 * looking, before the item is got: they are still there for the next. After the
 * item is got, before they are dropped: as in the first case. If no consumer
 * gets such items any more, courier_clear throws away those of the dead, or
 * they took all room.
 */
#include "lib/queue/courier.h"

#include <errno.h>
#include <stdbool.h>

#include "lib/share/arena.h"
#include "lib/sys/fd.h"
#include "lib/sys/sock.h"

int courier_put(const struct share_block *block, uint32_t number,
                const int *fds, size_t num_fds) {
  int sock = arena_fd(block, ARENA_SENDER);
  struct iovec part = {.iov_base = &number, .iov_len = sizeof number};
  return sys_sock_try_send(sock, &part, 1, fds, num_fds);
}

int courier_look(const struct share_block *block, uint32_t number, int *out_fds,
                 size_t num_fds) {
  int sock = arena_fd(block, ARENA_RECEIVER);
  for (;;) {
    uint32_t found;
    size_t count = num_fds;
    int r = sys_sock_peek(sock, &found, sizeof found, out_fds, &count);
    if (r < 0 && r != -EMSGSIZE) return r == -EAGAIN ? -EBADMSG : r;
    /* A message with another number of descriptors is not the item's. */
    bool whole = r == sizeof found && count == num_fds;
    if (whole && found == number) return 0;
    for (size_t i = 0; r >= 0 && i < count; i++) sys_close(out_fds[i]);
    if (whole && (int32_t)(found - number) > 0) return -EBADMSG;
    if (r == 0) return -EBADMSG; /* the end of file */
    sys_sock_drop(sock);
  }
}

void courier_clear(const struct share_block *block) {
  int sock = arena_fd(block, ARENA_RECEIVER);
  while (sys_poll_one(sock, POLLIN, 0) > 0) sys_sock_drop(sock);
}

void courier_drop(const struct share_block *block) {
  sys_sock_drop(arena_fd(block, ARENA_RECEIVER));
}
