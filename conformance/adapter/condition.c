/* SPDX-License-Identifier: MIT
 *
 * Conditions. Their acquire and release are in lock.c.
 */
#include <stddef.h>

#include "brood.h"
#include "conformance/adapter/call.h"
#include "conformance/adapter/class.h"

static int wait(struct call *call) {
  int64_t timeout_ns = BROOD_FOREVER;
  if (call_timeout(call, 0, &timeout_ns) < 0) return -1;
  return call_answer_timed(
      call, brood_condition_wait(call->self->as.object, timeout_ns));
}

/* What os.reader stands for. */
static int read_value(void *value) {
  int64_t number = 0;
  int r = brood_shared_value_get_int64(value, &number);
  return r < 0 ? r : (int)number;
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
