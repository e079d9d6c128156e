/* SPDX-License-Identifier: MIT
 *
 * See clock.h. clock_gettime is not fault-injected: it cannot fail.
 */
#include "lib/sys/clock.h"

#include <time.h>

#include "brood.h"

int64_t sys_clock_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t sys_clock_deadline(int64_t timeout_ns) {
  if (timeout_ns == BROOD_FOREVER) return SYS_CLOCK_NEVER;
  if (timeout_ns <= 0) return 0;
  int64_t now = sys_clock_ns();
  if (timeout_ns > SYS_CLOCK_NEVER - now) return SYS_CLOCK_NEVER;
  return now + timeout_ns;
}

int64_t sys_clock_left(int64_t deadline_ns) {
  if (deadline_ns == SYS_CLOCK_NEVER) return BROOD_FOREVER;
  if (deadline_ns <= 0) return 0;
  int64_t left_ns = deadline_ns - sys_clock_ns();
  return left_ns > 0 ? left_ns : 0;
}
