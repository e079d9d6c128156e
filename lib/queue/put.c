/* SPDX-License-Identifier: MIT
 *
 * Putting items. Most are put by the quick way, which neither waits nor calls
 * the kernel; the other way deals with all the rest.
 */
#include <errno.h>
#include <pthread.h>

#include "lib/queue/item.h"
#include "lib/queue/queue.h"
#include "lib/share/arena.h"
#include "lib/share/message.h"
#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/sync/lock.h"
#include "lib/sync/self.h"
#include "lib/sys/clock.h"

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
    uint32_t units = item_write_light(ring, tail, &items[done]);
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

/* One call's waiting. */
struct patience {
  int64_t deadline_ns;
  bool is_over; /* no consumer gets anything: the ring is to grow */
  bool has_slept;
};

/* The ring is too small. The consumers have a while to make room: mostly they
 * are only a little behind, and the smaller a ring is, the better it fits into
 * a cache. */
static bool is_to_grow(struct ring *ring, uint32_t units,
                       const struct patience *patience) {
  return patience->is_over || sync_is_over(patience->deadline_ns) ||
         units > atomic_load(&ring->capacity) / 4;
}

/* Sends the descriptors that go beside the ring. With put_lock held. */
static int send_beside(struct queue *queue, const struct message *message,
                       int64_t deadline_ns) {
  struct ring *ring = &queue->ring;
  const struct share_block *block = share_block_of(queue);
  size_t count = message->pack.num_fds;
  int r = courier_put(block, ++ring->courier_id, message->pack.fds, count);
  if (r != -EAGAIN || ring_count(ring) > 0) return r;
  /* Descriptors left by the dead take the room. */
  if (queue_lock_get(queue, deadline_ns) < 0) return -ETIMEDOUT;
  courier_clear(block);
  sync_quick_release(&ring->get_lock);
  return courier_put(block, ring->courier_id, message->pack.fds, count);
}

/* Writes one item if there is room; 0, -ENOSPC, -EAGAIN, -ETIMEDOUT if it did
 * not get a lock, or another error. */
static int try_write(struct queue *queue, uint64_t tail,
                     const struct message *message, int64_t deadline_ns) {
  struct ring *ring = &queue->ring;
  const struct pack *pack = &message->pack;
  int r = ring_room(ring, tail, item_units(pack->size, pack->num_fds));
  if (r == 0 && pack->num_fds > 0) r = send_beside(queue, message, deadline_ns);
  if (r == 0) item_write(ring, tail, pack);
  return r;
}

/* Writes one item, in a larger ring if need be. */
static int write_in_ring(struct queue *queue, uint64_t tail,
                         const struct message *message,
                         const struct patience *patience) {
  struct ring *ring = &queue->ring;
  uint32_t units = item_units(message->pack.size, message->pack.num_fds);
  int r = try_write(queue, tail, message, patience->deadline_ns);
  if (r == -ENOSPC && is_to_grow(ring, units, patience)) {
    r = ring_grow(ring, share_block_of(queue), units, patience->deadline_ns);
    if (r == 0) r = try_write(queue, tail, message, patience->deadline_ns);
    if (r == -ENOSPC) r = -EAGAIN;
  }
  return r;
}

/* One hold of the lock. 0; -ENOSPC: look whether there will be room; -EAGAIN:
 * wait for it, from *out_head on; -ETIMEDOUT: it did not get a lock; or an
 * error. */
static int try_put(struct queue *queue, const struct message *message,
                   const struct patience *patience, uint64_t *out_head) {
  struct ring *ring = &queue->ring;
  if (ring_lock(ring, &ring->put_lock, patience->deadline_ns) < 0) {
    return -ETIMEDOUT;
  }
  /* relaxed: written under the lock. */
  uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
  int r = write_in_ring(queue, tail, message, patience);
  if (r == 0) r = queue_notice_send(queue);
  if (r == 0) {
    const struct pack *pack = &message->pack;
    uint32_t units = item_units(pack->size, pack->num_fds);
    ring_put_commit(ring, mark_plus(tail, 1, units));
  }
  *out_head = ring->seen_head;
  sync_quick_release(&ring->put_lock);
  return r;
}

/* Sleeps until a large part is free; true if no consumer got anything. */
static bool sleep_for_much(struct ring *ring, uint64_t seen_head,
                           struct patience *patience) {
  int64_t end_ns = sys_clock_ns() + PATIENCE_NS;
  if (end_ns > patience->deadline_ns) end_ns = patience->deadline_ns;
  ring_wait_room(ring, seen_head, RING_FOR_MUCH, end_ns);
  patience->has_slept = true;
  return atomic_load(&ring->head) == seen_head;
}

/* The ring holds too many bytes. */
static void wait_for_bytes(struct ring *ring, uint64_t seen_head,
                           struct patience *patience) {
  uint32_t capacity = atomic_load(&ring->capacity);
  if (ring_look_for_room(ring, seen_head, 1, capacity / 4)) return;
  if (capacity < RING_USUAL || sleep_for_much(ring, seen_head, patience)) {
    patience->is_over = true;
  }
}

/* There are maxsize items in the ring, or it is as large as can be. */
static void wait_for_items(struct ring *ring, uint64_t seen_head,
                           struct patience *patience) {
  uint32_t many = ring_many(ring);
  if (ring_look_for_room(ring, seen_head, many, 0)) return;
  if (many > 1 && !patience->has_slept) {
    sleep_for_much(ring, seen_head, patience);
    return;
  }
  ring_wait_room(ring, seen_head, ring_at_last(ring), patience->deadline_ns);
  patience->has_slept = true;
}

/* After -EAGAIN: not because there are maxsize items? */
static bool is_for_outside(const struct message *message, struct ring *ring) {
  return message->pack.size >= LARGE && !ring_is_full(ring) &&
         message->pack.num_fds < MESSAGE_MAX_FDS;
}

static int put_patiently(struct queue *queue, struct message *message,
                         enum brood_type type, int64_t deadline_ns) {
  struct patience patience = {.deadline_ns = deadline_ns};
  uint64_t seen_head = 0;
  int r;
  while ((r = try_put(queue, message, &patience, &seen_head)) < 0) {
    if (r == -EAGAIN && is_for_outside(message, &queue->ring) &&
        message_move_outside(message, type) == 0) {
      r = 0;
    } else if (r == -ENOSPC) {
      wait_for_bytes(&queue->ring, seen_head, &patience);
      r = 0;
    } else if (r == -EAGAIN && !sync_is_over(deadline_ns)) {
      wait_for_items(&queue->ring, seen_head, &patience);
      r = 0;
    }
    if (r < 0) break;
  }
  if (r == 0) ring_put_wake(&queue->ring, 1);
  if (patience.has_slept) ring_slept_put(&queue->ring);
  return r;
}

/* A value becomes a message before the lock is taken: that may need memory and
 * descriptors. 1: it is put; else as queue_put. */
static int put_one(struct queue *queue, const brood_value *value,
                   int64_t deadline_ns) {
  struct message message;
  int r = message_pack(&message, value, ring_max_item(&queue->ring), NULL);
  if (r == 0) {
    r = put_patiently(queue, &message, value->type, deadline_ns);
    message.pack.was_sent = r == 0;
    if (r == 0) {
      r = 1;
    } else if (r == -EAGAIN ||
               (r == -ETIMEDOUT && ring_is_full(&queue->ring))) {
      r = 0;
    } else if (r == -ETIMEDOUT) {
      r = queue_refuse_lock();
    } else {
      r = error_set_os(r, "cannot put an item");
    }
  }
  message_discard(&message);
  return r;
}

int queue_put(struct queue *queue, const brood_value *items, size_t count,
              int64_t deadline_ns) {
  size_t done = 0;
  int r = 1;
  pthread_testcancel(); /* it may never come to wait */
  while (r > 0 && done < count) {
    size_t quick = queue_put_quickly(queue, items + done, count - done);
    done += quick;
    if (quick == 0) {
      guard_shield();
      r = put_one(queue, &items[done], deadline_ns);
      guard_unshield();
      if (r > 0) done++;
    }
  }
  return done > 0 ? (int)done : r;
}
