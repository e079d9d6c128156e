/* SPDX-License-Identifier: MIT
 *
 * See item.h: items that are not text, and the courier.
 *
 * Killed where? After sending, before the item is committed: the
 * next item has a higher number, and its consumer throws these away. After
 * looking, before the item is got: they are still there for the next. After the
 * item is got, before they are dropped: as in the first case. If no consumer
 * gets such items any more, courier_clear throws away those of the dead, or
 * they took all room.
 */
#include "lib/queue/item.h"

#include <errno.h>
#include <stdbool.h>

#include "lib/share/arena.h"
#include "lib/sys/fd.h"
#include "lib/sys/sock.h"

void item_write(struct ring *ring, uint64_t tail, const struct pack *pack) {
  uint32_t at = mark_units(tail);
  ring_write_unit(ring, at++, pack->head);
  if (pack->num_fds > 0) {
    ring_write(ring, at++, &ring->courier_id, sizeof ring->courier_id);
  }
  if (pack->size > 0) ring_write(ring, at, pack->body, pack->size);
}

uint32_t item_write_number(struct ring *ring, uint64_t tail,
                           const brood_value *value) {
  if ((unsigned)value->type > BROOD_TYPE_DOUBLE) return 0;
  uint8_t bytes[WIRE_HEAD + MARK_UNIT];
  struct wire_writer writer = {.data = bytes, .capacity = sizeof bytes};
  wire_put_value(&writer, value, 0);
  size_t size = writer.used - WIRE_HEAD;
  uint32_t units = item_units(size, 0);
  if (ring_room(ring, tail, units) < 0) return 0;
  ring_write_unit(ring, mark_units(tail), bytes);
  if (size > 0) ring_write(ring, mark_units(tail) + 1, bytes + WIRE_HEAD, size);
  return units;
}

int item_read_number(const struct ring *ring, uint64_t mark, uint64_t readable,
                     brood_value *out_value) {
  uint8_t bytes[WIRE_HEAD], body[MARK_UNIT];
  struct wire_head head;
  ring_read_unit(ring, mark_units(mark), bytes);
  if (!wire_get_head(&head, bytes)) return -EBADMSG;
  if (head.type > BROOD_TYPE_DOUBLE) return 0;
  uint32_t units = item_units(head.size, 0);
  if (units > mark_units(readable) - mark_units(mark)) return -EBADMSG;
  ring_read(ring, mark_units(mark) + 1, body, head.size);
  return wire_get_value(&head, body, out_value) ? (int)units : -EBADMSG;
}

/* --------------------------------------------------------- The courier -- */

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
