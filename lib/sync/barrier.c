/* SPDX-License-Identifier: MIT */
/* clang-format off */
/* The state of a barrier, under its lock:
 *
 *   FILLING    parties come in                 -> ACTING, BROKEN, RESETTING
 *   ACTING     all are in, the last party does
 *              its action                      -> DRAINING, BROKEN, RESETTING
 *   DRAINING   all may go; newcomers wait      -> FILLING when all have gone
 *   RESETTING  those inside leave broken;
 *              newcomers wait                  -> FILLING when all have gone
 *   BROKEN     no party stays                  -> RESETTING, FILLING by reset
 *
 * A party that waits sleeps on `changes`, which counts changes of the state.
 *
 * Killed where?  Inside, or on the way out: one of those that wait sees it at
 * the end of a slice, or the last party as it comes, and counts the dead out.
 * With the lock: the next to take the lock is told. Both break a barrier that
 * is filling or acting.
 */
/* clang-format on */
#include "lib/sync/lock.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>

#include "lib/sys/clock.h"
#include "lib/sys/futex.h"

enum { FILLING, ACTING, DRAINING, RESETTING, BROKEN };

static void change_state(struct sync_barrier *barrier, uint32_t state) {
  barrier->state = state;
  atomic_fetch_add_explicit(&barrier->changes, 1, memory_order_relaxed);
  sys_futex_wake(&barrier->changes, INT_MAX);
}

/* The last of those that must leave before others come in has left. */
static void finish_leaving(struct sync_barrier *barrier) {
  if (barrier->count > 0) return;
  if (barrier->state == DRAINING || barrier->state == RESETTING) {
    change_state(barrier, FILLING);
  }
}

static void break_round(struct sync_barrier *barrier) {
  if (barrier->state == FILLING || barrier->state == ACTING) {
    change_state(barrier, BROKEN);
  }
}

static void count_out_the_dead(struct sync_barrier *barrier) {
  uint64_t own = sync_self_thread();
  barrier->count = 0;
  for (uint32_t i = 0; i < barrier->parties; i++) {
    uint64_t thread = barrier->threads[i];
    if (thread != 0 && thread != own && sync_has_ended(thread)) {
      barrier->threads[i] = 0;
      break_round(barrier);
    }
    if (barrier->threads[i] != 0) barrier->count++;
  }
  finish_leaving(barrier);
}

static void enter_barrier(struct sync_barrier *barrier) {
  int r =
      sync_lock_acquire(&barrier->lock, sync_self_thread(), SYS_CLOCK_NEVER);
  if (r != -EOWNERDEAD) return;
  break_round(barrier);
  count_out_the_dead(barrier); /* it may have been changing the count */
}

/* Sleeps, without the lock, until the state changes. One of the sleepers looks
 * for the dead in each slice. */
static void sleep_outside(struct sync_barrier *barrier, int64_t *slice_ns,
                          int64_t deadline_ns) {
  uint32_t changes =
      atomic_load_explicit(&barrier->changes, memory_order_relaxed);
  sync_lock_release(&barrier->lock);
  bool look = sync_sleep_watching(&barrier->changes, changes, deadline_ns,
                                  &barrier->watch, slice_ns);
  enter_barrier(barrier);
  if (look) count_out_the_dead(barrier);
}

/* Waits until the parties of the round before have gone. False when the time
 * is over. */
static bool wait_for_entrance(struct sync_barrier *barrier,
                              int64_t deadline_ns) {
  int64_t slice_ns = SYNC_SLICE_NS;
  while (barrier->state != FILLING && barrier->state != BROKEN) {
    if (sync_is_over(deadline_ns)) return false;
    sleep_outside(barrier, &slice_ns, deadline_ns);
  }
  return true;
}

/* Every party's wait but the last one's. A party waits for an action that has
 * begun, whatever its deadline. */
static void wait_for_all(struct sync_barrier *barrier, int64_t deadline_ns) {
  int64_t slice_ns = SYNC_SLICE_NS;
  while (barrier->state == FILLING || barrier->state == ACTING) {
    bool acting = barrier->state == ACTING;
    if (!acting && sync_is_over(deadline_ns)) {
      break_round(barrier);
    } else {
      sleep_outside(barrier, &slice_ns, acting ? SYS_CLOCK_NEVER : deadline_ns);
    }
  }
}

/* The cleanup handler of a party that is cancelled. */
static void leave_cancelled(void *argument) {
  struct sync_barrier *barrier = argument;
  enter_barrier(barrier);
  break_round(barrier);
  for (uint32_t i = 0; i < barrier->parties; i++) {
    if (barrier->threads[i] == sync_self_thread()) barrier->threads[i] = 0;
  }
  count_out_the_dead(barrier);
  sync_lock_release(&barrier->lock);
}

/* The last party's part. */
static int act(struct sync_barrier *barrier, const struct sync_action *action) {
  int r = 0;
  if (action->call != NULL) {
    change_state(barrier, ACTING);
    sync_lock_release(&barrier->lock);
    r = action->call(action->argument);
    enter_barrier(barrier);
    if (barrier->state != ACTING) return r; /* aborted or reset meanwhile */
  }
  change_state(barrier, r == 0 ? DRAINING : BROKEN);
  return r;
}

static int wait_inside(struct sync_barrier *barrier,
                       const struct sync_action *action, int64_t deadline_ns) {
  uint32_t index = barrier->count++;
  barrier->threads[index] = sync_self_thread();
  int r = 0;
  if (barrier->count < barrier->parties) {
    pthread_cleanup_push(leave_cancelled, barrier);
    wait_for_all(barrier, deadline_ns);
    pthread_cleanup_pop(0);
  } else {
    count_out_the_dead(barrier); /* the last party must not pass with them */
    if (barrier->state == FILLING) r = act(barrier, action);
  }
  bool passed = barrier->state == DRAINING;
  barrier->threads[index] = 0;
  barrier->count--;
  finish_leaving(barrier);
  if (r != 0) return -ECANCELED;
  return passed ? (int)index : -EPIPE;
}

int sync_barrier_wait(struct sync_barrier *barrier,
                      const struct sync_action *action, int64_t deadline_ns) {
  enter_barrier(barrier);
  int r = -EPIPE;
  /* A party that times out before it got in breaks nothing: it takes no part in
   * that round. */
  if (wait_for_entrance(barrier, deadline_ns) && barrier->state == FILLING) {
    r = wait_inside(barrier, action, deadline_ns);
  }
  sync_lock_release(&barrier->lock);
  return r;
}

void sync_barrier_abort(struct sync_barrier *barrier) {
  enter_barrier(barrier);
  change_state(barrier, BROKEN);
  sync_lock_release(&barrier->lock);
}

void sync_barrier_reset(struct sync_barrier *barrier) {
  enter_barrier(barrier);
  if (barrier->state != DRAINING) change_state(barrier, RESETTING);
  finish_leaving(barrier);
  sync_lock_release(&barrier->lock);
}

uint32_t sync_barrier_num_waiting(struct sync_barrier *barrier) {
  enter_barrier(barrier);
  uint32_t waiting = barrier->state == FILLING ? barrier->count : 0;
  sync_lock_release(&barrier->lock);
  return waiting;
}

bool sync_barrier_is_broken(struct sync_barrier *barrier) {
  enter_barrier(barrier);
  bool broken = barrier->state == BROKEN;
  sync_lock_release(&barrier->lock);
  return broken;
}
