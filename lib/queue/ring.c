/* SPDX-License-Identifier: MIT
 *
 * See ring.h. A sleeper sets a flag, and looks once more; a process that
 * commits looks at the flag afterwards: one of them sees the other. The waker
 * clears the flag, and a woken sleeper sets it again for those behind it: so a
 * burst of items costs one wake-up, and a sleeper that was killed costs one in
 * vain.
 *
 * Killed where?  With a lock held, before the commit: nothing has happened, and
 * the lock is taken over. After the commit, before the wake-up; or woken,
 * before it is passed on: the sleepers look for themselves at the end of a
 * slice.
 */
#include "lib/queue/ring.h"

#include <limits.h>

#include "lib/share/arena.h"
#include "lib/sys/clock.h"
#include "lib/sys/proc.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the half of a mark that is slept on must come first"
#endif

/* How long a caller that polls may wait for a lock: longer than it takes to
 * find out that the holder was killed. */
#define GRACE_NS (2 * SYNC_SLICE_NS)
#define FIRST_STEP_NS INT64_C(1000000)

/* A look is a yield, for the process that is awaited may need the processor,
 * and some pauses. Looking more often would take the cache line from the
 * writer, and give one item each time instead of several. */
enum { PAUSES = 16, MOST_LOOKS = 32, ROOM_LOOKS = 16, TRY_ANEW = 16 };

static _Atomic uint32_t *items_half(_Atomic uint64_t *mark) {
  return (_Atomic uint32_t *)(void *)mark;
}

void ring_init(struct ring *ring, uint32_t maxsize, size_t room) {
  ring->maxsize = maxsize;
  ring->most = RING_MOST;
  while (ring->most > room) ring->most /= 2;
  ring->reserved = RING_LEAST;
  atomic_store_explicit(&ring->capacity, RING_LEAST, memory_order_relaxed);
  atomic_store_explicit(&ring->looks, MOST_LOOKS, memory_order_relaxed);
}

/* A living holder has these locks briefly: a waiter asks whether it was killed
 * after a millisecond, and then less and less often. */
int ring_wait_lock(struct ring *ring, struct sync_lock *lock,
                   int64_t deadline_ns) {
  uint64_t token = sync_self_process();
  int64_t now_ns = sys_clock_ns();
  if (deadline_ns < now_ns + GRACE_NS) deadline_ns = now_ns + GRACE_NS;
  for (int64_t step_ns = FIRST_STEP_NS;; step_ns *= 2) {
    if (step_ns > SYNC_SLICE_NS) step_ns = SYNC_SLICE_NS;
    int64_t step_end_ns = sys_clock_ns() + step_ns;
    if (step_end_ns > deadline_ns) step_end_ns = deadline_ns;
    int r = sync_lock_acquire(lock, token, step_end_ns);
    if (r == -EOWNERDEAD) {
      /* What a producer did not commit is not there; see tasks.h. */
      if (lock == &ring->get_lock) ring->getter_died = 1;
      return 0;
    }
    if (r != -ETIMEDOUT || step_end_ns == deadline_ns) return r;
  }
}

uint32_t ring_count(struct ring *ring) {
  /* The head first: if they are equal now, they were when it was read. But with
   * a tail of later than that there would seem to be too many. */
  uint64_t head, tail, now = atomic_load(&ring->head);
  int looks = 0;
  do {
    head = now;
    tail = atomic_load(&ring->tail);
    now = atomic_load(&ring->head);
  } while (now != head && ++looks < MOST_LOOKS);
  return mark_items(tail) - mark_items(head);
}

/* --------------------------------------------------------------- Waking -- */

void ring_wake_getters(struct ring *ring, uint32_t items) {
  if (atomic_exchange(&ring->getters_sleep, 0) == 0) return;
  int woken = sys_futex_wake(items_half(&ring->tail),
                             items > INT_MAX ? INT_MAX : (int)items);
  /* One that has set the flag since may not have fallen asleep yet. */
  if (woken == 0 && ring_count(ring) == 0)
    atomic_store(&ring->getters_sleep, 1);
}

static bool is_room(struct ring *ring) {
  uint64_t head = atomic_load(&ring->head);
  uint64_t tail = atomic_load(&ring->tail);
  return ring->maxsize == 0
             ? ring_much_is_free(ring, head, tail)
             : mark_items(tail) - mark_items(head) < ring->maxsize;
}

void ring_wake_putter(struct ring *ring) {
  uint32_t how = atomic_exchange(&ring->putters_sleep, 0);
  if (how == 0) return;
  int woken = sys_futex_wake(items_half(&ring->head), 1);
  if (woken == 0 && !is_room(ring)) atomic_fetch_or(&ring->putters_sleep, how);
}

void ring_slept_get(struct ring *ring) {
  atomic_store(&ring->getters_sleep, 1);
  if (ring_count(ring) > 0) ring_put_wake(ring, 1);
}

/* The waker has cleared the flag of the sleepers behind this one too. */
void ring_slept_put(struct ring *ring) {
  atomic_store(&ring->putters_sleep, ring_at_last(ring));
  if (is_room(ring)) ring_wake_putter(ring);
}

/* -------------------------------------------------------------- Waiting -- */

/* relaxed: a caller that sees it go on looks again under a lock. */
static bool has_gone_on(_Atomic uint64_t *mark, uint64_t from, uint32_t items,
                        uint32_t units) {
  uint64_t now = atomic_load_explicit(mark, memory_order_relaxed);
  return mark_items(now) - mark_items(from) >= items &&
         mark_units(now) - mark_units(from) >= units;
}

/* Looks `looks` times whether a mark has gone on by these items and units; the
 * number of looks before, or -1 if it did not see that. */
static int look_at_mark(_Atomic uint64_t *mark, uint64_t from, uint32_t items,
                        uint32_t units, int looks) {
  for (int i = 0; i < looks; i++) {
    if (has_gone_on(mark, from, items, units)) return i;
    sys_yield();
    if (has_gone_on(mark, from, items, units)) return i;
    for (int pause = 0; pause < PAUSES; pause++) sys_relax();
  }
  return -1;
}

/* relaxed: a wrong number costs some looks. */
static void learn(struct ring *ring, int looks, int needed) {
  int next =
      needed < 0 ? looks - looks / 8 - 1 : looks + (2 * needed + 8 - looks) / 4;
  if (next < 1) next = 1;
  if (next > MOST_LOOKS) next = MOST_LOOKS;
  atomic_store_explicit(&ring->looks, (uint32_t)next, memory_order_relaxed);
}

bool ring_wait_item(struct ring *ring, uint64_t seen_tail,
                    int64_t deadline_ns) {
  int looks = (int)atomic_load_explicit(&ring->looks, memory_order_relaxed);
  /* Two processes that sleep for each other would never learn that they are
   * quicker awake. */
  if (mark_items(seen_tail) % TRY_ANEW == 0) looks = MOST_LOOKS;
  int needed = look_at_mark(&ring->tail, seen_tail, 1, 0, looks);
  learn(ring, looks, needed);
  if (needed >= 0) return false;
  /* An idle consumer does no more than this at the end of a slice. */
  do {
    atomic_store(&ring->getters_sleep, 1);
    if (atomic_load(&ring->tail) != seen_tail) return true;
    sync_sleep(items_half(&ring->tail), mark_items(seen_tail), deadline_ns);
  } while (!sync_is_over(deadline_ns));
  return true;
}

bool ring_look_for_room(struct ring *ring, uint64_t seen_head, uint32_t items,
                        uint32_t units) {
  return look_at_mark(&ring->head, seen_head, items, units, ROOM_LOOKS) >= 0;
}

void ring_wait_room(struct ring *ring, uint64_t seen_head, uint32_t how,
                    int64_t deadline_ns) {
  atomic_fetch_or(&ring->putters_sleep, how);
  if (atomic_load(&ring->head) != seen_head) return;
  sync_sleep(items_half(&ring->head), mark_items(seen_head), deadline_ns);
}

/* -------------------------------------------------------------- Size -- */

/* A place in the ring is a mark modulo the capacity. When that doubles, a byte
 * either stays where it is or belongs one old capacity further on, where
 * nothing was before: growing copies those bytes, and then one store of the
 * capacity makes it true. Killed before that store: nothing has happened. The
 * store is a release, or the compiler might have it come before the copies. */

/* A ring holds several items at least, so that one side need not wait until the
 * other is done with the last. */
enum { ITEMS_AT_LEAST = 4 };

static size_t offset_of(const struct ring *ring,
                        const struct share_block *block, uint32_t units) {
  const uint8_t *object = (const uint8_t *)(block + 1);
  return (size_t)(ring->data - object) + (size_t)units * MARK_UNIT;
}

/* Copies the bytes that belong elsewhere in a larger ring. */
static void spread(struct ring *ring, uint32_t from, uint32_t to) {
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

int ring_grow(struct ring *ring, const struct share_block *block,
              uint32_t units, int64_t deadline_ns) {
  uint32_t old = atomic_load_explicit(&ring->capacity, memory_order_relaxed);
  if (old == ring->most) return -ENOSPC;
  uint32_t capacity = 2 * old;
  while (capacity < ITEMS_AT_LEAST * units && capacity < ring->most) {
    capacity *= 2;
  }
  int r = 0;
  if (capacity > ring->reserved) {
    r = arena_reserve(block, offset_of(ring, block, ring->reserved),
                      (size_t)(capacity - ring->reserved) * MARK_UNIT);
    if (r < 0) return r;
    ring->reserved = capacity;
  }
  r = ring_lock(ring, &ring->get_lock, deadline_ns);
  if (r < 0) return r;
  spread(ring, old, capacity);
  atomic_store_explicit(&ring->capacity, capacity, memory_order_release);
  sync_quick_release(&ring->get_lock);
  return 0;
}

void ring_shrink(struct ring *ring, const struct share_block *block,
                 uint32_t units) {
  uint32_t usual = RING_USUAL;
  while (usual < ITEMS_AT_LEAST * units) usual *= 2;
  if (ring_capacity(ring) <= usual) return;
  /* Without waiting: a producer that grows the ring has this lock and wants
   * ours. */
  if (sync_lock_acquire(&ring->put_lock, sync_self_process(), 0) ==
      -ETIMEDOUT) {
    return;
  }
  if (ring_count(ring) == 0) {
    uint32_t reserved = ring->reserved;
    /* A head seen in the larger ring may be further back than this one
     * reaches. */
    ring->seen_head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    atomic_store_explicit(&ring->capacity, usual, memory_order_release);
    ring->reserved = usual; /* before its pages go, by a call */
    arena_give_pages_back(block, offset_of(ring, block, usual),
                          (size_t)(reserved - usual) * MARK_UNIT);
  }
  sync_quick_release(&ring->put_lock);
}
