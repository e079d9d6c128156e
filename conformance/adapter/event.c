/* SPDX-License-Identifier: MIT
 *
 * Events.
 */
#include <stddef.h>

#include "brood.h"
#include "conformance/adapter/call.h"
#include "conformance/adapter/class.h"

static int is_set(struct call *call) {
  return call_answer_bool(call, brood_event_is_set(call->self->as.object));
}

static int set(struct call *call) {
  return call_done(call, brood_event_set(call->self->as.object));
}

static int clear(struct call *call) {
  return call_done(call, brood_event_clear(call->self->as.object));
}

static int wait(struct call *call) {
  int64_t timeout_ns = BROOD_FOREVER;
  if (call_timeout(call, 0, &timeout_ns) < 0) return -1;
  return call_answer_timed(call,
                           brood_event_wait(call->self->as.object, timeout_ns));
}

static int file_number(struct call *call) {
  return call_answer_count(call, brood_event_fileno(call->self->as.object));
}

const struct method event_methods[] = {
    {"is_set", "", is_set},      {"set", "", set},
    {"clear", "", clear},        {"wait", "timeout?", wait},
    {"fileno", "", file_number}, {NULL, NULL, NULL},
};
