/* SPDX-License-Identifier: MIT
 *
 * A lock, and the same lock held several times. All zero is a free one.
 */
#ifndef BROOD_SYNC_LOCK_H
#define BROOD_SYNC_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/names.h"
#include "lib/sync/sleep.h"

struct sync_lock {
  _Atomic uint64_t word;
  uint32_t depth; /* recursive use only: how often the holder holds it */
  sync_watch watch;
};

_Static_assert(sizeof(struct sync_lock) == 16, "part of the shared layout");

/* sync_lock_acquire: 0; -ETIMEDOUT at a deadline of sys_clock_ns; -EOWNERDEAD:
 * acquired, and the holder before was killed. token is the caller's, of its
 * process or its thread; for one lock always of the same kind. */
int sync_lock_acquire(struct sync_lock *lock, uint64_t token,
                      int64_t deadline_ns);

/* sync_lock_release, by whomever: 0, or -EPERM if nobody holds it. */
int sync_lock_release(struct sync_lock *lock);

bool sync_lock_is_held(struct sync_lock *lock);

/* sync_lock_is_mine: is it held by this token? */
bool sync_lock_is_mine(struct sync_lock *lock, uint64_t token);

/* The same for a holder that may acquire again; -EAGAIN: too often. Release
 * by anybody else is -EPERM. */
int sync_rlock_acquire(struct sync_lock *lock, uint64_t token,
                       int64_t deadline_ns);
int sync_rlock_release(struct sync_lock *lock, uint64_t token);

/* sync_lock_suspend gives up a lock that the caller holds, however often, and
 * returns what sync_lock_resume needs to take it back as it was: 0, or
 * -EOWNERDEAD as above. */
uint32_t sync_lock_suspend(struct sync_lock *lock);
int sync_lock_resume(struct sync_lock *lock, uint64_t token, uint32_t depth);

#endif /* BROOD_SYNC_LOCK_H */
