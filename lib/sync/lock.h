/* SPDX-License-Identifier: MIT
 *
 * A lock, and the same lock held several times. All zero is a free one. The
 * steps of nearly every call are inline: a call would cost as much. And the
 * other words that processes wait on.
 */
#pragma once

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
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

/* ------------------------------------------------ Semaphore and event --
 *
 * No process owns them, so no death leaves them taken: a counting semaphore,
 * bounded or not, and a flag to wait for. All zero is an event that is not set.
 */

struct sync_semaphore {
  _Atomic uint32_t value;
  _Atomic uint32_t waiters; /* at least as many as sleep */
  uint32_t bound;           /* of the value */
  uint32_t unused;
};

_Static_assert(sizeof(struct sync_semaphore) == 16, "part of the layout");

void sync_semaphore_init(struct sync_semaphore *semaphore, uint32_t value,
                         uint32_t bound);

/* sync_semaphore_acquire: 0, or -ETIMEDOUT at a deadline of sys_clock_ns.
 * sync_semaphore_release: 0, or -EOVERFLOW at the bound. */
int sync_semaphore_acquire(struct sync_semaphore *semaphore,
                           int64_t deadline_ns);
int sync_semaphore_release(struct sync_semaphore *semaphore);
uint32_t sync_semaphore_value(struct sync_semaphore *semaphore);

struct sync_event {
  _Atomic uint32_t word;
  uint32_t unused;
};

/* sync_event_set and sync_event_clear are async-signal-safe and never wait. */
void sync_event_set(struct sync_event *event);
void sync_event_clear(struct sync_event *event);
bool sync_event_is_set(struct sync_event *event);

/* sync_event_wait: 0 if the flag is set, or has been for a moment since the
 * call; -ETIMEDOUT at a deadline of sys_clock_ns. */
int sync_event_wait(struct sync_event *event, int64_t deadline_ns);

/* ---------------------------------------------------------- Condition --
 *
 * A caller that waits or notifies holds the lock that goes with it. All zero is
 * one without waiters. */

enum { SYNC_CONDITION_WAITERS = 255 };

/* Changed under the lock, but for the state. A waiter that looks for the dead
 * reads the atomic members without it. */
struct sync_waiter {
  _Atomic uint32_t state;
  uint32_t ticket; /* the order of arrival; notified: the next one then */
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

/* ------------------------------------------------------------ Barrier --
 *
 * Parties that wait for each other, round after round. */

struct sync_barrier {
  struct sync_lock lock; /* guards everything below */
  _Atomic uint32_t changes;
  uint32_t state;
  uint32_t parties;
  uint32_t count;   /* parties inside */
  sync_watch watch; /* for the dead, by the waiters */
  uint32_t unused;
  uint64_t threads[]; /* of the parties inside, by index; 0: none */
};

/* sync_barrier_size returns the bytes of a barrier for these parties. */
static inline size_t sync_barrier_size(uint32_t parties) {
  return sizeof(struct sync_barrier) + parties * sizeof(uint64_t);
}

static inline void sync_barrier_init(struct sync_barrier *barrier,
                                     uint32_t parties) {
  barrier->parties = parties;
}

/* The last party of a round calls it before all are let go; not 0 breaks the
 * barrier. */
struct sync_action {
  int (*call)(void *argument);
  void *argument;
};

/* sync_barrier_wait returns the party's index; -EPIPE: broken or reset;
 * -ECANCELED: this party's action failed. A party that times out, at a deadline
 * of sys_clock_ns, or is killed breaks the barrier. */
int sync_barrier_wait(struct sync_barrier *barrier,
                      const struct sync_action *action, int64_t deadline_ns);

void sync_barrier_abort(struct sync_barrier *barrier);
void sync_barrier_reset(struct sync_barrier *barrier);
uint32_t sync_barrier_num_waiting(struct sync_barrier *barrier);
bool sync_barrier_is_broken(struct sync_barrier *barrier);
