/* SPDX-License-Identifier: MIT
 *
 * Getting items. Each step that can fail comes before the commit, with the lock
 * held: an item that cannot be had stays where it is. Killed before the commit:
 * it is still there; after it: it is gone with this process.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "lib/queue/queue.h"
#include "lib/share/arena.h"
#include "lib/share/message.h"
#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/sync/lock.h"
#include "lib/sync/self.h"
#include "lib/sys/fd.h"
#include "lib/sys/sock.h"

/* Bytes that stand for an object, or the size of a body outside; a tuple of no
 * more bytes needs no memory besides its own. */
enum { MOST_SMALL = PACK_OBJECT, FEW_BYTES = 512 };

/* --------------------------------------------------------- The quick way -- */

static int read_number(const struct ring *ring, uint64_t mark,
                       uint64_t readable, brood_value *out_value) {
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

/* Reads the item at a mark and returns how many units it has; 0 if it is not
 * light; -ENOMEM; -EBADMSG if its bytes are not all readable. */
static inline int read_light(const struct ring *ring, uint64_t mark,
                             uint64_t readable, brood_value *out_value) {
  uint8_t bytes[WIRE_HEAD];
  ring_read_unit(ring, mark_units(mark), bytes);
  const uint64_t head = wire_get_eight(bytes);
  if (!wire_head_is_text(head)) {
    return read_number(ring, mark, readable, out_value);
  }
  const uint32_t size = (uint32_t)head;
  if (size > BROOD_MAX_ITEM ||
      item_units(size, 0) > mark_units(readable) - mark_units(mark)) {
    return -EBADMSG;
  }
  char *data = malloc((size_t)size + 1);
  if (data == NULL) return -ENOMEM;
  ring_read(ring, mark_units(mark) + 1, data, size);
  data[size] = '\0';
  *out_value = (brood_value){.type = (enum brood_type)(head >> 32),
                             .as.data = data,
                             .size_bytes = size};
  return (int)item_units(size, 0);
}

/* Gets the next item; false if there is none, or it is for the other way. */
static bool take_light(struct ring *ring, brood_value *out_item,
                       bool *out_much_is_free) {
  /* relaxed: written under the lock. */
  uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
  uint64_t readable = ring_readable(ring, head);
  uint32_t items = mark_items(readable) - mark_items(head);
  /* After the last item a large ring is to shrink, and a notice taken out.
   * relaxed: likewise. */
  if (items == 0 ||
      (items == 1 &&
       (ring_capacity(ring) > RING_USUAL ||
        atomic_load_explicit(&ring->is_watched, memory_order_relaxed) != 0))) {
    return false;
  }
  int units = read_light(ring, head, readable, out_item);
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
  void (*claim)(uint32_t number); /* or NULL */
  uint64_t head;
  uint64_t readable;
  uint32_t last_units; /* of the item before head */
  uint32_t num_fds;    /* that go with it, if it is not light */
  bool has_other;      /* it has got one item, and that is not light: */
  brood_value value;
  int fds[MESSAGE_MAX_FDS];
  struct received received;
};

/* Writes copies of the descriptors under a number, and leaves them where they
 * are; lower numbers, whose items were never committed, are thrown away.
 * -EBADMSG: there is no such number. */
static int look_beside(const struct share_block *block, uint32_t number,
                       int *out_fds, size_t num_fds) {
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
  uint32_t num_open = 0;
  int r = body == NULL ? -ENOMEM : 0;
  if (r == 0 && head.num_fds > 0) {
    uint32_t number;
    ring_read(ring, at++, &number, sizeof number);
    r = look_beside(share_block_of(reader->queue), number, reader->fds,
                    head.num_fds);
    if (r == 0) num_open = head.num_fds;
  }
  if (r == 0) {
    ring_read(ring, at, body, head.size);
    r = message_open(&reader->received, bytes, body, head.size, reader->fds,
                     head.num_fds);
  }
  if (r == 0) r = message_unpack_head(&reader->received, &reader->value);
  for (uint32_t i = 0; r < 0 && i < num_open; i++) sys_close(reader->fds[i]);
  if (body != few) free(body);
  if (r < 0) return r;
  reader->has_other = true;
  reader->num_fds = head.num_fds;
  return (int)item_units(head.size, head.num_fds);
}

/* An item that is not light comes alone. */
static int read_item(struct reader *reader, bool is_first,
                     brood_value *out_value) {
  struct ring *ring = &reader->queue->ring;
  int r = read_light(ring, reader->head, reader->readable, out_value);
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
static int read_items(struct reader *reader, brood_value *out_items,
                      size_t capacity) {
  const uint32_t begin = mark_units(reader->head);
  size_t count = 0;
  int r = 0;
  while (count < capacity && !reader->has_other &&
         mark_units(reader->head) - begin < RING_LEAST &&
         mark_items(reader->head) != mark_items(reader->readable)) {
    r = read_item(reader, count == 0, &out_items[count]);
    if (r <= 0) break;
    count++;
  }
  return count > 0 || r >= 0 ? (int)count : refuse_next(r);
}

/* An item that cannot be got is claimed all the same: it goes, and whoever put
 * it is told. False if it is none. */
static bool pass_over(struct reader *reader) {
  uint8_t bytes[WIRE_HEAD];
  struct wire_head head;
  uint32_t at = mark_units(reader->head);
  ring_read_unit(&reader->queue->ring, at, bytes);
  if (reader->claim == NULL || !wire_get_head(&head, bytes) ||
      !is_sound(&head, mark_units(reader->readable) - at)) {
    return false;
  }
  reader->num_fds = head.num_fds;
  reader->last_units = item_units(head.size, head.num_fds);
  reader->head = mark_plus(reader->head, 1, reader->last_units);
  return true;
}

static void commit(struct reader *reader, uint64_t from, uint32_t count) {
  struct queue *queue = reader->queue;
  if (reader->claim != NULL) reader->claim(mark_items(from));
  if (queue->is_joinable) {
    tasks_take(&queue->tasks, mark_items(from), count);
  }
  ring_get_commit(&queue->ring, reader->head);
  if (queue->is_joinable) tasks_settle(&queue->tasks, mark_items(reader->head));
  if (reader->num_fds > 0) {
    sys_sock_drop(arena_fd(share_block_of(queue), ARENA_RECEIVER));
  }
  if (mark_items(reader->head) == mark_items(reader->readable) &&
      ring_capacity(&queue->ring) > RING_USUAL) {
    ring_shrink(&queue->ring, share_block_of(queue), reader->last_units);
  }
}

/* One hold of the lock: how many items it got, -ETIMEDOUT if it did not get the
 * lock, or an error that is set. Without an item *out_tail is the tail seen. */
static int try_get(struct queue *queue, brood_value *out_items, size_t capacity,
                   int64_t deadline_ns, void (*claim)(uint32_t number),
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
  reader.num_fds = 0;
  reader.has_other = false;
  int count = read_items(&reader, out_items, capacity);
  bool has_got = count > 0 || (count < 0 && pass_over(&reader));
  if (has_got) commit(&reader, head, count > 0 ? (uint32_t)count : 1);
  *out_tail = reader.readable;
  /* Judged by the tail as last read; reading it again would take its cache line
   * from the producer. */
  bool much_is_free =
      reader.has_other || ring_much_is_free(ring, reader.head, reader.readable);
  bool is_last = has_got && atomic_load(&ring->is_watched) != 0 &&
                 mark_items(reader.head) == mark_items(reader.readable);
  sync_quick_release(&ring->get_lock);
  if (has_got) ring_get_wake(ring, much_is_free);
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
              int64_t deadline_ns, void (*claim)(uint32_t number)) {
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
