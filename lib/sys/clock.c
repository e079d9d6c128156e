/* SPDX-License-Identifier: MIT
 *
 * See clock.h and futex.h. clock_gettime is not fault-injected: it cannot fail.
 * Never FUTEX_PRIVATE_FLAG: the words are other processes' too. A sleep is by
 * bitset because only that takes a point in time.
 */
#include "lib/sys/clock.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "brood.h"
#include "lib/sys/fault.h"
#include "lib/sys/futex.h"
#include "lib/sys/libc.h"

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

int sys_futex_wait(_Atomic uint32_t *word, uint32_t value,
                   int64_t deadline_ns) {
  SYS_FAULT();
  struct timespec deadline = {.tv_sec = deadline_ns / 1000000000,
                              .tv_nsec = deadline_ns % 1000000000};
  long r = syscall(SYS_futex, word, SYS_FUTEX_WAIT_BITSET, value,
                   deadline_ns == SYS_CLOCK_NEVER ? NULL : &deadline, NULL,
                   SYS_FUTEX_ANY_BIT);
  bool is_event = r < 0 && (errno == ETIMEDOUT || errno == EINTR);
  return is_event ? -errno : 0;
}

int sys_futex_wake(_Atomic uint32_t *word, int count) {
  SYS_FAULT();
  /* errno is the interrupted code's if this runs in a signal handler. */
  int before = errno;
  long r = syscall(SYS_futex, word, SYS_FUTEX_WAKE, count, NULL, NULL, 0);
  int result = r < 0 ? -errno : (int)r;
  errno = before;
  return result;
}
