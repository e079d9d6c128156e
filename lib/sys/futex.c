/* SPDX-License-Identifier: MIT
 *
 * See futex.h. Never FUTEX_PRIVATE_FLAG: the words are other processes' too.
 * The wait is by bitset because only that takes a point in time.
 */
#include "lib/sys/futex.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "lib/sys/clock.h"
#include "lib/sys/fault.h"

int sys_futex_wait(_Atomic uint32_t *word, uint32_t value,
                   int64_t deadline_ns) {
  SYS_FAULT();
  struct timespec deadline = {.tv_sec = deadline_ns / 1000000000,
                              .tv_nsec = deadline_ns % 1000000000};
  long r = syscall(SYS_futex, word, FUTEX_WAIT_BITSET, value,
                   deadline_ns == SYS_CLOCK_NEVER ? NULL : &deadline, NULL,
                   FUTEX_BITSET_MATCH_ANY);
  bool is_event = r < 0 && (errno == ETIMEDOUT || errno == EINTR);
  return is_event ? -errno : 0;
}

int sys_futex_wake(_Atomic uint32_t *word, int count) {
  SYS_FAULT();
  /* errno is the interrupted code's if this runs in a signal handler. */
  int before = errno;
  long r = syscall(SYS_futex, word, FUTEX_WAKE, count, NULL, NULL, 0);
  int result = r < 0 ? -errno : (int)r;
  errno = before;
  return result;
}
