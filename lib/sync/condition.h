/* SPDX-License-Identifier: MIT
 *
 * Waiters of a condition. A caller that waits or notifies holds the lock that
 * goes with it. All zero is one without waiters.
 */
#ifndef BROOD_SYNC_CONDITION_H
#define BROOD_SYNC_CONDITION_H

#include <stdatomic.h>
#include <stdint.h>

#include "lib/names.h"
#include "lib/sync/lock.h"

enum { SYNC_CONDITION_WAITERS = 255 };

/* Changed under the lock, but for the state. */
/* A waiter that looks for the dead reads the atomic members without the
 * lock. */
struct sync_waiter {
  _Atomic uint32_t state;
  uint32_t ticket; /* the order of arrival */
  _Atomic uint64_t thread;
};

struct sync_condition {
  uint32_t tickets;      /* given out so far */
  _Atomic uint32_t used; /* no waiter was ever beyond this one */
  sync_watch watch;      /* by the waiters, for the dead among the notified */
  uint32_t unused;
  struct sync_waiter waiters[SYNC_CONDITION_WAITERS];
};

_Static_assert(sizeof(struct sync_condition) == 4096, "part of the layout");

/* sync_condition_wait gives the lock up, waits, and takes it back. token is
 * the one that holds the lock. 0: notified; -ETIMEDOUT: not, at a deadline of
 * sys_clock_ns; -EOWNERDEAD: a holder of the lock was killed meanwhile. With
 * -ENOSPC, too many waiters, the lock was never given up. */
int sync_condition_wait(struct sync_condition *condition,
                        struct sync_lock *lock, uint64_t token,
                        int64_t deadline_ns);

/* sync_condition_notify wakes the `count` oldest waiters. */
void sync_condition_notify(struct sync_condition *condition, uint32_t count);

#endif /* BROOD_SYNC_CONDITION_H */
