/* SPDX-License-Identifier: MIT
 *
 * The state of a barrier, under its lock:
 */
/* clang-format off
 *
 *   FILLING    parties come in                 -> ACTING, BROKEN, RESETTING
 *   ACTING     all are in, the last party does
 *              its action                      -> DRAINING, BROKEN, RESETTING
 *   DRAINING   all may go; newcomers wait      -> FILLING when all have gone
 *   RESETTING  those inside leave broken;
 *              newcomers wait                  -> FILLING when all have gone
 *   BROKEN     nobody stays                    -> RESETTING, FILLING by reset
 *
 * clang-format on */
/* A party that waits sleeps on `changes`, which counts changes of the state.
 *
 * Killed where?  Inside: its neighbour, the party of the next lower index, sees
 * it at the end of a slice, or the last party as it comes. With the lock: the
 * next to take the lock is told. Both break a barrier that is filling or
 * acting. On the way out: newcomers find the dead among the parties and count
 * them out.
 */
#include "lib/sync/barrier.h"

#include <errno.h>
#include <limits.h>

#include "lib/sync/self.h"
#include "lib/sync/sleep.h"
#include "lib/sys/clock.h"
#include "lib/sys/futex.h"

enum { FILLING, ACTING, DRAINING, RESETTING, BROKEN };

size_t sync_barrier_size(uint32_t parties) {
  return sizeof(struct sync_barrier) + parties * sizeof(uint64_t);
}

void sync_barrier_init(struct sync_barrier *barrier, uint32_t parties) {
  barrier->parties = parties;
}

static void change_state(struct sync_barrier *barrier, uint32_t state) {
  barrier->state = state;
  atomic_fetch_add_explicit(&barrier->changes, 1, memory_order_relaxed);
  sys_futex_wake(&barrier->changes, INT_MAX);
}

static void count_parties(struct sync_barrier *barrier) {
  barrier->count = 0;
  for (uint32_t i = 0; i < barrier->parties; i++) {
    if (barrier->threads[i] != 0) barrier->count++;
  }
}

/* The last of those who must leave before others come in has left. */
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

static void enter_barrier(struct sync_barrier *barrier) {
  int r =
      sync_lock_acquire(&barrier->lock, sync_self_thread(), SYS_CLOCK_NEVER);
  if (r != -EOWNERDEAD) return;
  count_parties(barrier); /* it may have been changing that */
  break_round(barrier);
  finish_leaving(barrier);
}

static void leave_barrier(struct sync_barrier *barrier) {
  sync_lock_release(&barrier->lock);
}

/* Sleeps, without the lock, until the state changes. True if a slice passed. */
static bool sleep_outside(struct sync_barrier *barrier, int64_t deadline_ns) {
  uint32_t changes =
      atomic_load_explicit(&barrier->changes, memory_order_relaxed);
  leave_barrier(barrier);
  sync_watch own = 0; /* each watches another: all take their turns */
  int64_t slice_ns = SYNC_SLICE_NS;
  bool slice = sync_sleep_watching(&barrier->changes, changes, deadline_ns,
                                   &own, &slice_ns);
  enter_barrier(barrier);
  return slice;
}

static void count_out_the_dead(struct sync_barrier *barrier) {
  for (uint32_t i = 0; i < barrier->parties; i++) {
    uint64_t thread = barrier->threads[i];
    if (thread == 0 || !sync_has_ended(thread)) continue;
    barrier->threads[i] = 0;
    break_round(barrier);
  }
  count_parties(barrier);
  finish_leaving(barrier);
}

/* Waits until the parties of the round before have gone. False when the time
 * is over. */
static bool wait_for_entrance(struct sync_barrier *barrier,
                              int64_t deadline_ns) {
  while (barrier->state != FILLING && barrier->state != BROKEN) {
    if (sync_is_over(deadline_ns)) return false;
    if (sleep_outside(barrier, deadline_ns)) count_out_the_dead(barrier);
  }
  return true;
}

/* Each party watches one other, so that many parties are not many times many
 * looks. */
static void watch_neighbour(struct sync_barrier *barrier, uint32_t index) {
  uint64_t neighbour = barrier->threads[(index + 1) % barrier->count];
  if (neighbour != 0 && sync_has_ended(neighbour)) break_round(barrier);
}

/* Everybody's wait but the last one's. An action that has begun is waited for,
 * whatever the time. */
static void wait_for_all(struct sync_barrier *barrier, uint32_t index,
                         int64_t deadline_ns) {
  while (barrier->state == FILLING || barrier->state == ACTING) {
    bool acting = barrier->state == ACTING;
    if (!acting && sync_is_over(deadline_ns))
      break_round(barrier);
    else if (sleep_outside(barrier, acting ? SYS_CLOCK_NEVER : deadline_ns)) {
      watch_neighbour(barrier, index);
    }
  }
}

/* While the others sleep they watch each other, but a single one, or all
 * together, may have died unseen: the last party must not pass with the dead.
 */
static void look_at_all(struct sync_barrier *barrier) {
  for (uint32_t i = 0; i + 1 < barrier->count; i++) {
    if (sync_has_ended(barrier->threads[i])) {
      break_round(barrier);
      return;
    }
  }
}

/* The last party's part. */
static int act(struct sync_barrier *barrier, const struct sync_action *action) {
  int r = 0;
  if (action->call != NULL) {
    change_state(barrier, ACTING);
    leave_barrier(barrier);
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
  bool last = barrier->count == barrier->parties;
  if (last) look_at_all(barrier);
  if (!last) {
    wait_for_all(barrier, index, deadline_ns);
  } else if (barrier->state == FILLING) {
    r = act(barrier, action);
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
  /* Whose time is over outside breaks nothing: that round is of others. */
  if (wait_for_entrance(barrier, deadline_ns) && barrier->state == FILLING) {
    r = wait_inside(barrier, action, deadline_ns);
  }
  leave_barrier(barrier);
  return r;
}

void sync_barrier_abort(struct sync_barrier *barrier) {
  enter_barrier(barrier);
  change_state(barrier, BROKEN);
  leave_barrier(barrier);
}

void sync_barrier_reset(struct sync_barrier *barrier) {
  enter_barrier(barrier);
  if (barrier->state != DRAINING) change_state(barrier, RESETTING);
  finish_leaving(barrier);
  leave_barrier(barrier);
}

uint32_t sync_barrier_num_waiting(struct sync_barrier *barrier) {
  enter_barrier(barrier);
  uint32_t waiting = barrier->state == FILLING ? barrier->count : 0;
  leave_barrier(barrier);
  return waiting;
}

bool sync_barrier_is_broken(struct sync_barrier *barrier) {
  enter_barrier(barrier);
  bool broken = barrier->state == BROKEN;
  leave_barrier(barrier);
  return broken;
}
