/* SPDX-License-Identifier: MIT
 *
 * Simple queues.
 */
#include <stddef.h>

#include "brood.h"
#include "conformance/adapter/arguments.h"
#include "conformance/adapter/call.h"
#include "conformance/adapter/class.h"

static brood_simple_queue *queue_of(const struct call *call) {
  return call->self->as.object;
}

static int put(struct call *call) {
  struct arguments item = {0};
  int r = arguments_read_one(call, call->args[0], &item);
  if (r == 0) {
    r = call_done(call, brood_simple_queue_put(queue_of(call), item.values[0]));
  }
  arguments_clear(&item);
  return r;
}

static int get(struct call *call) {
  brood_value item = brood_none();
  int r = brood_simple_queue_get(queue_of(call), &item);
  if (r >= 0) call->result = arguments_received(item);
  return call_done(call, r);
}

static int empty(struct call *call) {
  return call_answer_bool(call, brood_simple_queue_empty(queue_of(call)));
}

static int file_number(struct call *call) {
  return call_answer_count(call, brood_simple_queue_fileno(queue_of(call)));
}

static int close_queue(struct call *call) {
  return call_done(call, brood_simple_queue_close(queue_of(call)));
}

const struct method simple_queue_methods[] = {
    {"put", "obj", put},         {"get", "", get},
    {"empty", "", empty},        {"close", "", close_queue},
    {"fileno", "", file_number}, {NULL, NULL, NULL},
};
