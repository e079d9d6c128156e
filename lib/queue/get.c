/* SPDX-License-Identifier: MIT
 *
 * Getting items. Each step that can fail comes before the commit, with the lock
 * held: an item that cannot be had stays where it is. Killed before the commit:
 * it is still there; after it: it is gone with this process.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "lib/queue/item.h"
#include "lib/queue/queue.h"
#include "lib/share/message.h"
#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/sync/lock.h"
#include "lib/sync/self.h"
#include "lib/sys/fd.h"

/* Bytes that stand for an object, or the size of a body outside; a tuple of no
 * more bytes needs no memory besides its own. */
enum { MOST_SMALL = PACK_OBJECT, FEW_BYTES = 512 };

/* --------------------------------------------------------- The quick way -- */

/* After the last item a large ring is to shrink, and a notice taken out.
 * relaxed: written under the lock. */
static bool is_more_to_do(const struct ring *ring) {
  return ring_capacity(ring) > RING_USUAL ||
         atomic_load_explicit(&ring->is_watched, memory_order_relaxed) != 0;
}

/* Gets the next item; false if there is none, or it is for the other way. */
static bool take_light(struct ring *ring, brood_value *out_item,
                       bool *out_much_is_free) {
  /* relaxed: written under the lock. */
  uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
  uint64_t readable = ring_readable(ring, head);
  uint32_t items = mark_items(readable) - mark_items(head);
  if (items == 0 || (items == 1 && is_more_to_do(ring))) return false;
  int units = item_read_light(ring, head, readable, out_item);
  if (units <= 0) return false;
  head = mark_plus(head, 1, (uint32_t)units);
  ring_ask_to_read(ring, mark_units(head));
  ring_get_commit(ring, head);
  *out_much_is_free = ring_much_is_free(ring, head, readable);
  return true;
}

bool queue_get_quickly(struct queue *queue, brood_value *out_item) {
  struct ring *ring = &queue->ring;
  if (queue->is_joinable || !ring_lock_quickly(&ring->get_lock)) return false;
  bool much_is_free = false;
  bool done = take_light(ring, out_item, &much_is_free);
  sync_quick_release(&ring->get_lock);
  if (done) ring_get_wake(ring, much_is_free);
  return done;
}

/* --------------------------------------------------------- The other way -- */

/* Where a reader is while it has the lock. */
struct reader {
  struct queue *queue;
  const struct queue_claim *claim; /* or NULL */
  uint64_t head;
  uint64_t readable;
  uint32_t last_units; /* of the item before head */
  bool has_other;      /* it has got one item, and that is not light: */
  brood_value value;
  int fds[MESSAGE_MAX_FDS];
  struct received received;
};

/* Is there such an item in the ring, as far as its head can tell? */
static bool is_sound(const struct wire_head *head, uint32_t units_left) {
  size_t most = head->type == BROOD_TYPE_TUPLE ? BROOD_MAX_ITEM : MOST_SMALL;
  return head->size <= most && head->num_fds <= MESSAGE_MAX_FDS &&
         item_units(head->size, head->num_fds) <= units_left;
}

/* Reads an item that is not light, but for a body outside, which may take long;
 * returns its units, or an error. */
static int read_other(struct reader *reader) {
  struct ring *ring = &reader->queue->ring;
  uint8_t bytes[WIRE_HEAD], few[FEW_BYTES];
  struct wire_head head;
  uint32_t at = mark_units(reader->head);
  uint32_t left = mark_units(reader->readable) - at;
  ring_read_unit(ring, at++, bytes);
  if (!wire_get_head(&head, bytes) || !is_sound(&head, left)) return -EBADMSG;
  uint8_t *body = head.size <= sizeof few ? few : malloc(head.size);
  uint8_t *none = NULL;
  uint32_t num_open = 0;
  int r = body == NULL ? -ENOMEM : 0;
  if (r == 0 && head.num_fds > 0) {
    uint32_t number;
    ring_read(ring, at++, &number, sizeof number);
    r = courier_look(share_block_of(reader->queue), number, reader->fds,
                     head.num_fds);
    if (r == 0) num_open = head.num_fds;
  }
  if (r == 0) {
    ring_read(ring, at, body, head.size);
    r = message_open(&reader->received, bytes, body, head.size, reader->fds,
                     head.num_fds);
  }
  if (r == 0) r = message_unpack_head(&reader->received, &none, &reader->value);
  for (uint32_t i = 0; r < 0 && i < num_open; i++) sys_close(reader->fds[i]);
  if (body != few) free(body);
  if (r < 0) return r;
  reader->has_other = true;
  return (int)item_units(head.size, head.num_fds);
}

/* An item that is not light comes alone. */
static int read_item(struct reader *reader, bool is_first,
                     brood_value *out_value) {
  struct ring *ring = &reader->queue->ring;
  int r = item_read_light(ring, reader->head, reader->readable, out_value);
  if (r == 0 && is_first) r = read_other(reader);
  if (r <= 0) return r;
  reader->last_units = (uint32_t)r;
  reader->head = mark_plus(reader->head, 1, reader->last_units);
  ring_ask_to_read(ring, mark_units(reader->head));
  return r;
}

static int refuse_next(int r) {
  return error_set_os(r, "cannot get the next item of a queue");
}

/* So many bytes at most, or one item: others are to get some as well, and the C
 * library gives memory back to the kernel when more is freed at once. */
static bool is_enough(const struct reader *reader, uint64_t begin) {
  return mark_units(reader->head) - mark_units(begin) >= RING_LEAST;
}

static int read_items(struct reader *reader, brood_value *out_items,
                      size_t capacity) {
  const uint64_t begin = reader->head;
  size_t count = 0;
  int r = 0;
  while (count < capacity && !reader->has_other && !is_enough(reader, begin) &&
         mark_items(reader->head) != mark_items(reader->readable)) {
    r = read_item(reader, count == 0, &out_items[count]);
    if (r <= 0) break;
    count++;
  }
  return count > 0 || r >= 0 ? (int)count : refuse_next(r);
}

static void commit(struct reader *reader, uint64_t from, uint32_t count) {
  struct queue *queue = reader->queue;
  if (reader->claim != NULL) {
    reader->claim->call(reader->claim->context, mark_items(from));
  }
  if (queue->is_joinable) {
    tasks_take(&queue->tasks, mark_items(from), count);
  }
  ring_get_commit(&queue->ring, reader->head);
  if (queue->is_joinable) tasks_settle(&queue->tasks, mark_items(reader->head));
  if (reader->has_other && reader->received.head.num_fds > 0) {
    courier_drop(share_block_of(queue));
  }
  if (mark_items(reader->head) == mark_items(reader->readable) &&
      ring_capacity(&queue->ring) > RING_USUAL) {
    ring_shrink(&queue->ring, share_block_of(queue), reader->last_units);
  }
}

/* One hold of the lock: how many items it got, -ETIMEDOUT if it did not get the
 * lock, or an error that is set. Without an item *out_tail is the tail seen. */
static int try_get(struct queue *queue, brood_value *out_items, size_t capacity,
                   int64_t deadline_ns, const struct queue_claim *claim,
                   uint64_t *out_tail) {
  struct ring *ring = &queue->ring;
  if (queue_lock_get(queue, deadline_ns) < 0) return -ETIMEDOUT;
  /* relaxed: written under the lock. */
  uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
  struct reader reader; /* most of it only for items that are not light */
  reader.queue = queue;
  reader.claim = claim;
  reader.head = head;
  reader.readable = ring_readable(ring, head);
  reader.has_other = false;
  int count = read_items(&reader, out_items, capacity);
  if (count > 0) commit(&reader, head, (uint32_t)count);
  *out_tail = reader.readable;
  /* Judged by the tail as last read; reading it again would take its cache line
   * from the producer. */
  bool much_is_free =
      reader.has_other || ring_much_is_free(ring, reader.head, reader.readable);
  bool is_last = count > 0 && atomic_load(&ring->is_watched) != 0 &&
                 mark_items(reader.head) == mark_items(reader.readable);
  sync_quick_release(&ring->get_lock);
  if (count > 0) ring_get_wake(ring, much_is_free);
  if (is_last) queue_notice_take(queue);
  if (!reader.has_other) return count;
  int r = message_unpack_body(&reader.received, &reader.value);
  if (r == 0) {
    *out_items = reader.value;
    return 1;
  }
  message_close(&reader.received);
  return refuse_next(r);
}

int queue_get(struct queue *queue, brood_value *out_items, size_t capacity,
              int64_t deadline_ns, const struct queue_claim *claim) {
  bool has_slept = false;
  uint64_t seen_tail = 0;
  int r;
  pthread_testcancel(); /* it may never come to wait */
  for (;;) {
    /* A thread that was cancelled with the lock would stop all processes. */
    guard_shield();
    r = try_get(queue, out_items, capacity, deadline_ns, claim, &seen_tail);
    /* The notice comes before the item: one that was just seen is there now. */
    if (r == 0 && atomic_load(&queue->ring.is_watched) != 0 &&
        queue_notice_take(queue)) {
      r = try_get(queue, out_items, capacity, deadline_ns, claim, &seen_tail);
    }
    guard_unshield();
    if (r != 0 || sync_is_over(deadline_ns)) break;
    has_slept |= ring_wait_item(&queue->ring, seen_tail, deadline_ns);
  }
  if (has_slept) ring_slept_get(&queue->ring);
  if (r != -ETIMEDOUT) return r;
  return ring_count(&queue->ring) == 0 ? 0 : queue_refuse_lock();
}

int queue_refuse_lock(void) {
  return error_set(BROOD_TIMEOUT, "another process holds the queue");
}

int queue_lock_get(struct queue *queue, int64_t deadline_ns) {
  struct ring *ring = &queue->ring;
  int r = ring_lock(ring, &ring->get_lock, deadline_ns);
  if (r < 0 || ring->getter_died == 0) return r;
  uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
  tasks_settle(&queue->tasks, mark_items(head));
  ring->getter_died = 0;
  return 0;
}
