/* SPDX-License-Identifier: MIT
 *
 * Putting items. Most are put by the quick way, which neither waits nor calls
 * the kernel; the other way deals with all the rest.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "lib/queue/queue.h"
#include "lib/share/arena.h"
#include "lib/share/message.h"
#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/sync/lock.h"
#include "lib/sync/self.h"
#include "lib/sys/clock.h"
#include "lib/sys/fd.h"
#include "lib/sys/sock.h"

/* Units that one hold of the lock may put, so that others get it as well. */
enum { UNITS_AT_ONCE = RING_LEAST / 4 };

/* An item of at least this size goes outside if a ring that is as large as can
 * be has no room for it: many such items fit into memory that do not fit there.
 */
enum { LARGE = 1 << 18 };

/* How long a producer waits for a large part. After that any room will do; and
 * if no consumer got anything, a ring of the usual size grows. */
#define PATIENCE_NS INT64_C(5000000)

/* --------------------------------------------------------- The quick way -- */

static uint32_t write_number(struct ring *ring, uint64_t tail,
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

static bool is_text(const brood_value *value) {
  if (value->type == BROOD_TYPE_BYTES) return value->as.data != NULL;
  return value->type == BROOD_TYPE_STRING && value->as.data != NULL &&
         memchr(value->as.data, 0, value->size_bytes) == NULL;
}

/* Writes a value and returns its units; 0 if it is not light, is wrong, or has
 * no room. */
static uint32_t write_light(struct ring *ring, uint64_t tail,
                            const brood_value *value) {
  const size_t size = value->size_bytes;
  if (size > BROOD_MAX_ITEM) return 0;
  if (!is_text(value)) return write_number(ring, tail, value);
  uint32_t units = item_units(size, 0);
  if (ring_room(ring, tail, units) < 0) return 0;
  uint8_t head[WIRE_HEAD];
  wire_put_eight(
      head, wire_head_bits((struct wire_head){.size = (uint32_t)size,
                                              .type = (uint8_t)value->type}));
  ring_write_unit(ring, mark_units(tail), head);
  ring_write(ring, mark_units(tail) + 1, value->as.data, size);
  return units;
}

size_t queue_put_quickly(struct queue *queue, const brood_value *items,
                         size_t count) {
  struct ring *ring = &queue->ring;
  if (!ring_lock_quickly(&ring->put_lock)) return 0;
  /* relaxed: written under the lock. */
  uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
  const uint32_t begin = mark_units(tail);
  size_t done = 0;
  if (ring->notice >= ARENA_NOTICE_UNSURE) count = 0; /* it has to be sent */
  while (done < count && mark_units(tail) - begin < UNITS_AT_ONCE) {
    uint32_t units = write_light(ring, tail, &items[done]);
    if (units == 0) break;
    tail = mark_plus(tail, 1, units);
    ring_ask_to_write(ring, mark_units(tail));
    done++;
  }
  if (done > 0) ring_put_commit(ring, tail);
  sync_quick_release(&ring->put_lock);
  if (done > 0) ring_put_wake(ring, (uint32_t)done);
  return done;
}

/* ------------------------------------------------------- The other way -- */

/* A message that is put, and one call's waiting. */
struct putter {
  struct queue *queue;
  struct message *message;
  int64_t deadline_ns;
  uint64_t seen_head; /* when there was no room */
  bool is_over;       /* no consumer gets anything: the ring is to grow */
  bool has_slept;
};

/* The ring is too small. The consumers have a while to make room: mostly they
 * are only a little behind, and the smaller a ring is, the better it fits into
 * a cache. */
static bool is_to_grow(struct putter *putter, uint32_t units) {
  return putter->is_over || sync_is_over(putter->deadline_ns) ||
         units > atomic_load(&putter->queue->ring.capacity) / 4;
}

/* Sends the descriptors that go beside the ring; -EAGAIN: too many wait there
 * already. With put_lock held. */
static int send_beside(struct putter *putter) {
  struct ring *ring = &putter->queue->ring;
  const struct share_block *block = share_block_of(putter->queue);
  const struct pack *pack = &putter->message->pack;
  int sock = arena_fd(block, ARENA_SENDER);
  uint32_t number = ++ring->courier_id;
  struct iovec part = {.iov_base = &number, .iov_len = sizeof number};
  int r = sys_sock_try_send(sock, &part, 1, pack->fds, pack->num_fds);
  if (r != -EAGAIN || ring_count(ring) > 0) return r;
  /* Descriptors left by the dead take the room. */
  if (queue_lock_get(putter->queue, putter->deadline_ns) < 0) {
    return -ETIMEDOUT;
  }
  int receiver = arena_fd(block, ARENA_RECEIVER);
  while (sys_poll_one(receiver, POLLIN, 0) > 0) sys_sock_drop(receiver);
  sync_quick_release(&ring->get_lock);
  return sys_sock_try_send(sock, &part, 1, pack->fds, pack->num_fds);
}

/* Writes the item and commits it, in a larger ring if need be. With put_lock
 * held. */
static int write_item(struct putter *putter) {
  struct ring *ring = &putter->queue->ring;
  const struct pack *pack = &putter->message->pack;
  /* relaxed: written under the lock. */
  uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
  uint32_t units = item_units(pack->size, pack->num_fds);
  int r = ring_room(ring, tail, units);
  if (r == -ENOSPC && is_to_grow(putter, units)) {
    r = ring_grow(ring, share_block_of(putter->queue), units,
                  putter->deadline_ns);
    if (r == 0) r = ring_room(ring, tail, units);
    if (r == -ENOSPC) r = -EAGAIN;
  }
  if (r == 0 && pack->num_fds > 0) r = send_beside(putter);
  if (r == 0) r = queue_notice_send(putter->queue);
  if (r < 0) return r;
  uint32_t at = mark_units(tail);
  ring_write_unit(ring, at++, pack->head);
  if (pack->num_fds > 0) {
    ring_write(ring, at++, &ring->courier_id, sizeof ring->courier_id);
  }
  if (pack->size > 0) ring_write(ring, at, pack->body, pack->size);
  ring_put_commit(ring, mark_plus(tail, 1, units));
  return 0;
}

/* One hold of the lock. 0; -ENOSPC: look whether there will be room; -EAGAIN:
 * wait for it, from seen_head on; -ETIMEDOUT: it did not get a lock; or an
 * error. */
static int try_put(struct putter *putter) {
  struct ring *ring = &putter->queue->ring;
  if (ring_lock(ring, &ring->put_lock, putter->deadline_ns) < 0) {
    return -ETIMEDOUT;
  }
  int r = write_item(putter);
  putter->seen_head = ring->seen_head;
  sync_quick_release(&ring->put_lock);
  return r;
}

/* Sleeps until a large part is free; true if no consumer got anything. */
static bool sleep_for_much(struct putter *putter) {
  struct ring *ring = &putter->queue->ring;
  int64_t end_ns = sys_clock_ns() + PATIENCE_NS;
  if (end_ns > putter->deadline_ns) end_ns = putter->deadline_ns;
  ring_wait_room(ring, putter->seen_head, RING_FOR_MUCH, end_ns);
  putter->has_slept = true;
  return atomic_load(&ring->head) == putter->seen_head;
}

/* The ring holds too many bytes. */
static void wait_for_bytes(struct putter *putter) {
  struct ring *ring = &putter->queue->ring;
  uint32_t capacity = atomic_load(&ring->capacity);
  if (ring_look_for_room(ring, putter->seen_head, 1, capacity / 4)) return;
  if (capacity < RING_USUAL || sleep_for_much(putter)) putter->is_over = true;
}

/* There are maxsize items in the ring, or it is as large as can be. */
static void wait_for_items(struct putter *putter) {
  struct ring *ring = &putter->queue->ring;
  uint32_t many = ring_many(ring);
  if (ring_look_for_room(ring, putter->seen_head, many, 0)) return;
  if (many > 1 && !putter->has_slept) {
    sleep_for_much(putter);
    return;
  }
  ring_wait_room(ring, putter->seen_head, ring_at_last(ring),
                 putter->deadline_ns);
  putter->has_slept = true;
}

static int put_patiently(struct putter *putter, enum brood_type type) {
  const struct pack *pack = &putter->message->pack;
  struct ring *ring = &putter->queue->ring;
  int r;
  while ((r = try_put(putter)) < 0) {
    /* If it is not for maxsize items that there is no room, outside there is.
     */
    if (r == -EAGAIN && pack->size >= LARGE && !ring_is_full(ring) &&
        pack->num_fds < MESSAGE_MAX_FDS &&
        message_move_outside(putter->message, type, NULL) == 0) {
      continue;
    }
    if (r == -ENOSPC) {
      wait_for_bytes(putter);
    } else if (r == -EAGAIN && !sync_is_over(putter->deadline_ns)) {
      wait_for_items(putter);
    } else {
      break;
    }
  }
  if (r == 0) ring_put_wake(ring, 1);
  if (putter->has_slept) ring_slept_put(ring);
  return r;
}

/* A value becomes a message before the lock is taken: that may need memory and
 * descriptors. 1: it is put; else as queue_put. */
static int put_one(struct queue *queue, const brood_value *value,
                   int64_t deadline_ns) {
  struct message message;
  int r = message_pack(&message, value, ring_max_item(&queue->ring), NULL);
  if (r < 0) return r;
  struct putter putter = {
      .queue = queue, .message = &message, .deadline_ns = deadline_ns};
  r = put_patiently(&putter, value->type);
  message_discard(&message, r == 0);
  if (r == 0) return 1;
  if (r == -EAGAIN) return 0;
  if (r != -ETIMEDOUT) return error_set_os(r, "cannot put an item");
  return ring_is_full(&queue->ring) ? 0 : queue_refuse_lock();
}

int queue_put(struct queue *queue, const brood_value *items, size_t count,
              int64_t deadline_ns) {
  size_t done = 0;
  int r = 1;
  pthread_testcancel(); /* it may never come to wait */
  while (r > 0 && done < count) {
    size_t quick = queue_put_quickly(queue, items + done, count - done);
    done += quick;
    if (quick > 0) continue;
    guard_shield();
    r = put_one(queue, &items[done], deadline_ns);
    guard_unshield();
    done += r > 0;
  }
  return done > 0 ? (int)done : r;
}
