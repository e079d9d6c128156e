/* SPDX-License-Identifier: MIT */
/* clang-format off */
/* Every waiter has a place with a word of its own to sleep on, so that a
 * notification goes to one that was there, to each once, and can be taken back
 * from one that was killed. A single counter that all sleep on could not tell
 * a newcomer from a waiter that has been there long.
 *
 * The word of a place:
 *
 *   FREE      no waiter's       -> WAITING   by a waiter, under the lock
 *   WAITING   a waiter sleeps   -> NOTIFIED  by a notifier, under the lock
 *                               -> FREE      by the waiter, in time no more
 *   NOTIFIED  and may go        -> FREE      by the waiter, under the lock
 *
 * Killed where?  Waiting: a notifier that wakes nobody there looks whether the
 * waiter lives, and goes on to the next. Notified, before it has the lock back:
 * another waiter sees that at the end of a slice, or one that needs a place,
 * and notifies another instead. The notifier, between word and wake: the waiter
 * sees the word at the end of its slice.
 */
/* clang-format on */
#include "lib/sync/lock.h"

#include <pthread.h>
#include <stddef.h>

#include "lib/sys/clock.h"
#include "lib/sys/futex.h"

enum { FREE, WAITING, NOTIFIED };

static uint32_t state_of(struct sync_waiter *waiter) {
  return atomic_load_explicit(&waiter->state, memory_order_relaxed);
}

/* relaxed: all else of a waiter is read and written under the lock. */
static bool change_place(struct sync_waiter *waiter, uint32_t from,
                         uint32_t to) {
  return atomic_compare_exchange_strong_explicit(
      &waiter->state, &from, to, memory_order_relaxed, memory_order_relaxed);
}

/* The waiter that has waited longest, of those that came before a ticket, or
 * NULL. Tickets wrap; the oldest is the one from which the next ticket is
 * furthest. */
static struct sync_waiter *find_oldest(struct sync_condition *condition,
                                       uint32_t before) {
  struct sync_waiter *oldest = NULL;
  uint32_t longest = condition->tickets - before;
  for (uint32_t i = 0; i < condition->used; i++) {
    struct sync_waiter *waiter = &condition->waiters[i];
    uint32_t since = condition->tickets - waiter->ticket;
    if (state_of(waiter) == WAITING && since > longest) {
      longest = since;
      oldest = waiter;
    }
  }
  return oldest;
}

/* Did it reach a living waiter? If no sleeper was there, the waiter may not
 * have fallen asleep yet. */
static bool notify_waiter(struct sync_waiter *waiter, uint32_t before) {
  if (!change_place(waiter, WAITING, NOTIFIED))
    return false; /* timed out just now */
  waiter->ticket = before;
  if (sys_futex_wake(&waiter->state, 1) > 0) return true;
  if (!sync_has_ended(waiter->thread)) return true;
  atomic_store_explicit(&waiter->state, FREE, memory_order_relaxed);
  return false;
}

static void notify_before(struct sync_condition *condition, uint32_t count,
                          uint32_t before) {
  while (count > 0) {
    struct sync_waiter *waiter = find_oldest(condition, before);
    if (waiter == NULL) return;
    if (notify_waiter(waiter, before)) count--;
  }
}

void sync_condition_notify(struct sync_condition *condition, uint32_t count) {
  notify_before(condition, count, condition->tickets);
}

/* ------------------------------------------------------------- The dead -- */

/* Without the lock, which guards how many places are used: looks at all. */
static bool any_died_notified(struct sync_condition *condition) {
  for (uint32_t i = 0; i < SYNC_CONDITION_WAITERS; i++) {
    struct sync_waiter *waiter = &condition->waiters[i];
    if (state_of(waiter) == NOTIFIED && sync_has_ended(waiter->thread)) {
      return true;
    }
  }
  return false;
}

/* Frees the places of the dead, and passes their notifications on to others
 * that were there when they came; with the lock. */
static void bury_waiters(struct sync_condition *condition) {
  for (uint32_t i = 0; i < condition->used; i++) {
    struct sync_waiter *waiter = &condition->waiters[i];
    uint32_t state = state_of(waiter);
    if (state == FREE || !sync_has_ended(waiter->thread)) continue;
    atomic_store_explicit(&waiter->state, FREE, memory_order_relaxed);
    if (state == NOTIFIED) notify_before(condition, 1, waiter->ticket);
  }
}

/* -------------------------------------------------------------- Waiting -- */

static struct sync_waiter *find_free(struct sync_condition *condition) {
  for (uint32_t i = 0; i < SYNC_CONDITION_WAITERS; i++) {
    struct sync_waiter *waiter = &condition->waiters[i];
    if (state_of(waiter) != FREE) continue;
    if (i >= condition->used) condition->used = i + 1;
    return waiter;
  }
  return NULL;
}

/* release: a place that says WAITING has its thread and ticket, wherever this
 * thread is killed. noinline: or it would share the frame of a handler. */
__attribute__((noinline)) static struct sync_waiter *arrive(
    struct sync_condition *condition) {
  struct sync_waiter *waiter = find_free(condition);
  if (waiter == NULL) {
    bury_waiters(condition);
    waiter = find_free(condition);
  }
  if (waiter == NULL) return NULL;
  atomic_store_explicit(&waiter->thread, sync_self_thread(),
                        memory_order_relaxed);
  waiter->ticket = condition->tickets++;
  atomic_store_explicit(&waiter->state, WAITING, memory_order_release);
  return waiter;
}

/* Sleeps until notified; 0, -ETIMEDOUT and the place is left, or -EAGAIN: a
 * notification is to be passed on. */
static int await_notification(struct sync_condition *condition,
                              struct sync_waiter *waiter, int64_t *slice_ns,
                              int64_t deadline_ns) {
  while (state_of(waiter) == WAITING) {
    if (sync_is_over(deadline_ns)) {
      if (change_place(waiter, WAITING, FREE)) return -ETIMEDOUT;
    } else if (sync_sleep_watching(&waiter->state, WAITING, deadline_ns,
                                   &condition->watch, slice_ns) &&
               any_died_notified(condition)) {
      return -EAGAIN;
    }
  }
  return 0;
}

/* Of a cancelled thread, which may live on in other cleanup handlers. */
static void leave_place(void *waiter) {
  change_place(waiter, WAITING, FREE);
}

int sync_condition_wait(struct sync_condition *condition,
                        struct sync_lock *lock, uint64_t token,
                        int64_t deadline_ns) {
  struct sync_waiter *waiter = arrive(condition);
  if (waiter == NULL) return -ENOSPC;
  int64_t slice_ns = SYNC_SLICE_NS;
  int r, lock_r = 0;
  do {
    uint32_t depth = lock->depth;
    lock->depth = 0;
    sync_lock_release(lock);
    pthread_cleanup_push(leave_place, waiter);
    r = await_notification(condition, waiter, &slice_ns, deadline_ns);
    pthread_cleanup_pop(0);
    if (sync_lock_acquire(lock, token, SYS_CLOCK_NEVER) < 0) {
      lock_r = -EOWNERDEAD;
    }
    lock->depth = depth;
    if (r == -EAGAIN) bury_waiters(condition);
  } while (r == -EAGAIN);
  /* Only with the lock: a waiter that is killed before has not taken the
   * notification away. */
  if (r == 0) atomic_store_explicit(&waiter->state, FREE, memory_order_relaxed);
  return lock_r < 0 ? lock_r : r;
}
