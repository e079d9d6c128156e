/* SPDX-License-Identifier: MIT
 *
 * See sleep.h.
 */
#include "lib/sync/sleep.h"

#include "lib/sys/clock.h"
#include "lib/sys/futex.h"

bool sync_sleep(_Atomic uint32_t *word, uint32_t value, int64_t deadline_ns) {
  int64_t slice_ns = sys_clock_ns() + SYNC_SLICE_NS;
  if (deadline_ns < slice_ns) {
    sys_futex_wait(word, value, deadline_ns);
    return false;
  }
  return sys_futex_wait(word, value, slice_ns) < 0;
}

bool sync_is_over(int64_t deadline_ns) {
  if (deadline_ns == SYS_CLOCK_NEVER) return false;
  return deadline_ns <= 0 || sys_clock_ns() >= deadline_ns;
}
