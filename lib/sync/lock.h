/* SPDX-License-Identifier: MIT
 *
 * A lock, and the same lock held several times. All zero is a free one. The
 * steps of nearly every call are inline: a call would cost as much.
 */
#ifndef BROOD_SYNC_LOCK_H
#define BROOD_SYNC_LOCK_H

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/names.h"
#include "lib/sync/self.h"

struct sync_lock {
  _Atomic uint64_t word;
  uint32_t depth; /* recursive use only: how often the holder holds it */
  sync_watch watch;
};

_Static_assert(sizeof(struct sync_lock) == 16, "part of the shared layout");

/* The bit of a lock's word that says that a process may sleep on it. */
#define SYNC_LOCK_SLEEP (UINT64_C(1) << 31)

/* sync_lock_acquire: 0; -ETIMEDOUT at a deadline of sys_clock_ns; -EOWNERDEAD:
 * acquired, and the holder before was killed. token is the caller's, of its
 * process or its thread; for one lock always of the same kind. */
int sync_lock_acquire(struct sync_lock *lock, uint64_t token,
                      int64_t deadline_ns);

/* sync_quick_acquire takes a lock that is free. acquire: partner of the release
 * in sync_quick_release. */
static inline bool sync_quick_acquire(struct sync_lock *lock, uint64_t token) {
  uint64_t free = 0;
  return atomic_compare_exchange_strong_explicit(
      &lock->word, &free, token, memory_order_acquire, memory_order_relaxed);
}

void sync_lock_wake(struct sync_lock *lock);

/* sync_quick_release gives back a lock, and returns the word it had: 0 if it
 * was free. release: partner of the acquire in sync_quick_acquire and of that
 * in lock.c. */
static inline uint64_t sync_quick_release(struct sync_lock *lock) {
  uint64_t word =
      atomic_exchange_explicit(&lock->word, 0, memory_order_release);
  if (word & SYNC_LOCK_SLEEP) sync_lock_wake(lock);
  return word;
}

/* sync_lock_release, by any process: 0, or -EPERM if it is free. */
static inline int sync_lock_release(struct sync_lock *lock) {
  return sync_quick_release(lock) == 0 ? -EPERM : 0;
}

static inline bool sync_lock_is_held(struct sync_lock *lock) {
  return atomic_load_explicit(&lock->word, memory_order_relaxed) != 0;
}

/* sync_lock_is_mine: is it held by this token? relaxed: only the caller itself
 * can have put its token there. */
static inline bool sync_lock_is_mine(struct sync_lock *lock, uint64_t token) {
  uint64_t word = atomic_load_explicit(&lock->word, memory_order_relaxed);
  return (word & ~SYNC_LOCK_SLEEP) == token;
}

/* The same for a holder that may acquire again; -EAGAIN: too often. Release by
 * another token is -EPERM. */
int sync_rlock_acquire(struct sync_lock *lock, uint64_t token,
                       int64_t deadline_ns);
int sync_rlock_release(struct sync_lock *lock, uint64_t token);

#endif /* BROOD_SYNC_LOCK_H */
