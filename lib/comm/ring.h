/* SPDX-License-Identifier: MIT
 *
 * The ring of a queue: bytes of items in shared memory, one lock for those who
 * put and one for those who get. Knows nothing of values, handles or errors.
 * All zero but for ring_init.
 *
 * Whoever puts: takes put_lock; asks for room; writes; commits by one store to
 * the tail; gives the lock back; wakes. Whoever gets does the same at the head.
 * Nobody waits with a lock held, so who is killed while it waits leaves nothing
 * behind.
 */
#ifndef BROOD_COMM_RING_H
#define BROOD_COMM_RING_H

#include <stdbool.h>

#include "lib/comm/mark.h"
#include "lib/sync/lock.h"

/* Units: what a ring begins with, what it shrinks to, what it grows to. */
enum {
  RING_LEAST = (1 << 16) / MARK_UNIT,
  RING_USUAL = (1 << 20) / MARK_UNIT,
  RING_MOST = (1 << 26) / MARK_UNIT
};

/* Lines that different processes write are apart. */
struct comm_ring {
  _Alignas(64) uint32_t maxsize; /* 0: none */
  _Atomic uint32_t
      capacity;      /* units, a power of two: changes under both locks */
  uint32_t reserved; /* units that have pages: under both locks */

  _Alignas(64) struct sync_lock put_lock;
  uint64_t seen_head;  /* by those who put; under put_lock */
  uint32_t courier_id; /* likewise, of the last message beside the ring */

  _Alignas(64) _Atomic uint64_t tail; /* a mark; written under put_lock */
  _Atomic uint32_t getters_sleep;     /* somebody may sleep on the tail */
  _Atomic uint32_t looks;             /* how often to look before that */

  _Alignas(64) struct sync_lock get_lock;
  uint64_t seen_tail;   /* by those who get; under get_lock */
  uint32_t getter_died; /* likewise: while it had the lock */

  _Alignas(64) _Atomic uint64_t head; /* a mark; written under get_lock */
  _Atomic uint32_t putters_sleep;     /* somebody may sleep on the head */

  _Alignas(64) uint8_t data[];
};

void ring_init(struct comm_ring *ring, uint32_t maxsize);

/* ring_lock_put and ring_lock_get take a lock, also from a holder that was
 * killed: 0, or -ETIMEDOUT. Those who hold one are quick, so also who does not
 * want to wait waits for a moment. sync_lock_release gives it back. */
int ring_lock_put(struct comm_ring *ring, int64_t deadline_ns);
int ring_lock_get(struct comm_ring *ring, int64_t deadline_ns);

/* ------------------------------------------------ With put_lock held -- */

/* ring_room: can so many units more be written? 0; -ENOSPC: the ring is too
 * small; -EAGAIN: there are maxsize items. tail is where the writer is. */
int ring_room(struct comm_ring *ring, uint64_t tail, uint32_t units);

/* ring_write copies bytes to so many units behind a mark, which must have
 * room. */
void ring_write(struct comm_ring *ring, uint32_t units, const void *data,
                size_t size);

/* ring_put_commit makes what lies before this mark items. */
void ring_put_commit(struct comm_ring *ring, uint64_t tail);

/* ------------------------------------------------ With get_lock held -- */

/* ring_readable returns the mark up to which there are items. */
uint64_t ring_readable(struct comm_ring *ring, uint64_t head);

void ring_read(struct comm_ring *ring, uint32_t units, void *out, size_t size);

/* ring_get_commit makes what lies before this mark room. */
void ring_get_commit(struct comm_ring *ring, uint64_t head);

/* ---------------------------------------------------- With no lock held -- */

/* ring_put_wake and ring_get_wake tell the other side of a commit. Whoever
 * has slept before its own success calls ring_slept_get or ring_slept_put after
 * it, so that a wake-up is passed on to others. */
void ring_put_wake(struct comm_ring *ring, uint32_t items);
void ring_get_wake(struct comm_ring *ring, bool at_once);
void ring_slept_get(struct comm_ring *ring);
void ring_slept_put(struct comm_ring *ring);

/* ring_wait_item waits for anything to be put after a tail that was seen;
 * true if it slept for that. */
bool ring_wait_item(struct comm_ring *ring, uint64_t seen_tail,
                    int64_t deadline_ns);

/* ring_look_for_room looks for a moment whether so many units get free, or, if
 * none, an item; ring_wait_room sleeps until anything is got. */
bool ring_look_for_room(struct comm_ring *ring, uint64_t seen_head,
                        uint32_t units);
void ring_wait_room(struct comm_ring *ring, uint64_t seen_head,
                    int64_t deadline_ns);

/* ring_count returns how many items there are. If that is 0, there were none
 * at the moment of the call. */
uint32_t ring_count(struct comm_ring *ring);

#endif /* BROOD_COMM_RING_H */
