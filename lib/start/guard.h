/* SPDX-License-Identifier: MIT
 *
 * The one mutex of this process's own state: its children, its settings, its
 * pidfd and key. Held for moments, never across a call that waits.
 *
 * And the one place that says what a fork does, by whomever: it waits for the
 * mutex, so the child finds everything whole, and there it is put right by
 * the functions below.
 */
#ifndef BROOD_START_GUARD_H
#define BROOD_START_GUARD_H

void guard_lock(void);
void guard_unlock(void);

/* What guard.c calls in the child of any fork, with the mutex held. */
void children_forget(void);   /* they are somebody else's */
void current_forget(void);    /* so is the pidfd */
void forkserver_forget(void); /* so is the channel */

#endif /* BROOD_START_GUARD_H */
