/* SPDX-License-Identifier: MIT
 *
 * The top level and the contexts: the handle `mp` is the default context and
 * has one function more. Process, the one class, is in process_new.c.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "brood.h"
#include "conformance/adapter/call.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/memory.h"
#include "conformance/adapter/process_new.h"

static const brood_context *context_of(const struct call *call) {
  return call->self->as.context;
}

/* Reads a method's name; *out_method is NULL for none. In Python a number is
 * an unknown method and a list no method at all; C's compiler refuses both. */
static int read_method(struct call *call, const char **out_method) {
  const cJSON *arg = call->args[0];
  if (cJSON_IsBool(arg) || cJSON_IsNumber(arg)) {
    return call_fail(call, "ValueError", "no such start method");
  }
  return call_text_or_null(call, 0, out_method);
}

static int get_context(struct call *call) {
  const char *method = NULL;
  if (read_method(call, &method) < 0) return -1;
  const brood_context *self = context_of(call);
  const brood_context *found = self == NULL
                                   ? brood_get_context(method)
                                   : brood_context_get_context(self, method);
  if (found == NULL) return call_fail_brood(call);
  call->result = value_context(found);
  return 0;
}

static int set_start_method(struct call *call) {
  const char *method = NULL;
  if (read_method(call, &method) < 0) return -1;
  unsigned flags = call_truth(call, 1, false) ? BROOD_FORCE : 0;
  const brood_context *self = context_of(call);
  return call_done(
      call, self == NULL ? brood_set_start_method(method, flags)
                         : brood_context_set_start_method(self, method, flags));
}

static int get_start_method(struct call *call) {
  unsigned flags = call_truth(call, 0, false) ? BROOD_ALLOW_NONE : 0;
  const brood_context *self = context_of(call);
  const char *method = self == NULL
                           ? brood_get_start_method(flags)
                           : brood_context_get_start_method(self, flags);
  if (method != NULL) call->result = value_text(method);
  return method == NULL && brood_error() != BROOD_OK ? call_fail_brood(call)
                                                     : 0;
}

static int get_all_start_methods(struct call *call) {
  const char *const *methods = brood_get_all_start_methods();
  cJSON *list = memory_must(cJSON_CreateArray());
  for (; *methods != NULL; methods++) {
    cJSON_AddItemToArray(list, memory_must(cJSON_CreateString(*methods)));
  }
  call->result = value_json(list);
  return 0;
}

static int set_executable(struct call *call) {
  const char *path = NULL;
  if (call_text_or_null(call, 0, &path) < 0) return -1;
  return call_done(call, brood_set_executable(path));
}

static int set_forkserver_preload(struct call *call) {
  const cJSON *list = NULL;
  if (call_list(call, 0, &list) < 0) return -1;
  int count = cJSON_GetArraySize(list);
  const char **names = memory_new((size_t)count, sizeof *names);
  for (int i = 0; i < count; i++) {
    /* NULL for what is no text: the library refuses it as a wrong type. */
    const cJSON *name = call_plain(call, cJSON_GetArrayItem(list, i));
    names[i] = cJSON_GetStringValue(name);
  }
  int r = brood_set_forkserver_preload(names, (size_t)count);
  free(names);
  return call_done(call, r);
}

static int cpu_count(struct call *call) {
  int count = brood_cpu_count();
  if (count >= 0) call->result = value_int64(count);
  return call_done(call, count);
}

/* What freeze_support is for, brood_init did at the beginning of main. */
static int freeze_support(struct call *call) {
  (void)call;
  return 0;
}

static int level_of_name(struct call *call, const char *name, int *out_level) {
  static const struct {
    const char *name;
    int level;
  } levels[] = {
      {"NOTSET", BROOD_LOG_UNCHANGED}, {"DEBUG", BROOD_LOG_DEBUG},
      {"INFO", BROOD_LOG_INFO},        {"WARNING", BROOD_LOG_WARNING},
      {"ERROR", BROOD_LOG_ERROR},
  };
  for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
    if (strcmp(levels[i].name, name) != 0) continue;
    *out_level = levels[i].level;
    return 0;
  }
  return call_fail(call, "ValueError", "unknown level: '%s'", name);
}

static int log_to_stderr(struct call *call) {
  const cJSON *arg = call->args[0];
  int level = BROOD_LOG_UNCHANGED;
  int r = 0;
  if (cJSON_IsString(arg)) {
    r = level_of_name(call, arg->valuestring, &level);
  } else if (arg != NULL && !cJSON_IsNull(arg)) {
    r = call_int(call, 0, &level);
  }
  return r < 0 ? r : call_done(call, brood_log_to_stderr(level));
}

static int current_process(struct call *call) {
  brood_process *process = brood_current_process();
  if (process == NULL) return call_fail_brood(call);
  call->result = value_process(process, false);
  return 0;
}

static int parent_process(struct call *call) {
  brood_process *process = brood_parent_process();
  if (process == NULL && brood_error() != BROOD_OK) {
    return call_fail_brood(call);
  }
  if (process != NULL) call->result = value_process(process, false);
  return 0;
}

/* Asks again with more room until all children fit. */
static int list_children(brood_process ***out_children) {
  int capacity = 16;
  while (true) {
    brood_process **children =
        memory_new((size_t)capacity, sizeof(brood_process *));
    int count = brood_active_children(children, (size_t)capacity);
    if (count <= capacity) {
      *out_children = children;
      return count;
    }
    for (int i = 0; i < capacity; i++) brood_process_free(children[i]);
    free(children);
    capacity = count;
  }
}

static int active_children(struct call *call) {
  brood_process **children = NULL;
  int count = list_children(&children);
  if (count >= 0) {
    call->result = value_list(VALUE_LIST, (size_t)count);
    for (int i = 0; i < count; i++) {
      call->result.as.items[i] = value_process(children[i], true);
    }
  }
  free(children);
  return call_done(call, count);
}

const struct method context_methods[] = {
    {"Process", "group? target? name? args? kwargs? *daemon? *setup?",
     process_new},
    {"get_context", "method?", get_context},
    {"get_start_method", "allow_none?", get_start_method},
    {"set_start_method", "method force?", set_start_method},
    {"set_executable", "executable", set_executable},
    {"set_forkserver_preload", "module_names", set_forkserver_preload},
    {"cpu_count", "", cpu_count},
    {"freeze_support", "", freeze_support},
    {"log_to_stderr", "level?", log_to_stderr},
    {"current_process", "", current_process},
    {"parent_process", "", parent_process},
    {"active_children", "", active_children},
    {NULL, NULL, NULL},
};

/* Python's concrete contexts do not have it either. */
const struct method mp_methods[] = {
    {"get_all_start_methods", "", get_all_start_methods},
    {NULL, NULL, NULL},
};
