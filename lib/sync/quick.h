/* SPDX-License-Identifier: MIT
 *
 * The ways that nearly every acquire takes, inline: a call costs as much as the
 * whole rest. Whoever gets 0 or false goes the long way.
 */
#ifndef BROOD_SYNC_QUICK_H
#define BROOD_SYNC_QUICK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/names.h"
#include "lib/sync/lock.h"

extern _Atomic uint64_t sync_self_process_token;

/* sync_quick_token returns the process's token, or 0 if it has not been made
 * yet. relaxed: the number says it all. */
static inline uint64_t sync_quick_token(void) {
  return atomic_load_explicit(&sync_self_process_token, memory_order_relaxed);
}

/* sync_quick_acquire takes a lock that is free. acquire: partner of the release
 * in sync_quick_release. */
static inline bool sync_quick_acquire(struct sync_lock *lock, uint64_t token) {
  uint64_t free = 0;
  return atomic_compare_exchange_strong_explicit(
      &lock->word, &free, token, memory_order_acquire, memory_order_relaxed);
}

/* The bit of a lock's word that says that somebody may sleep on it. */
#define SYNC_LOCK_SLEEP (UINT64_C(1) << 31)

void sync_lock_wake(struct sync_lock *lock);

/* sync_quick_release gives back a lock that the caller holds. release: partner
 * of the acquire in sync_quick_acquire and of that in lock.c. */
static inline uint64_t sync_quick_release(struct sync_lock *lock) {
  uint64_t word =
      atomic_exchange_explicit(&lock->word, 0, memory_order_release);
  if (word & SYNC_LOCK_SLEEP) sync_lock_wake(lock);
  return word;
}

#endif /* BROOD_SYNC_QUICK_H */
