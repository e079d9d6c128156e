/* SPDX-License-Identifier: MIT
 *
 * Waiting for a word of shared memory: asleep, or in a loop that only looks.
 */
#pragma once

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

/* sys_relax tells the processor that a loop only looks. */
static inline void sys_relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

/* sys_ask_to_write tells it that memory will soon be written. On x86
 * __builtin_prefetch would ask for it to read, unless told of the processor;
 * those that do not know the instruction pass it over. */
static inline void sys_ask_to_write(const void *at) {
#if defined(__x86_64__)
  __asm__ __volatile__("prefetchw %0" : : "m"(*(const char *)at));
#else
  __builtin_prefetch(at, 1);
#endif
}
