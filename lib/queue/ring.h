/* SPDX-License-Identifier: MIT
 *
 * The ring of a queue: bytes of items in shared memory, one lock for producers
 * and one for consumers. Knows nothing of values, handles or errors. All zero
 * but for ring_init.
 *
 * A producer takes put_lock, asks for room, writes, commits by one store to the
 * tail, gives the lock back and wakes. A consumer does the same at the head. No
 * process waits for items or room with a lock held, so one that is killed while
 * it waits leaves nothing behind.
 */
#pragma once

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "brood.h"
#include "lib/names.h"
#include "lib/share/block.h"
#include "lib/sync/lock.h"
#include "lib/sync/self.h"
#include "lib/sys/futex.h"

/* A mark is a place in a ring, as one word, so that one store commits an item:
 *
 *   bits 63..32   units of 8 bytes, counted from the first ever
 *   bits 31..0    items likewise; the half that others sleep on
 *
 * Both wrap; only differences mean something. */
enum { MARK_UNIT = 8 };

static inline uint32_t mark_items(uint64_t mark) {
  return (uint32_t)mark;
}

static inline uint32_t mark_units(uint64_t mark) {
  return (uint32_t)(mark >> 32);
}

/* mark_plus does not let one half run over into the other. */
static inline uint64_t mark_plus(uint64_t mark, uint32_t items,
                                 uint32_t units) {
  return (uint64_t)(mark_units(mark) + units) << 32 |
         (uint32_t)(mark_items(mark) + items);
}

/* Units: the size that a ring begins with, shrinks to, grows to. */
enum {
  RING_LEAST = (1 << 16) / MARK_UNIT,
  RING_USUAL = (1 << 20) / MARK_UNIT,
  RING_MOST = (1 << 26) / MARK_UNIT
};

/* Lines that different processes write are apart. */
struct ring {
  _Alignas(64) uint32_t maxsize; /* 0: none */
  _Atomic uint32_t
      capacity;      /* units, a power of two: changes under both locks */
  uint32_t reserved; /* units that have pages: under both locks */
  uint32_t most;     /* units that it may grow to */

  _Alignas(64) struct sync_lock put_lock;
  uint64_t seen_head;  /* by producers; under put_lock */
  uint32_t courier_id; /* likewise, of the last message beside the ring */
  uint32_t notice;     /* likewise: enum arena_notice */

  _Alignas(64) _Atomic uint64_t tail; /* a mark; written under put_lock */
  _Atomic uint32_t getters_sleep;     /* a consumer may sleep on the tail */

  _Alignas(64) struct sync_lock get_lock;
  uint64_t seen_tail;          /* by consumers; under get_lock */
  uint32_t getter_died;        /* likewise: while it had the lock */
  _Atomic uint32_t looks;      /* how often to look for an item before sleep */
  _Atomic uint32_t is_watched; /* who gets the last item takes the notice out */

  _Alignas(64) _Atomic uint64_t head; /* a mark; written under get_lock */
  _Atomic uint32_t putters_sleep;     /* how a producer may, on the head */

  _Alignas(64) uint8_t data[];
};

/* ring_init has the ring grow to `room` units at most. */
void ring_init(struct ring *ring, uint32_t maxsize, size_t room);

/* Larger items go into a memfd, so that a ring has room for several items. */
static inline size_t ring_max_item(const struct ring *ring) {
  size_t part = (size_t)ring->most * MARK_UNIT / 8;
  return part < BROOD_MAX_ITEM ? part : BROOD_MAX_ITEM;
}

/* ring_lock takes one of a ring's locks, also from a holder that was killed: 0,
 * or -ETIMEDOUT. A holder is quick, so a caller that polls waits for a moment
 * too. sync_quick_release gives it back. */
int ring_wait_lock(struct ring *ring, struct sync_lock *lock,
                   int64_t deadline_ns);

static inline bool ring_lock_quickly(struct sync_lock *lock) {
  uint64_t token = sync_quick_token();
  return token != 0 && sync_quick_acquire(lock, token);
}

static inline int ring_lock(struct ring *ring, struct sync_lock *lock,
                            int64_t deadline_ns) {
  if (ring_lock_quickly(lock)) return 0;
  return ring_wait_lock(ring, lock, deadline_ns);
}

/* ------------------------------------------------ With put_lock held -- */

/* relaxed: it changes under both locks, and the caller has one. */
static inline uint32_t ring_capacity(const struct ring *ring) {
  return atomic_load_explicit(&ring->capacity, memory_order_relaxed);
}

static inline int ring_room_behind(const struct ring *ring, uint64_t tail,
                                   uint32_t units) {
  uint32_t items = mark_items(tail) - mark_items(ring->seen_head);
  if (ring->maxsize != 0 && items >= ring->maxsize) return -EAGAIN;
  uint32_t used = mark_units(tail) - mark_units(ring->seen_head);
  return units <= ring_capacity(ring) - used ? 0 : -ENOSPC;
}

/* ring_room: can `units` more be written? 0; -ENOSPC: the ring is too small;
 * -EAGAIN: there are maxsize items. tail is where the writer is. */
static inline int ring_room(struct ring *ring, uint64_t tail, uint32_t units) {
  if (ring_room_behind(ring, tail, units) == 0) return 0;
  /* acquire: the old bytes have been read. Partner: ring_get_commit. */
  ring->seen_head = atomic_load_explicit(&ring->head, memory_order_acquire);
  return ring_room_behind(ring, tail, units);
}

/* Where a unit lies. */
static inline size_t ring_at(const struct ring *ring, uint32_t units) {
  return (size_t)(units & (ring_capacity(ring) - 1)) * MARK_UNIT;
}

/* ring_write_unit and ring_read_unit copy one unit, which is never parted. */
static inline void ring_write_unit(struct ring *ring, uint32_t units,
                                   const uint8_t data[MARK_UNIT]) {
  memcpy(ring->data + ring_at(ring, units), data, MARK_UNIT);
}

static inline void ring_read_unit(const struct ring *ring, uint32_t units,
                                  uint8_t out[MARK_UNIT]) {
  memcpy(out, ring->data + ring_at(ring, units), MARK_UNIT);
}

/* The lines of a ring are in the other side's cache, and the exchange that
 * gives a lock back waits until the written lines are in ours: each side asks
 * for some lines before it needs them. A ring has more than that. */
enum { RING_AHEAD = 256 / MARK_UNIT };

static inline void ring_ask_to_write(struct ring *ring, uint32_t units) {
  sys_ask_to_write(ring->data + ring_at(ring, units + RING_AHEAD));
}

static inline void ring_ask_to_read(struct ring *ring, uint32_t units) {
  __builtin_prefetch(ring->data + ring_at(ring, units + RING_AHEAD), 0);
}

/* ring_write copies bytes to `units`, where there must be room. */
static inline void ring_write(struct ring *ring, uint32_t units,
                              const void *data, size_t size) {
  size_t at = ring_at(ring, units);
  size_t until_end = (size_t)ring_capacity(ring) * MARK_UNIT - at;
  size_t first = size < until_end ? size : until_end;
  memcpy(ring->data + at, data, first);
  if (first < size) {
    memcpy(ring->data, (const char *)data + first, size - first);
  }
}

/* ring_put_commit makes what lies before this mark items. */
static inline void ring_put_commit(struct ring *ring, uint64_t tail) {
  /* release: the bytes before it. Partner: ring_readable. */
  atomic_store_explicit(&ring->tail, tail, memory_order_release);
}

/* ------------------------------------------------ With get_lock held -- */

/* ring_readable returns the mark up to which there are items. */
static inline uint64_t ring_readable(struct ring *ring, uint64_t head) {
  if (mark_items(head) == mark_items(ring->seen_tail)) {
    /* acquire: the bytes before it are there. Partner: ring_put_commit. */
    ring->seen_tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
  }
  return ring->seen_tail;
}

static inline void ring_read(const struct ring *ring, uint32_t units, void *out,
                             size_t size) {
  size_t at = ring_at(ring, units);
  size_t until_end = (size_t)ring_capacity(ring) * MARK_UNIT - at;
  size_t first = size < until_end ? size : until_end;
  memcpy(out, ring->data + at, first);
  if (first < size) memcpy((char *)out + first, ring->data, size - first);
}

/* ring_get_commit makes what lies before this mark room. */
static inline void ring_get_commit(struct ring *ring, uint64_t head) {
  /* release: the bytes have been read. Partner: ring_room. */
  atomic_store_explicit(&ring->head, head, memory_order_release);
}

/* ---------------------------------------------------- With no lock held -- */

void ring_wake_getters(struct ring *ring, uint32_t items);
void ring_wake_putter(struct ring *ring);

/* A producer sleeps until a large part is free, or each get would cost a
 * wake-up and both sides would alternate; or until any item is got. */
enum { RING_FOR_MUCH = 1, RING_FOR_ANY = 2 };

/* For a producer that has lost patience. Without maxsize a large part gets free
 * soon enough. */
static inline uint32_t ring_at_last(const struct ring *ring) {
  return ring->maxsize == 0 ? RING_FOR_MUCH : RING_FOR_ANY;
}

/* How many free items are a large part; in a short queue, one. */
static inline uint32_t ring_many(const struct ring *ring) {
  uint32_t part = ring->maxsize / 16;
  return part == 0 ? 1 : part;
}

static inline bool ring_much_is_free(const struct ring *ring, uint64_t head,
                                     uint64_t tail) {
  uint32_t items = mark_items(tail) - mark_items(head);
  uint32_t used = mark_units(tail) - mark_units(head);
  return used <= ring_capacity(ring) / 2 &&
         (ring->maxsize == 0 || items + ring_many(ring) <= ring->maxsize);
}

/* ring_put_wake and ring_get_wake tell the other side of a commit, when the
 * lock has been given back: that exchange, which no later load passes, stands
 * between the commit and this look at the flag. Partner: ring_wait_item,
 * ring_wait_room; one of us sees the other. */
static inline void ring_put_wake(struct ring *ring, uint32_t items) {
  if (atomic_load(&ring->getters_sleep) != 0) ring_wake_getters(ring, items);
}

static inline void ring_get_wake(struct ring *ring, bool much_is_free) {
  uint32_t how = atomic_load(&ring->putters_sleep);
  if (how != 0 && (much_is_free || how != RING_FOR_MUCH)) {
    ring_wake_putter(ring);
  }
}

/* A caller that slept and then succeeded calls one of these, to pass the
 * wake-up on to others. */
void ring_slept_get(struct ring *ring);
void ring_slept_put(struct ring *ring);

/* ring_wait_item waits for an item to be put after a tail that was seen; true
 * if it slept for that. */
bool ring_wait_item(struct ring *ring, uint64_t seen_tail, int64_t deadline_ns);

/* ring_look_for_room looks for a moment whether these items and units get free;
 * ring_wait_room sleeps until a large part is, or anything. */
bool ring_look_for_room(struct ring *ring, uint64_t seen_head, uint32_t items,
                        uint32_t units);
void ring_wait_room(struct ring *ring, uint64_t seen_head, uint32_t how,
                    int64_t deadline_ns);

/* ring_count returns how many items there are. If that is 0, there were none
 * at the moment of the call. */
uint32_t ring_count(struct ring *ring);

/* ring_is_full: are there maxsize items? */
static inline bool ring_is_full(struct ring *ring) {
  return ring->maxsize != 0 && ring_count(ring) >= ring->maxsize;
}

/* -------------------------------------------------------------- Size -- */

/* ring_grow doubles a ring, or more, to hold `units`. With put_lock held, and
 * all that was written committed; takes get_lock meanwhile. 0; -ENOSPC: it is
 * as large as it may be; -ETIMEDOUT; or another -errno: no memory. */
int ring_grow(struct ring *ring, const struct share_block *block,
              uint32_t units, int64_t deadline_ns);

/* ring_shrink gives a ring that has grown, and is empty, the usual size again,
 * or what some items of so many units need, unless a producer has put_lock.
 * With get_lock held. */
void ring_shrink(struct ring *ring, const struct share_block *block,
                 uint32_t units);
