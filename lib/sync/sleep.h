/* SPDX-License-Identifier: MIT
 *
 * How everything in this room waits: on a word, in slices. Whoever should wake
 * us may be killed between changing the word and waking, or hold what we wait
 * for when it is killed; at the end of a slice we find out by ourselves. A
 * slice ends by the clock, however many signals come meanwhile.
 */
#ifndef BROOD_SYNC_SLEEP_H
#define BROOD_SYNC_SLEEP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/names.h"

/* A slice, of which two at most may pass until somebody's death is noticed. */
#define SYNC_SLICE_NS INT64_C(90000000)

/* How long a sleeper may take to find out that whoever changed the word was
 * killed before it could wake anybody: nothing else makes it look. Also how
 * long one of many sleeps that watch a holder. */
#define SYNC_LOST_NS INT64_C(1000000000)

/* sync_sleep sleeps while *word is value, for SYNC_LOST_NS at most. */
void sync_sleep(_Atomic uint32_t *word, uint32_t value, int64_t deadline_ns);

/* Of all that wait for one thing, however many, one looks in each slice whether
 * somebody died, and the others wake up seldom: enough to take its place soon
 * if it is killed itself. What they share, zero at first:
 *
 *   bits 31..8  the millisecond of the last look
 *   bits 7..0   how many have woken since, and left it at that */
typedef _Atomic uint32_t sync_watch;

/* sync_sleep_watching sleeps likewise, for *slice_ns at most, which begins with
 * SYNC_SLICE_NS in each call that waits; true if it is the caller's turn to
 * look. */
bool sync_sleep_watching(_Atomic uint32_t *word, uint32_t value,
                         int64_t deadline_ns, sync_watch *watch,
                         int64_t *slice_ns);

/* sync_is_over: has a deadline of sys_clock_ns passed? */
bool sync_is_over(int64_t deadline_ns);

#endif /* BROOD_SYNC_SLEEP_H */
