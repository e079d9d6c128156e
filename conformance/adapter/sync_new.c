/* SPDX-License-Identifier: MIT
 *
 * What a context makes to wait for: locks, semaphores, conditions, events and
 * barriers.
 */
#include <stddef.h>

#include "brood.h"
#include "conformance/adapter/action.h"
#include "conformance/adapter/call.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/guard.h"

static const brood_context *context_of(const struct call *call) {
  return call->self->as.context;
}

static int lock(struct call *call) {
  return call_made(call, VALUE_LOCK, brood_lock_new(context_of(call)));
}

static int rlock(struct call *call) {
  return call_made(call, VALUE_RLOCK, brood_rlock_new(context_of(call)));
}

static int semaphore(struct call *call) {
  int64_t value = 1;
  if (call->args[0] != NULL && call_int64(call, 0, &value) < 0) return -1;
  return call_made(call, VALUE_SEMAPHORE,
                   brood_semaphore_new(context_of(call), value));
}

static int bounded_semaphore(struct call *call) {
  int64_t value = 1;
  if (call->args[0] != NULL && call_int64(call, 0, &value) < 0) return -1;
  return call_made(call, VALUE_BOUNDED,
                   brood_bounded_semaphore_new(context_of(call), value));
}

static int condition(struct call *call) {
  const cJSON *arg = call->args[0];
  void *guard =
      arg == NULL || cJSON_IsNull(arg) ? NULL : guard_object(call, arg);
  return call_made(call, VALUE_CONDITION,
                   brood_condition_new(context_of(call), guard));
}

static int event(struct call *call) {
  return call_made(call, VALUE_EVENT,
                   call_truth(call, 0, false)
                       ? brood_watched_event_new(context_of(call))
                       : brood_event_new(context_of(call)));
}

static int read_action(struct call *call, int index,
                       brood_callable *out_action) {
  const char *name = NULL;
  if (call_function_name(call, index, &name) < 0) return -1;
  if (name == NULL) return 0;
  *out_action = action_find(name);
  return *out_action != NULL ? 0 : failure_unsupported(&call->failure, name);
}

static int barrier(struct call *call) {
  int parties = 0;
  brood_callable action = NULL;
  int64_t timeout_ns = BROOD_FOREVER;
  if (call_int(call, 0, &parties) < 0) return -1;
  if (read_action(call, 1, &action) < 0) return -1;
  if (call_timeout(call, 2, &timeout_ns) < 0) return -1;
  return call_made(
      call, VALUE_BARRIER,
      brood_barrier_new(context_of(call), parties, action, timeout_ns));
}

const struct method sync_new_methods[] = {
    {"Lock", "", lock},
    {"RLock", "", rlock},
    {"Semaphore", "value?", semaphore},
    {"BoundedSemaphore", "value?", bounded_semaphore},
    {"Condition", "lock?", condition},
    {"Event", "*watched?", event},
    {"Barrier", "parties action? timeout?", barrier},
    {NULL, NULL, NULL},
};
