/* SPDX-License-Identifier: MIT
 *
 * See server.h: types of the program's own.
 */
#include <stdatomic.h>
#include <string.h>

#include "lib/manager/server.h"
#include "lib/state/error.h"
#include "lib/work/task.h"

/* Constructors push to it; entries are never removed. */
static struct brood_managed_type *_Atomic types;

void brood_register_managed_type(struct brood_managed_type *type) {
  if (type == NULL || type->name == NULL) {
    error_set(BROOD_TYPE_ERROR, "the type at %p has no name", (void *)type);
    return;
  }
  type->next = atomic_load(&types);
  while (!atomic_compare_exchange_weak(&types, &type->next, type)) continue;
}

static const struct brood_managed_type *find_type(const char *name) {
  const struct brood_managed_type *type = atomic_load(&types);
  while (type != NULL && strcmp(type->name, name) != 0) type = type->next;
  return type;
}

/* A function of the program's, as a task. */
struct function {
  const struct brood_managed_type *type;
  const struct brood_managed_method *method; /* NULL: create */
  void *self;
};

static int call_function(void *context, const brood_args *args) {
  struct function *function = context;
  if (function->method != NULL) {
    return function->method->function(function->self, args);
  }
  if (function->type->create == NULL) return 0;
  return function->type->create(&function->self, args);
}

/* What it returns lives until it has been answered. */
static int run(struct function *function, const brood_value *args) {
  brood_value *result = &answered.gone.whole;
  drop_kept(&answered.gone);
  if (args == NULL || args->type != BROOD_TYPE_TUPLE) {
    return error_set(BROOD_TYPE_ERROR, "the arguments are no tuple");
  }
  int r = task_run(call_function, function, args, result);
  if (r == 0) return 0;
  const char *text = "";
  if (result->type == BROOD_TYPE_STRING) text = result->as.data;
  /* A number of the program's own is a failure too. */
  return error_set(r < 0 ? r : BROOD_TASK_ERROR, "%s", text);
}

int type_fill(struct managed *object, struct caller *caller) {
  const char *text = NULL;
  int r = brood_value_string(call_value(caller, 1), &text);
  if (r < 0) return r;
  struct function function = {.type = find_type(text)};
  if (function.type == NULL) {
    return error_set(BROOD_VALUE_ERROR,
                     "no type is registered as '%s' in the server", text);
  }
  r = run(&function, call_value(caller, 2));
  if (r < 0) return r;
  object->type = function.type;
  object->self = function.self;
  return 0;
}

static const struct brood_managed_method *find_method(
    const struct managed *object, const char *name) {
  const struct brood_managed_method *method = object->type->methods;
  for (; method != NULL && method->name != NULL; method++) {
    if (strcmp(method->name, name) == 0) return method;
  }
  return NULL;
}

int64_t type_call(struct managed *object, struct caller *caller) {
  if (caller->head.op != CALL_METHOD) return object_lacks(object);
  const char *name = NULL;
  int r = brood_value_string(call_value(caller, 0), &name);
  if (r < 0) return r;
  struct function function = {.type = object->type, .self = object->self};
  function.method = find_method(object, name);
  if (function.method == NULL) {
    return error_set(BROOD_ATTRIBUTE_ERROR, "%s has no method '%s'",
                     object->type->name, name);
  }
  r = run(&function, call_value(caller, 1));
  if (r < 0) return r;
  if (call_check_values(&answered.gone.whole) < 0) {
    return error_set(BROOD_REMOTE_ERROR,
                     "what '%s' returned cannot be sent: a descriptor, or an "
                     "object of another kind",
                     name);
  }
  caller->value = &answered.gone.whole;
  return 0;
}

void type_destroy(struct managed *object) {
  const struct brood_managed_type *type = object->type;
  object->type = NULL;
  if (type->destroy != NULL) type->destroy(object->self);
}
