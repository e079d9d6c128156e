/* SPDX-License-Identifier: MIT
 *
 * The words of a semaphore:
 *
 *   value    units to be taken; sleepers sleep while it is 0
 *   waiters  0: no sleeper, a release need not wake. A killed sleeper stays
 *            counted: from then on releases wake in vain, nothing else
 *
 * The word of an event:
 *
 *   bit 0       the flag
 *   bits 31..1  how often it has been set, so that a waiter that sleeps through
 *               set and clear knows it all the same
 *
 * Killed where?  Between changing the word and the wake, or woken: sleepers
 * find the word changed at the end of a slice.
 */
#include "lib/sync/lock.h"

#include <errno.h>
#include <limits.h>

#include "lib/sys/futex.h"

void sync_semaphore_init(struct sync_semaphore *semaphore, uint32_t value,
                         uint32_t bound) {
  atomic_store_explicit(&semaphore->value, value, memory_order_relaxed);
  atomic_store_explicit(&semaphore->waiters, 0, memory_order_relaxed);
  semaphore->bound = bound;
}

/* acquire: partner of the addition in sync_semaphore_release. */
static bool take_one(struct sync_semaphore *semaphore) {
  uint32_t value = sync_semaphore_value(semaphore);
  while (value > 0) {
    if (atomic_compare_exchange_weak_explicit(&semaphore->value, &value,
                                              value - 1, memory_order_acquire,
                                              memory_order_relaxed)) {
      return true;
    }
  }
  return false;
}

int sync_semaphore_acquire(struct sync_semaphore *semaphore,
                           int64_t deadline_ns) {
  if (take_one(semaphore)) return 0;
  if (deadline_ns <= 0) return -ETIMEDOUT;
  /* seq_cst: a waiter counts itself and then looks at the value, a release
   * changes the value and then looks at the count; one sees the other. */
  atomic_fetch_add(&semaphore->waiters, 1);
  bool taken;
  while (!(taken = take_one(semaphore)) && !sync_is_over(deadline_ns)) {
    sync_sleep(&semaphore->value, 0, deadline_ns);
  }
  atomic_fetch_sub(&semaphore->waiters, 1);
  return taken ? 0 : -ETIMEDOUT;
}

int sync_semaphore_release(struct sync_semaphore *semaphore) {
  uint32_t value = sync_semaphore_value(semaphore);
  do {
    if (value >= semaphore->bound) return -EOVERFLOW;
  } while (!atomic_compare_exchange_weak(&semaphore->value, &value, value + 1));
  if (atomic_load(&semaphore->waiters) > 0) {
    sys_futex_wake(&semaphore->value, 1);
  }
  return 0;
}

uint32_t sync_semaphore_value(struct sync_semaphore *semaphore) {
  return atomic_load_explicit(&semaphore->value, memory_order_relaxed);
}

/* ---------------------------------------------------------------- Event -- */

#define SET UINT32_C(1)

/* acquire: partner of the release in sync_event_set. */
static uint32_t look_at_flag(struct sync_event *event) {
  return atomic_load_explicit(&event->word, memory_order_acquire);
}

/* A flag that is up is written all the same: a process that sees the flag must
 * see what the caller did before. */
void sync_event_set(struct sync_event *event) {
  uint32_t word = atomic_load_explicit(&event->word, memory_order_relaxed);
  uint32_t set;
  do {
    set = word & SET ? word : (word + 2) | SET;
  } while (!atomic_compare_exchange_weak_explicit(
      &event->word, &word, set, memory_order_release, memory_order_relaxed));
  if (set != word) sys_futex_wake(&event->word, INT_MAX);
}

/* Does not change a word whose flag is down: a waiter that found it so waits
 * for any change, and only set makes one. */
void sync_event_clear(struct sync_event *event) {
  atomic_fetch_and_explicit(&event->word, ~SET, memory_order_relaxed);
}

bool sync_event_is_set(struct sync_event *event) {
  return look_at_flag(event) & SET;
}

int sync_event_wait(struct sync_event *event, int64_t deadline_ns) {
  uint32_t first = look_at_flag(event);
  if (first & SET) return 0;
  while (!sync_is_over(deadline_ns)) {
    sync_sleep(&event->word, first, deadline_ns);
    if (look_at_flag(event) != first) return 0;
  }
  return -ETIMEDOUT;
}
