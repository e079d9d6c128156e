/* SPDX-License-Identifier: MIT
 *
 * Every waiter has a place with a word of its own to sleep on, so that a
 * notification goes to one that was there, to each once, and can be taken back
 * from one that was killed. A single counter that all sleep on could not tell
 * who has just come from who has waited long.
 *
 * The word of a place:
 *
 *   FREE      nobody's          -> WAITING   by a waiter, under the lock
 *   WAITING   somebody waits    -> NOTIFIED  by a notifier, under the lock
 *                               -> FREE      by the waiter, when its time is
 * over NOTIFIED  and may go        -> FREE      by the waiter
 *
 * Killed where?  Waiting: a notifier that wakes nobody there looks whether the
 * waiter lives, and goes on to the next. Notified, or leaving: its place is
 * found when places run short. The notifier, between word and wake: the waiter
 * sees the word at the end of its slice.
 */
#include "lib/sync/condition.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/sync/self.h"
#include "lib/sync/sleep.h"
#include "lib/sys/futex.h"

enum { FREE, WAITING, NOTIFIED };

static uint32_t state_of(struct sync_waiter *waiter) {
  return atomic_load_explicit(&waiter->state, memory_order_relaxed);
}

/* relaxed: all else of a waiter is read and written under the lock. */
static bool change(struct sync_waiter *waiter, uint32_t from, uint32_t to) {
  return atomic_compare_exchange_strong_explicit(
      &waiter->state, &from, to, memory_order_relaxed, memory_order_relaxed);
}

/* A free place; one of the dead if there is no other; or NULL. */
static struct sync_waiter *find_place(struct sync_condition *condition) {
  for (uint32_t i = 0; i < SYNC_CONDITION_WAITERS; i++) {
    struct sync_waiter *waiter = &condition->waiters[i];
    if (state_of(waiter) != FREE) continue;
    if (i >= condition->used) condition->used = i + 1;
    return waiter;
  }
  for (uint32_t i = 0; i < SYNC_CONDITION_WAITERS; i++) {
    struct sync_waiter *waiter = &condition->waiters[i];
    if (sync_has_ended(waiter->thread)) return waiter;
  }
  return NULL;
}

static struct sync_waiter *arrive(struct sync_condition *condition) {
  struct sync_waiter *waiter = find_place(condition);
  if (waiter == NULL) return NULL;
  waiter->thread = sync_self_thread();
  waiter->ticket = condition->tickets++;
  atomic_store_explicit(&waiter->state, WAITING, memory_order_relaxed);
  return waiter;
}

/* Sleeps until notified, and leaves the place; false when the time is over. */
static bool leave_notified(struct sync_waiter *waiter, int64_t deadline_ns) {
  while (state_of(waiter) == WAITING) {
    if (!sync_is_over(deadline_ns)) {
      sync_sleep(&waiter->state, WAITING, deadline_ns);
    } else if (change(waiter, WAITING, FREE)) {
      return false;
    }
  }
  atomic_store_explicit(&waiter->state, FREE, memory_order_relaxed);
  return true;
}

int sync_condition_wait(struct sync_condition *condition,
                        struct sync_lock *lock, uint64_t token,
                        int64_t deadline_ns) {
  struct sync_waiter *waiter = arrive(condition);
  if (waiter == NULL) return -ENOSPC;
  uint32_t depth = sync_lock_suspend(lock);
  bool notified = leave_notified(waiter, deadline_ns);
  int r = sync_lock_resume(lock, token, depth);
  if (r < 0) return r;
  return notified ? 0 : -ETIMEDOUT;
}

/* Who has waited longest, or NULL. Tickets wrap; the oldest is the one from
 * which the next ticket is furthest. */
static struct sync_waiter *find_oldest(struct sync_condition *condition) {
  struct sync_waiter *oldest = NULL;
  uint32_t longest = 0;
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

/* Did it reach somebody alive? That nobody slept there may as well mean that
 * the waiter has not fallen asleep yet. */
static bool notify(struct sync_waiter *waiter) {
  if (!change(waiter, WAITING, NOTIFIED)) return false; /* timed out just now */
  if (sys_futex_wake(&waiter->state, 1) > 0) return true;
  if (!sync_has_ended(waiter->thread)) return true;
  atomic_store_explicit(&waiter->state, FREE, memory_order_relaxed);
  return false;
}

void sync_condition_notify(struct sync_condition *condition, uint32_t count) {
  while (count > 0) {
    struct sync_waiter *waiter = find_oldest(condition);
    if (waiter == NULL) return;
    if (notify(waiter)) count--;
  }
}
