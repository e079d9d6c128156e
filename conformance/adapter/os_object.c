/* SPDX-License-Identifier: MIT
 *
 * What scenarios need beside shared objects: a predicate, a type, a signal
 * handler.
 */
#include <errno.h>
#include <signal.h>
#include <stddef.h>

#include "brood.h"
#include "conformance/adapter/call.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/signal_name.h"

/* Set before the handler is installed. */
static brood_event *event_to_set;

static void set_event(int number) {
  int saved = errno;
  (void)number;
  brood_event_set(event_to_set);
  errno = saved;
}

static int set_on_signal(struct call *call) {
  const char *name = NULL;
  const struct value *event = handles_resolve(call->handles, call->args[1]);
  if (call_text(call, 0, &name) < 0) return -1;
  if (event == NULL || event->kind != VALUE_EVENT) {
    return call_fail(call, "TypeError", "not an Event");
  }
  handles_pin(call->handles, event);
  event_to_set = event->as.object;
  struct sigaction action = {.sa_handler = set_event};
  return sigaction(signal_number(name), &action, NULL) < 0
             ? call_fail_os(call, name)
             : 0;
}

static int reader(struct call *call) {
  const struct value *value = handles_resolve(call->handles, call->args[0]);
  bool readable = value != NULL && (value->kind == VALUE_VALUE ||
                                    value->kind == VALUE_RAW_VALUE);
  if (!readable) return call_fail(call, "TypeError", "not a Value");
  handles_pin(call->handles, value);
  call->result =
      (struct value){.kind = VALUE_READER, .as.object = value->as.object};
  return 0;
}

static int structure(struct call *call) {
  call->result = (struct value){.kind = VALUE_STRUCTURE};
  return 0;
}

const struct method os_object_methods[] = {
    {"set_on_signal", "name event", set_on_signal},
    {"reader", "value", reader},
    {"structure", "", structure},
    {NULL, NULL, NULL},
};
