/* SPDX-License-Identifier: MIT
 *
 * What carries values between processes: a context makes pipes and queues, and
 * the top level besides connections of descriptors.
 */
#include <stddef.h>

#include "brood.h"
#include "conformance/adapter/call.h"
#include "conformance/adapter/class.h"

static const brood_context *context_of(const struct call *call) {
  return call->self->as.context;
}

static struct value connection_value(brood_connection *connection) {
  return (struct value){
      .kind = VALUE_CONNECTION, .owned = true, .as.object = connection};
}

static int make_pipe(struct call *call) {
  unsigned flags = call_truth(call, 0, true) ? 0 : BROOD_UNIDIRECTIONAL;
  brood_connection *first = NULL, *second = NULL;
  int r = brood_pipe_new(context_of(call), flags, &first, &second);
  if (r >= 0) {
    call->result = value_list(VALUE_LIST, 2);
    call->result.as.items[0] = connection_value(first);
    call->result.as.items[1] = connection_value(second);
  }
  return call_done(call, r);
}

static int read_maxsize(struct call *call, int64_t *out_maxsize) {
  *out_maxsize = 0;
  return call->args[0] == NULL ? 0 : call_int64(call, 0, out_maxsize);
}

static int queue(struct call *call) {
  int64_t maxsize = 0;
  if (read_maxsize(call, &maxsize) < 0) return -1;
  return call_made(call, VALUE_QUEUE,
                   brood_queue_new(context_of(call), maxsize));
}

static int joinable_queue(struct call *call) {
  int64_t maxsize = 0;
  if (read_maxsize(call, &maxsize) < 0) return -1;
  return call_made(call, VALUE_JOINABLE,
                   brood_joinable_queue_new(context_of(call), maxsize));
}

static int simple_queue(struct call *call) {
  return call_made(call, VALUE_SIMPLE_QUEUE,
                   brood_simple_queue_new(context_of(call)));
}

/* In C nobody can ask for neither direction. */
static int connection(struct call *call) {
  int descriptor = -1;
  unsigned flags = 0;
  if (call_descriptor(call, 0, &descriptor) < 0) return -1;
  if (call_truth(call, 1, true)) flags |= BROOD_READABLE;
  if (call_truth(call, 2, true)) flags |= BROOD_WRITABLE;
  if (flags == 0) {
    return call_fail(call, "ValueError", "neither readable nor writable");
  }
  return call_made(call, VALUE_CONNECTION,
                   brood_connection_new(descriptor, flags));
}

const struct method comm_new_methods[] = {
    {"Pipe", "duplex?", make_pipe},
    {"Queue", "maxsize?", queue},
    {"JoinableQueue", "maxsize?", joinable_queue},
    {"SimpleQueue", "", simple_queue},
    {NULL, NULL, NULL},
};

const struct method connection_new_methods[] = {
    {"Connection", "fd readable? writable?", connection},
    {NULL, NULL, NULL},
};
