/* SPDX-License-Identifier: MIT
 *
 * The word of an event:
 *
 *   bit 0       the flag
 *   bits 31..1  how often it has been set, so that a waiter that sleeps through
 *               set and clear knows it all the same
 *
 * A waiter that found the flag down waits for any change: clear does not change
 * a word whose flag is down, so only set does.
 */
#include "lib/sync/event.h"

#include <errno.h>
#include <limits.h>

#include "lib/sync/sleep.h"
#include "lib/sys/futex.h"

#define SET UINT32_C(1)

/* Also a flag that is up is written, for what the caller did before: whoever
 * sees the flag must see that. release: partner of the acquire loads below. */
void sync_event_set(struct sync_event *event) {
  uint32_t word = atomic_load_explicit(&event->word, memory_order_relaxed);
  uint32_t set;
  do {
    set = word & SET ? word : (word + 2) | SET;
  } while (!atomic_compare_exchange_weak_explicit(
      &event->word, &word, set, memory_order_release, memory_order_relaxed));
  if (set != word) sys_futex_wake(&event->word, INT_MAX);
}

void sync_event_clear(struct sync_event *event) {
  atomic_fetch_and_explicit(&event->word, ~SET, memory_order_relaxed);
}

bool sync_event_is_set(struct sync_event *event) {
  return atomic_load_explicit(&event->word, memory_order_acquire) & SET;
}

int sync_event_wait(struct sync_event *event, int64_t deadline_ns) {
  uint32_t first = atomic_load_explicit(&event->word, memory_order_acquire);
  if (first & SET) return 0;
  while (!sync_is_over(deadline_ns)) {
    sync_sleep(&event->word, first, deadline_ns);
    if (atomic_load_explicit(&event->word, memory_order_acquire) != first) {
      return 0;
    }
  }
  return -ETIMEDOUT;
}
