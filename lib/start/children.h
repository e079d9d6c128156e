/* SPDX-License-Identifier: MIT
 *
 * The set of processes that this one has started and not yet seen the end of.
 */
#ifndef BROOD_START_CHILDREN_H
#define BROOD_START_CHILDREN_H

#include "lib/names.h"
#include "lib/start/process.h"

/* children_add lists a process that is about to be launched. For a daemonic
 * one a lifeline is made; out_lifeline gets the child's end, else -1. Returns
 * 0 or -errno. */
int children_add(struct brood_process *process, int *out_lifeline);

/* children_remove unlists one, if it is there. */
void children_remove(struct brood_process *process);

/* children_reap takes the ends of those that have finished. */
void children_reap(void);

/* children_reap_some does so for a few, others each time: what a start owes to
 * those before it, whose number must not matter to it. */
void children_reap_some(void);

/* children_has_younger: has one that was started later the same pid? */
bool children_has_younger(const struct brood_process *process);

/* children_name counts a process that has a pidfd now, and closes that of the
 * oldest if there are many: each descriptor makes every fork slower. With the
 * mutex of the process held. */
void children_name(struct brood_process *process);

/* children_terminate_daemons sends SIGTERM to the daemonic ones. */
void children_terminate_daemons(void);

/* children_take_one returns any one of them, with a handle for the caller, or
 * NULL if there is none. */
struct brood_process *children_take_one(void);

#endif /* BROOD_START_CHILDREN_H */
