/* SPDX-License-Identifier: MIT
 *
 * Conditions. Their acquire and release are in lock.c.
 */
#include <stddef.h>

#include "brood.h"
#include "conformance/adapter/call.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/element.h"
#include "conformance/adapter/object.h"
#include "conformance/adapter/shared.h"

static int wait(struct call *call) {
  int64_t timeout_ns = BROOD_FOREVER;
  if (call_timeout(call, 0, &timeout_ns) < 0) return -1;
  return call_answer_timed(
      call, brood_condition_wait(call->self->as.object, timeout_ns));
}

/* What os.reader stands for. */
static int read_value(void *object) {
  struct value value = object_value(object);
  struct call call = {.self = &value};
  struct shared shared;
  if (shared_begin(&call, &shared) < 0) return brood_error();
  int number = (int)element_int64(shared.typecode, shared.memory);
  return shared_end(&call, &shared, 0) < 0 ? brood_error() : number;
}

static int wait_for(struct call *call) {
  const struct value *reader = handles_resolve(call->handles, call->args[0]);
  int64_t timeout_ns = BROOD_FOREVER;
  if (reader == NULL || reader->kind != VALUE_READER) {
    return call_fail(call, "TypeError", "the predicate is no function");
  }
  if (call_timeout(call, 1, &timeout_ns) < 0) return -1;
  int r = brood_condition_wait_for(call->self->as.object, read_value,
                                   reader->as.object, timeout_ns);
  if (r >= 0) call->result = value_int64(r);
  return call_done(call, r);
}

static int notify(struct call *call) {
  int n = 1;
  if (call->args[0] != NULL && call_int(call, 0, &n) < 0) return -1;
  return call_done(call, brood_condition_notify(call->self->as.object, n));
}

static int notify_all(struct call *call) {
  return call_done(call, brood_condition_notify_all(call->self->as.object));
}

const struct method condition_methods[] = {
    {"wait", "timeout?", wait}, {"wait_for", "predicate timeout?", wait_for},
    {"notify", "n?", notify},   {"notify_all", "", notify_all},
    {NULL, NULL, NULL},
};
