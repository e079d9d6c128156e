/* SPDX-License-Identifier: MIT
 *
 * A holder or waiter, a process or thread, as one number that no other will
 * ever have on this machine, so that others find out when it has been killed,
 * or has replaced its program by exec.
 *
 *   bits 63..32   its mark (lib/sys/proc.h), 0 if that was not to be had; of a
 *                 foreign one a random number
 *   bits 31..30   0, for the words that tokens are put into
 *   bit 29        foreign
 *   bits 28..0    pid or thread id
 *
 * A process is foreign if its PID or time namespace is not that of the first
 * process of the tree: numbers and times there mean something else, or if there
 * was no /proc to find that out. No process judges a foreign one dead, and a
 * foreign one judges none.
 *
 * And how everything in this room waits: on a word, in slices. The process that
 * should wake a sleeper may be killed between changing the word and waking, or
 * hold what the sleeper waits for when it is killed; at the end of a slice the
 * sleeper finds out by itself. A slice ends by the clock, however many signals
 * come meanwhile.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/names.h"

/* sync_self_process and sync_self_thread return the caller's tokens, never 0.
 * The first call reads /proc, later ones make no system call. */
uint64_t sync_self_process(void);
uint64_t sync_self_thread(void);

extern _Atomic uint64_t sync_self_process_token;

/* sync_quick_token returns the process's token, or 0 if it has not been made
 * yet; inline, for a call costs as much as taking a free lock. relaxed: the
 * number says it all. */
static inline uint64_t sync_quick_token(void) {
  return atomic_load_explicit(&sync_self_process_token, memory_order_relaxed);
}

/* sync_has_ended: is a token's process or thread known to have ended?
 * sync_number_of returns its pid or thread id. */
bool sync_has_ended(uint64_t token);

static inline pid_t sync_number_of(uint64_t token) {
  return (pid_t)(token & ((UINT32_C(1) << 29) - 1));
}

/* sync_home returns the first process's namespaces, 0 if not known: a process
 * with others is foreign. A creator tells its child: sync_set_home. */
uint64_t sync_home(void);
void sync_set_home(uint64_t home);

/* A slice; at most two pass until a death is noticed. */
#define SYNC_SLICE_NS INT64_C(90000000)

/* How long a sleeper may take to find out that the process that changed the
 * word was killed before it could wake a sleeper: nothing else makes it look.
 * Also how long one of many sleeps that watch a holder, and a thread that is
 * cancelled: less than the second that it is promised. */
#define SYNC_LOST_NS INT64_C(900000000)

/* sync_sleep sleeps while *word is value, for SYNC_LOST_NS at most. */
void sync_sleep(_Atomic uint32_t *word, uint32_t value, int64_t deadline_ns);

/* Of all waiters for one thing, however many, one looks in each slice whether a
 * process died, and the others wake up seldom: enough to take its place soon if
 * it is killed itself (decision 014). They share this word, zero at first:
 *
 *   bits 31..8  the millisecond of the last look
 *   bits 7..0   how many have woken since, without looking */
typedef _Atomic uint32_t sync_watch;

/* sync_sleep_watching sleeps likewise, for *slice_ns at most, which begins with
 * SYNC_SLICE_NS in each call that waits; true if it is the caller's turn to
 * look. */
bool sync_sleep_watching(_Atomic uint32_t *word, uint32_t value,
                         int64_t deadline_ns, sync_watch *watch,
                         int64_t *slice_ns);

/* sync_is_over: has a deadline of sys_clock_ns passed? */
bool sync_is_over(int64_t deadline_ns);
