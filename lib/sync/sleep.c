/* SPDX-License-Identifier: MIT
 *
 * See sleep.h.
 */
#include "lib/sync/sleep.h"

#include <errno.h>
#include <pthread.h>

#include "lib/sys/clock.h"
#include "lib/sys/futex.h"

#define MILLISECOND_NS INT64_C(1000000)

/* How many are to wake up in a slice, besides the one that looks: it may be
 * killed, and the others still notice in time. */
enum { ENOUGH = 2 };

/* True if all of a slice passed. A thread that is being cancelled ends there,
 * unless it is shielded: it holds nothing. */
static bool sleep_for(_Atomic uint32_t *word, uint32_t value, int64_t slice_ns,
                      int64_t deadline_ns) {
  int64_t end_ns = sys_clock_ns() + slice_ns;
  bool is_last = deadline_ns < end_ns;
  int r;
  do {
    r = sys_futex_wait(word, value, is_last ? deadline_ns : end_ns);
  } while (r == -EINTR);
  if (r == 0 || is_last) return false;
  pthread_testcancel();
  return true;
}

void sync_sleep(_Atomic uint32_t *word, uint32_t value, int64_t deadline_ns) {
  sleep_for(word, value, SYNC_LOST_NS, deadline_ns);
}

/* relaxed throughout: a look too many or too few costs time, nothing else. */
bool sync_sleep_watching(_Atomic uint32_t *word, uint32_t value,
                         int64_t deadline_ns, sync_watch *watch,
                         int64_t *slice_ns) {
  if (!sleep_for(word, value, *slice_ns, deadline_ns)) return false;
  uint32_t now = (uint32_t)(sys_clock_ns() / MILLISECOND_NS) << 8;
  uint32_t seen = atomic_load_explicit(watch, memory_order_relaxed);
  if (now - (seen & ~UINT32_C(0xff)) >=
      (uint32_t)(SYNC_SLICE_NS / MILLISECOND_NS) << 8) {
    *slice_ns = SYNC_SLICE_NS;
    return atomic_compare_exchange_strong_explicit(
        watch, &seen, now, memory_order_relaxed, memory_order_relaxed);
  }
  if ((seen & 0xff) < ENOUGH) {
    atomic_compare_exchange_strong_explicit(
        watch, &seen, seen + 1, memory_order_relaxed, memory_order_relaxed);
  } else if (*slice_ns < SYNC_LOST_NS) {
    *slice_ns *= 2;
  }
  return false;
}

bool sync_is_over(int64_t deadline_ns) {
  if (deadline_ns == SYS_CLOCK_NEVER) return false;
  return deadline_ns <= 0 || sys_clock_ns() >= deadline_ns;
}
