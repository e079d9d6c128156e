/* SPDX-License-Identifier: MIT
 *
 * Event and Condition. A condition's lock is an object of its own, a lock or an
 * rlock; both have the same cell, and differ in whose token they hold.
 */
#include <errno.h>
#include <limits.h>

#include "lib/share/arena.h"
#include "lib/share/object.h"
#include "lib/share/region.h"
#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/sync/lock.h"
#include "lib/sync/self.h"
#include "lib/sys/clock.h"

struct brood_event {
  struct sync_event cell;
};

brood_event *brood_event_new(const brood_context *context) {
  return share_new(context, SHARE_EVENT, sizeof(brood_event));
}

SHARE_FREE_FUNCTION(brood_event_free, brood_event, SHARE_EVENT)

/* What a watched event has for its lock. It has an arena of its own, and so the
 * descriptors, and guards the flag and what is known of the notice.
 *
 * Killed where? The notice comes before the flag and goes after it: never is
 * the flag up and the descriptor not readable. It may be in vain, until a
 * process has looked at the flag. */
struct bell {
  struct sync_lock lock;
  uint32_t notice;
};

brood_event *brood_watched_event_new(const brood_context *context) {
  brood_event *event = brood_event_new(context);
  if (event == NULL) return NULL;
  struct bell *bell =
      share_new_partly(context, SHARE_BELL, sizeof *bell, REGION_LARGE);
  if (bell == NULL) return brood_event_free(event);
  bell->notice = ARENA_NOTICE_TAKEN;
  arena_set_lock(share_block_of(event), share_block_of(bell));
  share_free(bell, SHARE_BELL); /* the event holds it now */
  return event;
}

static bool is_watched(const brood_event *event) {
  return share_block_of(event)->lock_offset != 0;
}

/* NULL: the program has closed it, or others have written to the memory. */
static struct bell *bell_of(const brood_event *event) {
  struct bell *bell = guarded_lock_of(event);
  return share_kind_of(bell) == SHARE_BELL ? bell : NULL;
}

enum turn { TURN_UP, TURN_DOWN, TURN_NOT };

/* Signals wait meanwhile: a handler may turn the same flag. A caller that only
 * looks does not wait for a stopped process that turns it. */
static int turn_watched(brood_event *event, enum turn how) {
  struct bell *bell = bell_of(event);
  if (bell == NULL) return -EBADF;
  const struct share_block *block = share_block_of(bell);
  int r = 0, before = errno; /* of what a handler interrupts */
  guard_hold_signals();
  /* Before the lock: a handler may wait for that in a holder of the guard. */
  int to = arena_fd(block, ARENA_RECEIVER), at = arena_fd(block, ARENA_SENDER);
  int64_t deadline_ns =
      how == TURN_NOT ? sys_clock_deadline(2 * SYNC_SLICE_NS) : SYS_CLOCK_NEVER;
  if (sync_lock_acquire(&bell->lock, sync_self_process(), deadline_ns) !=
      -ETIMEDOUT) {
    if (how == TURN_UP) r = arena_notice_send(to, &bell->notice);
    if (how == TURN_UP && r == 0) sync_event_set(&event->cell);
    if (how == TURN_DOWN) sync_event_clear(&event->cell);
    if (!sync_event_is_set(&event->cell)) arena_notice_take(at, &bell->notice);
    sync_quick_release(&bell->lock);
  }
  guard_release_signals();
  errno = before;
  return r;
}

static int turn(brood_event *event, enum turn how) {
  int r = 0;
  if (is_watched(event)) {
    r = turn_watched(event, how);
  } else if (how == TURN_UP) {
    sync_event_set(&event->cell);
  } else {
    sync_event_clear(&event->cell);
  }
  return r < 0 ? error_set_os(r, "cannot tell that the event changes") : 0;
}

/* One that was told a moment ago waits for the flag. */
static bool is_up(brood_event *event) {
  if (is_watched(event) && !sync_event_is_set(&event->cell)) {
    turn_watched(event, TURN_NOT);
  }
  return sync_event_is_set(&event->cell);
}

static int find_descriptor(const brood_event *event) {
  if (!is_watched(event)) {
    return error_set(BROOD_ATTRIBUTE_ERROR,
                     "event at %p was not made to be watched",
                     (const void *)event);
  }
  const struct bell *bell = bell_of(event);
  int fd = bell == NULL ? -1 : arena_fd(share_block_of(bell), ARENA_SENDER);
  return fd < 0 ? error_set_os(-EBADF, "the event has no descriptor") : fd;
}

SHARE_QUESTION(brood_event_is_set, brood_event, SHARE_EVENT, PROXY_IS_SET,
               is_up(object))
SHARE_QUESTION(brood_event_set, brood_event, SHARE_EVENT, PROXY_SET,
               turn(object, TURN_UP))
SHARE_QUESTION(brood_event_clear, brood_event, SHARE_EVENT, PROXY_CLEAR,
               turn(object, TURN_DOWN))
SHARE_QUESTION(brood_event_fileno, brood_event, SHARE_EVENT, PROXY_LACKS,
               find_descriptor(object))

int brood_event_wait(brood_event *event, int64_t timeout_ns) {
  int r = share_check(event, SHARE_EVENT);
  if (r != 0) return proxy_ask(r, event, PROXY_WAIT, timeout_ns);
  r = sync_event_wait(&event->cell, sys_clock_deadline(timeout_ns));
  if (r == 0 || (is_watched(event) && is_up(event))) return 0;
  return error_set(BROOD_TIMEOUT, "the event was not set in time");
}

/* ----------------------------------------------------------- Condition -- */

struct brood_condition {
  struct sync_condition cell;
};

brood_condition *brood_condition_new(const brood_context *context, void *lock) {
  if (guarded_check_lock(lock, false) < 0) return NULL;
  if (lock == BROOD_NO_LOCK) {
    error_set(BROOD_ATTRIBUTE_ERROR, "a condition needs a lock");
    return NULL;
  }
  brood_condition *condition =
      share_new(context, SHARE_CONDITION, sizeof *condition);
  if (condition == NULL) return NULL;
  if (guarded_set_lock(condition, context, lock) == 0) return condition;
  return brood_condition_free(condition);
}

SHARE_FREE_FUNCTION(brood_condition_free, brood_condition, SHARE_CONDITION)

int brood_condition_acquire(brood_condition *condition, int64_t timeout_ns) {
  return guarded_acquire(condition, SHARE_CONDITION, timeout_ns);
}

int brood_condition_release(brood_condition *condition) {
  return guarded_release(condition, SHARE_CONDITION);
}

/* The cell of the lock, and the token that the caller holds it with. NULL: the
 * memory has been written to by others. */
static struct sync_lock *find_lock(brood_condition *condition,
                                   uint64_t *out_token) {
  void *lock = guarded_lock_of(condition);
  bool by_thread = share_kind_of(lock) == SHARE_RLOCK;
  *out_token = by_thread ? sync_self_thread() : sync_self_process();
  return lock;
}

int brood_condition_wait(brood_condition *condition, int64_t timeout_ns) {
  int r = share_check(condition, SHARE_CONDITION);
  if (r != 0) return proxy_ask(r, condition, PROXY_WAIT, timeout_ns);
  uint64_t token;
  struct sync_lock *lock = find_lock(condition, &token);
  if (lock == NULL || !sync_lock_is_mine(lock, token)) {
    return error_set(BROOD_ASSERTION_ERROR,
                     "must acquire() condition before using wait()");
  }
  r = sync_condition_wait(&condition->cell, lock, token,
                          sys_clock_deadline(timeout_ns));
  if (r == 0) return 0;
  if (r == -ETIMEDOUT) {
    return error_set(BROOD_TIMEOUT, "the condition was not notified in time");
  }
  if (r == -ENOSPC) {
    return error_set(BROOD_RUNTIME_ERROR, "%d wait on this condition already",
                     SYNC_CONDITION_WAITERS);
  }
  return share_outcome(r, guarded_lock_of(condition));
}

int brood_condition_wait_for(brood_condition *condition,
                             brood_predicate predicate, void *argument,
                             int64_t timeout_ns) {
  int r = share_check(condition, SHARE_CONDITION);
  if (r < 0) return r;
  if (predicate == NULL) {
    return error_set(BROOD_TYPE_ERROR, "no predicate to wait for: NULL");
  }
  int64_t deadline_ns = sys_clock_deadline(timeout_ns);
  int value = predicate(argument);
  while (value == 0) {
    int64_t left_ns = sys_clock_left(deadline_ns);
    r = brood_condition_wait(condition, left_ns);
    if (r < 0 && r != BROOD_TIMEOUT) return r;
    value = predicate(argument);
    if (r == BROOD_TIMEOUT) return value;
  }
  return value;
}

static int notify_some(brood_condition *condition, uint32_t count) {
  int r = share_check(condition, SHARE_CONDITION);
  if (r > 0) {
    struct proxy_call call = {.op = PROXY_NOTIFY, .number = count};
    return (int)proxy_engine->call(condition, &call);
  }
  if (r < 0) return r;
  uint64_t token;
  struct sync_lock *lock = find_lock(condition, &token);
  if (lock == NULL || !sync_lock_is_mine(lock, token)) {
    return error_set(BROOD_ASSERTION_ERROR, "lock is not owned");
  }
  sync_condition_notify(&condition->cell, count);
  return 0;
}

int brood_condition_notify(brood_condition *condition, int n) {
  if (n < 0) return error_set(BROOD_VALUE_ERROR, "cannot notify %d waiters", n);
  return notify_some(condition, (uint32_t)n);
}

int brood_condition_notify_all(brood_condition *condition) {
  return notify_some(condition, UINT32_MAX);
}
