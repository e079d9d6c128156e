/* SPDX-License-Identifier: MIT
 *
 * Putting items. A value becomes a message before any lock is taken: that may
 * need memory and descriptors. An item is its head, the number of its
 * descriptors in the courier if it has any, and its body.
 */
#include <errno.h>

#include "lib/comm/courier.h"
#include "lib/comm/item.h"
#include "lib/comm/message.h"
#include "lib/comm/queue.h"
#include "lib/comm/ring_size.h"
#include "lib/error/error.h"
#include "lib/sync/sleep.h"
#include "lib/sys/clock.h"

/* What one hold of the lock may put, so that others get it as well. */
enum { UNITS_AT_ONCE = RING_LEAST / 4 };

/* How long nobody has to get anything until a ring of the usual size grows. */
#define PATIENCE_NS INT64_C(5000000)

/* Where a writer is while it has the lock. */
struct writer {
  struct comm_queue *queue;
  uint64_t tail;
  uint32_t units; /* written so far */
};

static int send_fds(struct writer *writer, const struct message *message) {
  struct comm_ring *ring = &writer->queue->ring;
  if (message->item.num_fds == 0) return 0;
  return courier_put(share_block_of(writer->queue), ++ring->courier_id,
                     message->fds, message->item.num_fds);
}

/* Writes one item, if there is room; 0, -ENOSPC, -EAGAIN, or another error. */
static int write_item(struct writer *writer, const struct message *message) {
  struct comm_ring *ring = &writer->queue->ring;
  size_t size = message->item.size;
  uint32_t units = item_units(size, message->item.num_fds);
  int r = ring_room(ring, writer->tail, units);
  if (r == 0) r = send_fds(writer, message);
  if (r < 0) return r;
  uint32_t at = mark_units(writer->tail);
  ring_write(ring, at++, message->item.head, WIRE_ITEM_HEAD);
  if (message->item.num_fds > 0) {
    ring_write(ring, at++, &ring->courier_id, sizeof ring->courier_id);
  }
  ring_write(ring, at, message->item.body, size);
  writer->tail = mark_plus(writer->tail, 1, units);
  writer->units += units;
  return 0;
}

/* A value that is only bytes. */
static bool is_light(const brood_value *value) {
  return (unsigned)value->type <= BROOD_TYPE_BYTES &&
         value->size_bytes <= BROOD_MAX_ITEM;
}

/* Writes what can go together with the first. */
static size_t write_more(struct writer *writer, const brood_value *items,
                         size_t count) {
  size_t done = 0;
  while (done < count && writer->units < UNITS_AT_ONCE) {
    struct message message;
    if (!is_light(&items[done])) break;
    if (message_pack(&message, &items[done], BROOD_MAX_ITEM) < 0) break;
    if (write_item(writer, &message) < 0) break;
    done++;
  }
  return done;
}

/* One call's waiting. */
struct patience {
  int64_t deadline_ns;
  bool is_over; /* nobody gets anything: the ring is to grow */
  bool has_slept;
};

/* The ring is too small. For a while that is left to those who get: mostly it
 * is small only because they are a little behind, and the smaller it is, the
 * better it fits into a cache. */
static bool is_to_grow(struct comm_ring *ring, uint32_t units,
                       const struct patience *patience) {
  return patience->is_over || sync_is_over(patience->deadline_ns) ||
         units > atomic_load(&ring->capacity) / 4;
}

/* Writes one item, in a larger ring if need be. */
static int write_first(struct writer *writer, const struct message *message,
                       const struct patience *patience) {
  struct comm_ring *ring = &writer->queue->ring;
  uint32_t units = item_units(message->item.size, message->item.num_fds);
  int r = write_item(writer, message);
  while (r == -ENOSPC && is_to_grow(ring, units, patience)) {
    r = ring_grow(ring, share_block_of(writer->queue), units,
                  patience->deadline_ns);
    if (r == 0) r = write_item(writer, message);
    if (r == -ENOSPC) return -EAGAIN;
  }
  return r == -ETIMEDOUT ? -EAGAIN : r;
}

/* One hold of the lock. Returns how many items it put; -ENOSPC: look whether
 * there will be room; -EAGAIN: wait for it, from *out_head on; or an error. */
static int try_put(struct comm_queue *queue, const struct message *first,
                   const brood_value *more, size_t num_more,
                   const struct patience *patience, uint64_t *out_head) {
  struct comm_ring *ring = &queue->ring;
  if (ring_lock_put(ring, patience->deadline_ns) < 0) return -EAGAIN;
  struct writer writer = {
      .queue = queue,
      /* relaxed: written under the lock. */
      .tail = atomic_load_explicit(&ring->tail, memory_order_relaxed)};
  int r = write_first(&writer, first, patience);
  if (r == 0) {
    r = 1 + (int)write_more(&writer, more, num_more);
    ring_put_commit(ring, writer.tail);
  }
  *out_head = ring->seen_head;
  sync_lock_release(&ring->put_lock);
  return r;
}

static void sleep_for_room(struct comm_ring *ring, uint64_t seen_head,
                           struct patience *patience, int64_t deadline_ns) {
  ring_wait_room(ring, seen_head, deadline_ns);
  patience->has_slept = true;
}

/* There are too many bytes in the ring. */
static void wait_for_bytes(struct comm_ring *ring, uint64_t seen_head,
                           struct patience *patience) {
  uint32_t capacity = atomic_load(&ring->capacity);
  if (ring_look_for_room(ring, seen_head, capacity / 4)) return;
  if (capacity >= RING_USUAL) {
    int64_t end_ns = sys_clock_ns() + PATIENCE_NS;
    if (end_ns > patience->deadline_ns) end_ns = patience->deadline_ns;
    sleep_for_room(ring, seen_head, patience, end_ns);
    if (atomic_load(&ring->head) != seen_head) return;
  }
  patience->is_over = true;
}

/* What try_put said to do before it is called again; -EAGAIN: the time is
 * over. */
static int wait_for_room(struct comm_ring *ring, int r, uint64_t seen_head,
                         struct patience *patience) {
  if (r == -ENOSPC) {
    wait_for_bytes(ring, seen_head, patience);
    return 0;
  }
  if (sync_is_over(patience->deadline_ns)) return -EAGAIN;
  if (ring_look_for_room(ring, seen_head, 0)) return 0;
  sleep_for_room(ring, seen_head, patience, patience->deadline_ns);
  return 0;
}

/* Puts one item, and of those after it what is easy. Returns how many, -EAGAIN
 * or an error. */
static int put_some(struct comm_queue *queue, const struct message *first,
                    const brood_value *more, size_t num_more,
                    int64_t deadline_ns) {
  struct patience patience = {.deadline_ns = deadline_ns};
  uint64_t seen_head = 0;
  int r;
  do {
    r = try_put(queue, first, more, num_more, &patience, &seen_head);
    if (r > 0) break;
    if (r == -ENOSPC || r == -EAGAIN) {
      r = wait_for_room(&queue->ring, r, seen_head, &patience);
    }
  } while (r == 0);
  if (r < 0) return r;
  ring_put_wake(&queue->ring, (uint32_t)r);
  if (patience.has_slept) ring_slept_put(&queue->ring);
  return r;
}

int queue_put(struct comm_queue *queue, const brood_value *items, size_t count,
              int64_t deadline_ns, size_t *out_count) {
  size_t done = 0;
  int r = 0;
  while (done < count && r == 0) {
    struct message message;
    r = message_pack(&message, &items[done], BROOD_MAX_ITEM);
    if (r < 0) break;
    int put = put_some(queue, &message, items + done + 1, count - done - 1,
                       deadline_ns);
    message_discard(&message);
    if (put > 0) {
      done += (size_t)put;
    } else if (put == -EAGAIN) {
      r = QUEUE_TIMEOUT;
    } else {
      r = error_set_os(put, "cannot put an item");
    }
  }
  *out_count = done;
  return done > 0 ? 0 : r;
}
