/* SPDX-License-Identifier: MIT
 *
 * Sleeping on a word of shared memory, and waking who sleeps there.
 */
#ifndef BROOD_SYS_FUTEX_H
#define BROOD_SYS_FUTEX_H

#include <stdatomic.h>
#include <stdint.h>

#include "lib/names.h"

/* sys_futex_wait sleeps while *word is value: 0 if it was woken, or the word is
 * another; -EINTR if a signal came; -ETIMEDOUT at a deadline of sys_clock_ns.
 * The caller looks again in any case. */
int sys_futex_wait(_Atomic uint32_t *word, uint32_t value, int64_t deadline_ns);

/* sys_futex_wake wakes up to count sleepers of all processes and returns how
 * many. Async-signal-safe. */
int sys_futex_wake(_Atomic uint32_t *word, int count);

#endif /* BROOD_SYS_FUTEX_H */
