/* SPDX-License-Identifier: MIT
 *
 * The words of a semaphore:
 *
 *   value    what can be taken; sleepers sleep while it is 0
 *   waiters  0: nobody sleeps, a release need not wake. A killed sleeper stays
 *            counted: from then on releases wake in vain, nothing else
 *
 * A release that was killed before its wake, or a wake that went to somebody
 * killed: the value is there, and sleepers find it at the end of a slice.
 */
#include "lib/sync/semaphore.h"

#include <errno.h>
#include <stdbool.h>

#include "lib/sync/sleep.h"
#include "lib/sys/futex.h"

void sync_semaphore_init(struct sync_semaphore *semaphore, uint32_t value,
                         uint32_t bound) {
  atomic_store_explicit(&semaphore->value, value, memory_order_relaxed);
  atomic_store_explicit(&semaphore->waiters, 0, memory_order_relaxed);
  semaphore->bound = bound;
}

/* acquire: partner of the addition in sync_semaphore_release. */
static bool take_one(struct sync_semaphore *semaphore) {
  uint32_t value =
      atomic_load_explicit(&semaphore->value, memory_order_relaxed);
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
  /* seq_cst: we count ourselves and then look at the value, a release changes
   * the value and then looks at the count; one of us sees the other. */
  atomic_fetch_add(&semaphore->waiters, 1);
  bool taken;
  while (!(taken = take_one(semaphore)) && !sync_is_over(deadline_ns)) {
    sync_sleep(&semaphore->value, 0, deadline_ns);
  }
  atomic_fetch_sub(&semaphore->waiters, 1);
  return taken ? 0 : -ETIMEDOUT;
}

int sync_semaphore_release(struct sync_semaphore *semaphore) {
  uint32_t value =
      atomic_load_explicit(&semaphore->value, memory_order_relaxed);
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
