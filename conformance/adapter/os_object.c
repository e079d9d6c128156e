/* SPDX-License-Identifier: MIT
 *
 * What scenarios need beside shared objects: a predicate, a type, a signal
 * handler, a child that the library knows nothing of.
 */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

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

static int append_often(brood_list *list, const char *text, int64_t n) {
  int r = 0;
  while (r >= 0 && n-- > 0) r = brood_list_append(list, brood_string(text));
  return r;
}

static int bare_fork(struct call *call) {
  const struct value *list = handles_resolve(call->handles, call->args[0]);
  int64_t n = 0;
  int status = 0;
  if (list == NULL || list->kind != VALUE_MANAGED_LIST) {
    return call_fail(call, "TypeError", "not a List");
  }
  if (call_int64(call, 1, &n) < 0) return -1;
  pid_t pid = fork();
  if (pid < 0) return call_fail_os(call, "fork");
  if (pid == 0) _exit(append_often(list->as.object, "child", n) < 0);
  int r = append_often(list->as.object, "parent", n);
  if (waitpid(pid, &status, 0) < 0) return call_fail_os(call, "waitpid");
  call->result = value_int64(status);
  return call_done(call, r);
}

const struct method os_object_methods[] = {
    {"bare_fork", "list n", bare_fork},
    {"set_on_signal", "name event", set_on_signal},
    {"reader", "value", reader},
    {"structure", "", structure},
    {NULL, NULL, NULL},
};
