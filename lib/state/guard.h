/* SPDX-License-Identifier: MIT
 *
 * The one mutex of this process's own state: its children, its settings, its
 * pidfd and key. Held for moments, never across a call that waits.
 *
 * And what a fork does, by whomever: it waits for the mutex, so the child finds
 * everything whole, and there whatever belonged to the parent is forgotten.
 */
#ifndef BROOD_STATE_GUARD_H
#define BROOD_STATE_GUARD_H

void guard_lock(void);
void guard_unlock(void);

/* guard_at_fork has a function called in the child of every fork, with the
 * mutex held; for constructors. */
void guard_at_fork(void (*forget)(void));

#endif /* BROOD_STATE_GUARD_H */
