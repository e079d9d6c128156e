/* SPDX-License-Identifier: MIT
 *
 * Barriers. Their actions are in action.c.
 */
#include <stddef.h>

#include "brood.h"
#include "conformance/adapter/call.h"
#include "conformance/adapter/class.h"

static brood_barrier *barrier_of(const struct call *call) {
  return call->self->as.object;
}

static int answer_int(struct call *call, int r) {
  if (r >= 0) call->result = value_int64(r);
  return call_done(call, r);
}

static int wait(struct call *call) {
  int64_t timeout_ns = BROOD_FOREVER;
  if (call_timeout(call, 0, &timeout_ns) < 0) return -1;
  return answer_int(call, brood_barrier_wait(barrier_of(call), timeout_ns));
}

static int abort_barrier(struct call *call) {
  return call_done(call, brood_barrier_abort(barrier_of(call)));
}

static int reset(struct call *call) {
  return call_done(call, brood_barrier_reset(barrier_of(call)));
}

static int parties(struct call *call) {
  return answer_int(call, brood_barrier_parties(barrier_of(call)));
}

static int n_waiting(struct call *call) {
  return answer_int(call, brood_barrier_n_waiting(barrier_of(call)));
}

static int broken(struct call *call) {
  return call_answer_bool(call, brood_barrier_broken(barrier_of(call)));
}

const struct method barrier_methods[] = {
    {"wait", "timeout?", wait},
    {"abort", "", abort_barrier},
    {"reset", "", reset},
    {NULL, NULL, NULL},
};

const struct attribute barrier_attributes[] = {
    {"parties", parties, NULL},
    {"n_waiting", n_waiting, NULL},
    {"broken", broken, NULL},
    {NULL, NULL, NULL},
};
