/* SPDX-License-Identifier: MIT
 *
 * See ring_size.h. A place in the ring is a mark modulo the capacity. When that
 * doubles, each byte either stays where it is or belongs so much further on,
 * where nothing was before: growing copies these, and then one store of the
 * capacity makes it true. Killed before that store: nothing has happened. The
 * store is a release, or the compiler might have it come before the rest.
 */
#include "lib/comm/ring_size.h"

#include <errno.h>
#include <string.h>

#include "lib/share/arena.h"
#include "lib/sync/lock.h"
#include "lib/sync/self.h"

/* A ring holds some items at least, so that one side need not wait until the
 * other has done with the last. */
enum { ITEMS_AT_LEAST = 4 };

static size_t offset_of(const struct comm_ring *ring,
                        const struct share_block *block, uint32_t units) {
  const uint8_t *object = (const uint8_t *)(block + 1);
  return (size_t)(ring->data - object) + (size_t)units * MARK_UNIT;
}

/* With put_lock held. */
static int reserve(struct comm_ring *ring, const struct share_block *block,
                   uint32_t capacity) {
  if (capacity <= ring->reserved) return 0;
  size_t size = (size_t)(capacity - ring->reserved) * MARK_UNIT;
  int r = arena_reserve(block, offset_of(ring, block, ring->reserved), size);
  if (r == 0) ring->reserved = capacity;
  return r;
}

/* Copies what is not where it belongs in a larger ring. */
static void spread(struct comm_ring *ring, uint32_t from, uint32_t to) {
  /* relaxed: written under the locks that the caller has. */
  uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
  uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
  uint32_t units = mark_units(head);
  while (units != mark_units(tail)) {
    uint32_t old_at = units & (from - 1), new_at = units & (to - 1);
    uint32_t run = mark_units(tail) - units;
    if (run > from - old_at) run = from - old_at;
    if (new_at != old_at) {
      memcpy(ring->data + (size_t)new_at * MARK_UNIT,
             ring->data + (size_t)old_at * MARK_UNIT, (size_t)run * MARK_UNIT);
    }
    units += run;
  }
}

int ring_grow(struct comm_ring *ring, const struct share_block *block,
              uint32_t units, int64_t deadline_ns) {
  uint32_t old = atomic_load_explicit(&ring->capacity, memory_order_relaxed);
  if (old == ring->most) return -ENOSPC;
  uint32_t new = 2 * old;
  while (new < ITEMS_AT_LEAST * units &&new < ring->most) new *= 2;
  int r = reserve(ring, block, new);
  if (r < 0) return r;
  r = ring_lock_get(ring, deadline_ns);
  if (r < 0) return r;
  spread(ring, old, new);
  atomic_store_explicit(&ring->capacity, new, memory_order_release);
  sync_quick_release(&ring->get_lock);
  return 0;
}

void ring_shrink(struct comm_ring *ring, const struct share_block *block) {
  /* Not to wait: who grows the ring has this lock and wants ours. */
  if (sync_lock_acquire(&ring->put_lock, sync_self_process(), 0) ==
      -ETIMEDOUT) {
    return;
  }
  if (ring_count(ring) == 0) {
    uint32_t reserved = ring->reserved;
    /* What was seen of a larger ring may be further away than this one is
     * large. */
    ring->seen_head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    atomic_store_explicit(&ring->capacity, RING_USUAL, memory_order_release);
    ring->reserved = RING_USUAL; /* before its pages go, by a call */
    arena_give_pages_back(block, offset_of(ring, block, RING_USUAL),
                          (size_t)(reserved - RING_USUAL) * MARK_UNIT);
  }
  sync_quick_release(&ring->put_lock);
}
