/* SPDX-License-Identifier: MIT
 *
 * What a manager makes to wait for: locks, semaphores, conditions, events,
 * barriers and queues. The handles are those of objects in shared memory.
 */
#include <stddef.h>

#include "brood.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/guard.h"
#include "conformance/adapter/manager.h"

/* The name at this index, and a number before it, if there is one. */
static int read_named(struct call *call, int index, const char **out_name,
                      int64_t *out_number) {
  if (call_text_or_null(call, index, out_name) < 0) return -1;
  if (index == 0 || call->args[0] == NULL) return 0;
  return call_int64(call, 0, out_number);
}

static int lock(struct call *call) {
  const char *name = NULL;
  if (read_named(call, 0, &name, NULL) < 0) return -1;
  return call_made(call, VALUE_LOCK,
                   brood_manager_lock(manager_of(call), name));
}

static int rlock(struct call *call) {
  const char *name = NULL;
  if (read_named(call, 0, &name, NULL) < 0) return -1;
  return call_made(call, VALUE_RLOCK,
                   brood_manager_rlock(manager_of(call), name));
}

static int semaphore(struct call *call) {
  const char *name = NULL;
  int64_t value = 1;
  if (read_named(call, 1, &name, &value) < 0) return -1;
  return call_made(call, VALUE_SEMAPHORE,
                   brood_manager_semaphore(manager_of(call), name, value));
}

static int bounded_semaphore(struct call *call) {
  const char *name = NULL;
  int64_t value = 1;
  if (read_named(call, 1, &name, &value) < 0) return -1;
  return call_made(
      call, VALUE_BOUNDED,
      brood_manager_bounded_semaphore(manager_of(call), name, value));
}

static int condition(struct call *call) {
  const cJSON *arg = call->args[0];
  const char *name = NULL;
  if (call_text_or_null(call, 1, &name) < 0) return -1;
  void *guard =
      arg == NULL || cJSON_IsNull(arg) ? NULL : guard_object(call, arg);
  return call_made(call, VALUE_CONDITION,
                   brood_manager_condition(manager_of(call), name, guard));
}

static int event(struct call *call) {
  const char *name = NULL;
  if (read_named(call, 0, &name, NULL) < 0) return -1;
  return call_made(call, VALUE_EVENT,
                   brood_manager_event(manager_of(call), name));
}

/* "parties timeout? *name?" */
static int barrier(struct call *call) {
  const char *name = NULL;
  int parties = 0;
  int64_t timeout_ns = BROOD_FOREVER;
  if (call_int(call, 0, &parties) < 0) return -1;
  if (call_timeout(call, 1, &timeout_ns) < 0) return -1;
  if (call_text_or_null(call, 2, &name) < 0) return -1;
  return call_made(
      call, VALUE_BARRIER,
      brood_manager_barrier(manager_of(call), name, parties, timeout_ns));
}

static int queue(struct call *call) {
  const char *name = NULL;
  int64_t maxsize = 0;
  if (read_named(call, 1, &name, &maxsize) < 0) return -1;
  return call_made(call, VALUE_QUEUE,
                   brood_manager_queue(manager_of(call), name, maxsize));
}

static int joinable_queue(struct call *call) {
  const char *name = NULL;
  int64_t maxsize = 0;
  if (read_named(call, 1, &name, &maxsize) < 0) return -1;
  return call_made(
      call, VALUE_JOINABLE,
      brood_manager_joinable_queue(manager_of(call), name, maxsize));
}

const struct method manager_sync_methods[] = {
    {"Lock", "*name?", lock},
    {"RLock", "*name?", rlock},
    {"Semaphore", "value? *name?", semaphore},
    {"BoundedSemaphore", "value? *name?", bounded_semaphore},
    {"Condition", "lock? *name?", condition},
    {"Event", "*name?", event},
    {"Barrier", "parties *timeout? *name?", barrier},
    {"Queue", "maxsize? *name?", queue},
    {"JoinableQueue", "maxsize? *name?", joinable_queue},
    {NULL, NULL, NULL},
};
