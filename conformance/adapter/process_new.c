/* SPDX-License-Identifier: MIT
 *
 * Making Process objects, one or many; see process_new.h.
 */
#include "conformance/adapter/process_new.h"

#include <stddef.h>

#include "brood.h"
#include "conformance/adapter/arguments.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/functions.h"
#include "conformance/adapter/setup.h"

enum { GROUP, TARGET, NAME, ARGS, KWARGS, DAEMON, SETUP };

static bool is_none(const cJSON *json) {
  return json == NULL || cJSON_IsNull(json);
}

static int read_target(struct call *call, brood_target *out_target) {
  const char *name = NULL;
  if (call_function_name(call, TARGET, &name) < 0) return -1;
  if (name == NULL) return 0;
  *out_target = functions_find(name);
  return *out_target != NULL ? 0 : failure_unsupported(&call->failure, name);
}

/* A function of C has no keyword arguments, but it may be given none. */
static int check_kwargs(struct call *call) {
  const cJSON *arg = call->args[KWARGS];
  if (arg == NULL) return 0;
  const cJSON *map = cJSON_GetObjectItemCaseSensitive(arg, "map");
  if (map == NULL) return call_fail(call, "TypeError", "kwargs is no map");
  if (map->child == NULL) return 0;
  return failure_unsupported(&call->failure, "kwargs");
}

static int read_options(struct call *call, brood_process_options *options,
                        struct arguments *arguments, struct setup *setup) {
  const cJSON *list = NULL;
  if (!is_none(call->args[GROUP])) options->group = call->args[GROUP];
  if (!is_none(call->args[DAEMON])) {
    bool daemon = call_truth(call, DAEMON, false);
    options->daemon = daemon ? BROOD_DAEMON : BROOD_NOT_DAEMON;
  }
  if (!is_none(call->args[SETUP])) {
    if (setup_read(call, SETUP, setup) < 0) return -1;
    options->setup = &setup->is;
  }
  if (read_target(call, &options->target) < 0) return -1;
  if (call_text_or_null(call, NAME, &options->name) < 0) return -1;
  if (check_kwargs(call) < 0) return -1;
  if (call->args[ARGS] != NULL) {
    if (call_list(call, ARGS, &list) < 0) return -1;
    if (arguments_read(call, list, arguments) < 0) return -1;
  }
  options->args = arguments->values;
  options->num_args = arguments->count;
  return 0;
}

/* Each of them waits at the gate. */
static int start_many(struct call *call) {
  const struct value *context = handles_resolve(call->handles, call->args[0]);
  int count = 0;
  const char *gate = NULL;
  if (call_int(call, 1, &count) < 0) return -1;
  if (call_text(call, 2, &gate) < 0) return -1;
  if (context == NULL || context->kind != VALUE_CONTEXT || count < 0) {
    return call_fail(call, "TypeError", "not a context and a number");
  }
  brood_value path = brood_string(gate);
  brood_process_options options = {
      .target = functions_find("gate"), .args = &path, .num_args = 1};
  struct value list = value_list(VALUE_LIST, (size_t)count);
  for (int i = 0; i < count; i++) {
    brood_process *process = brood_process_new(context->as.context, &options);
    if (process == NULL || brood_process_start(process) < 0) {
      call_fail_brood(call);
      brood_process_free(process);
      value_clear(&list);
      return -1;
    }
    list.as.items[i] = value_process(process, true);
  }
  call->result = list;
  return 0;
}

const struct method os_process_methods[] = {
    {"start_many", "context n gate", start_many},
    {NULL, NULL, NULL},
};

int process_new(struct call *call) {
  brood_process_options options = {0};
  struct arguments arguments = {0};
  struct setup setup = {0};
  int r = read_options(call, &options, &arguments, &setup);
  if (r < 0) goto out;
  brood_process *process = brood_process_new(call->self->as.context, &options);
  if (process == NULL) {
    r = call_fail_brood(call);
    goto out;
  }
  arguments_pin(call, &arguments);
  call->result = value_process(process, true);
out:
  setup_clear(&setup);
  arguments_clear(&arguments);
  return r;
}
