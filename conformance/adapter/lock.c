/* SPDX-License-Identifier: MIT
 *
 * Locks, recursive locks and semaphores; and what else has a lock to acquire.
 */
#include <stddef.h>

#include "brood.h"
#include "conformance/adapter/call.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/lockable.h"

/* As in Python, an end of the time is no error. */
static int acquire(struct call *call) {
  int64_t timeout_ns = BROOD_FOREVER;
  if (call_block(call, 0, &timeout_ns) < 0) return -1;
  return call_answer_timed(call, lockable_acquire(call->self, timeout_ns));
}

static int release(struct call *call) {
  return call_done(call, lockable_release(call->self));
}

static int locked(struct call *call) {
  void *object = call->self->as.object;
  return call_answer_bool(call, call->self->kind == VALUE_RLOCK
                                    ? brood_rlock_locked(object)
                                    : brood_lock_locked(object));
}

static int get_value(struct call *call) {
  int value = brood_semaphore_get_value(call->self->as.object);
  if (value >= 0) call->result = value_int64(value);
  return call_done(call, value);
}

const struct method lockable_methods[] = {
    {"acquire", "block? timeout?", acquire},
    {"release", "", release},
    {NULL, NULL, NULL},
};

const struct method lock_methods[] = {
    {"locked", "", locked},
    {NULL, NULL, NULL},
};

const struct method semaphore_methods[] = {
    {"get_value", "", get_value},
    {NULL, NULL, NULL},
};
