/* SPDX-License-Identifier: MIT
 *
 * See task.h.
 */
#include "lib/work/task.h"

#include <stdarg.h>
#include <stdio.h>

#include "lib/start/context.h"
#include "lib/state/error.h"

/* The task that runs in this thread, and what it has returned so far. */
static _Thread_local struct {
  bool runs;
  brood_value value;
} task;

int brood_return(brood_value value) {
  if (!task.runs) {
    return error_set(BROOD_RUNTIME_ERROR, "no task runs in this thread");
  }
  brood_value copy;
  if (value.type == BROOD_TYPE_POINTER) {
    return error_set(BROOD_TYPE_ERROR, "a pointer means nothing elsewhere");
  }
  int r = brood_value_copy(&value, &copy);
  if (r < 0) return r;
  brood_value_clear(&task.value);
  task.value = copy;
  return 0;
}

int brood_raise(int code, const char *format, ...) {
  char text[512];
  va_list values;
  va_start(values, format);
  vsnprintf(text, sizeof text, format, values);
  va_end(values);
  return error_set(code == 0 ? BROOD_RUNTIME_ERROR : code, "%s", text);
}

int task_run(int (*function)(void *context, const brood_args *args),
             void *context, const brood_value *item, brood_value *out_value) {
  bool is_tuple = item->type == BROOD_TYPE_TUPLE;
  struct brood_args args = {.tuple = is_tuple ? *item : brood_tuple(item, 1)};
  task.runs = true;
  error_clear();
  int r = function(context, &args);
  task.runs = false;
  *out_value = task.value;
  task.value = brood_none();
  if (r == 0) return 0;
  brood_value_clear(out_value);
  brood_value words =
      brood_string(brood_error() == r ? brood_error_message() : "");
  brood_value_copy(&words, out_value);
  return r;
}

static int call_registered(void *context, const brood_args *args) {
  brood_task *function = context;
  if (*function != NULL) return (*function)(args);
  return brood_raise(BROOD_ATTRIBUTE_ERROR,
                     "no task of that name is registered in this program");
}

int task_call(brood_task function, const brood_value *item,
              brood_value *out_value) {
  return task_run(call_registered, &function, item, out_value);
}

int task_initialize(brood_task function, const brood_value *initargs) {
  brood_value value = brood_none(), nothing = brood_tuple(NULL, 0);
  bool has_args = initargs->type == BROOD_TYPE_TUPLE;
  int r = task_call(function, has_args ? initargs : &nothing, &value);
  if (r != 0) {
    r = error_set(
        BROOD_RUNTIME_ERROR, "the initializer failed: %s",
        value.type == BROOD_TYPE_STRING ? (const char *)value.as.data : "");
  }
  brood_value_clear(&value);
  return r;
}
