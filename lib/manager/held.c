/* SPDX-License-Identifier: MIT
 *
 * See server.h: lock, rlock, semaphore, condition, event, barrier.
 *
 * A lock, an rlock and a semaphore are one thing: so many may enter, who has
 * entered is written down, and who may not yet waits in a row. What somebody
 * gives back goes to the first in the row at once. A condition is a row whose
 * members, notified or out of time, step over into that of their lock.
 */
#include "lib/manager/server.h"
#include "lib/share/object.h"
#include "lib/state/error.h"
#include "lib/sync/self.h"
#include "lib/sys/clock.h"

/* Has a caller wait for the lock, however long that takes. */
static void step_over(const struct managed *condition, struct caller *caller) {
  caller->deadline_ns = SYS_CLOCK_NEVER;
  park_call(caller, condition->lock, &condition->lock->row);
}

static bool notify_one(struct managed *condition) {
  struct caller *caller = condition->row.first;
  if (caller == NULL) return false;
  object_hold(condition);
  unpark_call(caller);
  caller->notified_by = condition->id;
  step_over(condition, caller);
  object_release(condition);
  return true;
}

/* A notification that nobody has done anything with. */
static void pass_on(uint64_t condition_id) {
  struct managed *condition = object_find(condition_id);
  if (condition != NULL) notify_one(condition);
}

/* ---------------------------------------------------------- Gates: locks -- */

/* A thread holds an rlock; of the others a process is the holder. */
static uint64_t thread_for(const struct managed *gate,
                           const struct caller *caller) {
  return gate->kind == SHARE_RLOCK ? caller->head.thread : 0;
}

static struct tally *hold_of(struct managed *gate,
                             const struct caller *caller) {
  return tally_of(&gate->holds, caller->session, thread_for(gate, caller));
}

/* What a caller is told that has entered. */
static int64_t enter_gate(struct managed *gate, struct caller *caller) {
  int64_t depth = caller->depth > 1 ? caller->depth : 1;
  struct tally *hold =
      tally_add(&gate->holds, caller->session, thread_for(gate, caller), depth);
  if (hold == NULL) return refuse_memory();
  hold->notified_by = caller->notified_by;
  gate->value--;
  bool died = gate->holder_died;
  gate->holder_died = false;
  if (died) {
    return error_set(BROOD_OWNER_DIED,
                     "%s is held now, but was held by a process that was "
                     "killed",
                     share_kind_name(gate->kind));
  }
  if (caller->depth > 0 && caller->notified_by == 0) { /* it waited in vain */
    return error_set(BROOD_TIMEOUT, "the condition was not notified in time");
  }
  return 0;
}

/* A caller that cannot be told that it has entered has not. */
static int64_t answer_entered(struct managed *gate, struct caller *caller) {
  int64_t r = enter_gate(gate, caller);
  bool is_told = !caller->is_closed && answer_call(caller, r);
  caller->has_entered = is_told && r != BROOD_OS_ERROR;
  struct tally *hold = is_told ? NULL : hold_of(gate, caller);
  if (hold == NULL) return PARKED; /* it has been answered */
  gate->value++;
  gate->holder_died = r == BROOD_OWNER_DIED;
  bool has_more = gate->kind == SHARE_SEMAPHORE && --hold->count > 0;
  if (!has_more) tally_drop(&gate->holds, hold);
  pass_on(caller->notified_by);
  return PARKED;
}

/* Lets in whom there is room for. */
static void let_in(struct managed *gate) {
  while (gate->value > 0 && gate->row.first != NULL) {
    struct caller *caller = gate->row.first;
    object_hold(gate);
    unpark_call(caller);
    answer_entered(gate, caller);
    object_release(gate);
  }
}

/* What an ended holder had goes on to others, and so does the notification
 * that it had not done anything with yet. */
static void give_on(struct managed *gate, struct tally *hold) {
  uint64_t notified_by = hold->notified_by;
  gate->value += gate->kind == SHARE_SEMAPHORE ? hold->count : 1;
  gate->holder_died = gate->kind != SHARE_SEMAPHORE;
  tally_drop(&gate->holds, hold);
  pass_on(notified_by);
  let_in(gate);
}

static void give_on_of_dead(struct managed *gate) {
  for (size_t i = 0; i < gate->holds.count; i++) {
    struct tally *hold = &gate->holds.all[i];
    uint64_t token = hold->thread != 0 ? hold->thread : hold->session->token;
    if (!sync_has_ended(token)) continue;
    give_on(gate, hold);
    i = (size_t)-1;
  }
}

static int64_t acquire(struct managed *gate, struct caller *caller) {
  struct tally *hold = gate->kind == SHARE_RLOCK ? hold_of(gate, caller) : NULL;
  if (hold != NULL && hold->count == UINT32_MAX) {
    return error_set(BROOD_OVERFLOW_ERROR, "rlock acquired %u times already",
                     UINT32_MAX);
  }
  if (hold != NULL) {
    caller->has_entered = answer_call(caller, 0);
    hold->count += caller->has_entered;
    return PARKED; /* it has been answered */
  }
  if (gate->value > 0) return answer_entered(gate, caller);
  if (park_call(caller, gate, &gate->row) == PARKED) return PARKED;
  give_on_of_dead(gate); /* nobody has looked for one who polls */
  if (gate->value > 0) return answer_entered(gate, caller);
  return error_set(BROOD_TIMEOUT, "%s was not to be had in time",
                   share_kind_name(gate->kind));
}

/* With a number: by a thread that was cancelled in that call. */
static int64_t release(struct managed *gate, struct caller *caller) {
  struct tally *hold = hold_of(gate, caller);
  int64_t cancelled = caller->head.number;
  if (cancelled != 0 && !caller->has_entered) return 0;
  if (gate->kind == SHARE_RLOCK && hold == NULL) {
    return error_set(BROOD_ASSERTION_ERROR,
                     "attempt to release recursive lock not owned by thread");
  }
  if (gate->value == gate->bound) {
    return error_set(BROOD_VALUE_ERROR,
                     "semaphore or lock released too many times");
  }
  /* Another process may release it: then the holder has one less. */
  if (hold == NULL && gate->holds.count > 0) hold = gate->holds.all;
  /* As its wait ended, it gives all of that back. */
  bool waited = hold != NULL && cancelled == PROXY_WAIT;
  uint64_t notified_by = waited ? hold->notified_by : 0;
  if (waited) hold->count = 1;
  bool is_last = gate->kind != SHARE_RLOCK || hold->count == 1;
  if (hold != NULL && --hold->count == 0) tally_drop(&gate->holds, hold);
  if (is_last) gate->value++;
  pass_on(notified_by);
  let_in(gate);
  return 0;
}

/* ------------------------------------------------------------- Condition -- */

static int64_t wait_notified(struct managed *condition, struct caller *caller) {
  struct managed *lock = condition->lock;
  if (caller->depth > 0) { /* it has waited, until now */
    step_over(condition, caller);
    let_in(lock);
    return PARKED;
  }
  struct tally *hold = hold_of(lock, caller);
  if (hold == NULL) {
    return error_set(BROOD_ASSERTION_ERROR,
                     "must acquire() condition before using wait()");
  }
  caller->depth = (uint32_t)hold->count;
  if (park_call(caller, condition, &condition->row) != PARKED) {
    return error_set(BROOD_TIMEOUT, "the condition was not notified in time");
  }
  tally_drop(&lock->holds, hold);
  lock->value++;
  let_in(lock);
  return PARKED;
}

static int64_t notify(struct managed *condition, struct caller *caller) {
  if (hold_of(condition->lock, caller) == NULL) {
    return error_set(BROOD_ASSERTION_ERROR, "lock is not owned");
  }
  int64_t left = caller->head.number;
  while (left > 0 && notify_one(condition)) left--;
  return 0;
}

static int64_t call_condition(struct managed *object, struct caller *caller) {
  switch (caller->head.op) {
    case PROXY_ACQUIRE: return acquire(object->lock, caller);
    case PROXY_RELEASE: return release(object->lock, caller);
    case PROXY_WAIT: return wait_notified(object, caller);
    case PROXY_NOTIFY: return notify(object, caller);
    default: return object_lacks(object);
  }
}

/* -------------------------------------------------------- Event, barrier -- */

static int say_broken(void) {
  return error_set(BROOD_BROKEN_BARRIER, "the barrier is broken");
}

/* Answers all in the row; of a barrier that is whole with their numbers. */
static void answer_all(struct managed *object) {
  bool is_barrier = object->kind == SHARE_BARRIER;
  object_hold(object);
  for (int64_t i = 0; object->row.first != NULL; i++) {
    struct caller *caller = object->row.first;
    unpark_call(caller);
    answer_call(caller, !is_barrier ? 0 : object->is_set ? say_broken() : i);
  }
  object_release(object);
}

static int64_t call_event(struct managed *object, struct caller *caller) {
  switch (caller->head.op) {
    case PROXY_IS_SET: return object->is_set;
    case PROXY_CLEAR: object->is_set = false; return 0;
    case PROXY_SET:
      object->is_set = true;
      answer_all(object);
      return 0;
    case PROXY_WAIT:
      if (object->is_set) return 0;
      if (park_call(caller, object, &object->row) == PARKED) return PARKED;
      return error_set(BROOD_TIMEOUT, "the event was not set in time");
    default: return object_lacks(object);
  }
}

static void break_barrier(struct managed *object) {
  object->is_set = true;
  answer_all(object);
}

static int64_t wait_at_barrier(struct managed *object, struct caller *caller) {
  if (object->is_set) return say_broken();
  if (object->row.count + 1 == object->parties) {
    answer_all(object);
    return object->parties - 1;
  }
  if (caller->deadline_ns > 0 && caller->head.timeout_ns == BROOD_FOREVER) {
    caller->deadline_ns = sys_clock_deadline(object->timeout_ns);
  }
  if (park_call(caller, object, &object->row) == PARKED) return PARKED;
  break_barrier(object);
  return say_broken();
}

static int64_t call_barrier(struct managed *object, struct caller *caller) {
  switch (caller->head.op) {
    case PROXY_WAIT: return wait_at_barrier(object, caller);
    case PROXY_ABORT: break_barrier(object); return 0;
    case PROXY_RESET:
      break_barrier(object);
      object->is_set = false;
      return 0;
    case PROXY_PARTIES: return object->parties;
    case PROXY_N_WAITING: return object->row.count;
    case PROXY_BROKEN: return object->is_set;
    default: return object_lacks(object);
  }
}

int64_t held_call(struct managed *object, struct caller *caller) {
  if (object->kind == SHARE_CONDITION) return call_condition(object, caller);
  if (object->kind == SHARE_EVENT) return call_event(object, caller);
  if (object->kind == SHARE_BARRIER) return call_barrier(object, caller);
  switch (caller->head.op) {
    case PROXY_ACQUIRE: return acquire(object, caller);
    case PROXY_RELEASE: return release(object, caller);
    case PROXY_LOCKED: return object->value < object->bound;
    case PROXY_GET_VALUE: return object->value;
    default: return object_lacks(object);
  }
}

/* ------------------------------------------------------------- Endings -- */

/* A caller that waited is gone. */
void held_abandon(struct managed *object, uint64_t notified_by) {
  if (object->kind == SHARE_BARRIER) break_barrier(object);
  pass_on(notified_by);
}

void held_end_session(struct managed *object, const struct session *session) {
  struct tally *hold;
  while ((hold = tally_of(&object->holds, session, 0)) != NULL) {
    give_on(object, hold);
  }
}

bool held_look_for_dead(struct managed *gate) {
  if (gate->row.first == NULL || gate->holds.count == 0) return false;
  if (gate->kind == SHARE_QUEUE) return false;
  give_on_of_dead(gate);
  return gate->row.first != NULL;
}
