/* SPDX-License-Identifier: MIT
 *
 * How everything in this room waits: on a word, in slices. Whoever should wake
 * us may be killed between changing the word and waking, or hold what we wait
 * for when it is killed; at the end of a slice we find out by ourselves.
 */
#ifndef BROOD_SYNC_SLEEP_H
#define BROOD_SYNC_SLEEP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* A slice, of which two at most may pass until somebody's death is noticed. */
#define SYNC_SLICE_NS INT64_C(90000000)

/* sync_sleep sleeps while *word is value, for a slice at most. True if a slice
 * has passed: time to look whether everybody lives. */
bool sync_sleep(_Atomic uint32_t *word, uint32_t value, int64_t deadline_ns);

/* sync_is_over: has a deadline of sys_clock_ns passed? */
bool sync_is_over(int64_t deadline_ns);

#endif /* BROOD_SYNC_SLEEP_H */
