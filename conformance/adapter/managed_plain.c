/* SPDX-License-Identifier: MIT
 *
 * A manager's namespaces, values and arrays, and proxies of registered types.
 */
#include <stddef.h>

#include "brood.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/manager.h"

/* ------------------------------------------------------------ Namespaces -- */

static int get_attribute(struct call *call) {
  const char *name = NULL;
  brood_value value = brood_none();
  if (call_text(call, 0, &name) < 0) return -1;
  int r = brood_namespace_get(call->self->as.object, name, &value);
  return manager_answer(call, r, value);
}

static int set_attribute(struct call *call) {
  const char *name = NULL;
  struct arguments value = {0};
  if (call_text(call, 0, &name) < 0) return -1;
  int r = arguments_read_one(call, call->args[1], &value);
  if (r == 0) {
    r = call_done(call, brood_namespace_set(call->self->as.object, name,
                                            value.values[0]));
  }
  arguments_clear(&value);
  return r;
}

static int delete_attribute(struct call *call) {
  const char *name = NULL;
  if (call_text(call, 0, &name) < 0) return -1;
  return call_done(call, brood_namespace_delete(call->self->as.object, name));
}

const struct method namespace_methods[] = {
    {"get", "name", get_attribute},
    {"set", "name value", set_attribute},
    {"delete", "name", delete_attribute},
    {NULL, NULL, NULL},
};

/* ----------------------------------------------------- Values and arrays -- */

static int read_value(struct call *call) {
  brood_value value = brood_none();
  int r = brood_managed_value_get(call->self->as.object, &value);
  return manager_answer(call, r, value);
}

static int do_write(void *object, const brood_value *value) {
  return brood_managed_value_set(object, value[0]);
}

static int write_value(struct call *call) {
  return manager_with(call, 0, 0, do_write);
}

const struct attribute managed_value_attributes[] = {
    {"value", read_value, write_value},
    {NULL, NULL, NULL},
};

static int length(struct call *call) {
  return manager_answer_int64(
      call, brood_managed_array_length(call->self->as.object));
}

static int get_element(struct call *call) {
  int64_t index = 0;
  brood_value value = brood_none();
  if (call_int64(call, 0, &index) < 0) return -1;
  int r = brood_managed_array_get(call->self->as.object, index, &value);
  return manager_answer(call, r, value);
}

static int set_element(struct call *call) {
  int64_t index = 0;
  struct arguments value = {0};
  if (call_int64(call, 0, &index) < 0) return -1;
  int r = arguments_read_one(call, call->args[1], &value);
  if (r == 0) {
    r = call_done(call, brood_managed_array_set(call->self->as.object, index,
                                                value.values[0]));
  }
  arguments_clear(&value);
  return r;
}

const struct method managed_array_methods[] = {
    {"length", "", length},
    {"get", "index", get_element},
    {"set", "index value", set_element},
    {NULL, NULL, NULL},
};

/* --------------------------------------------------------- Types of ours -- */

static int call_method(struct call *call) {
  struct arguments args = {0};
  const char *method = NULL;
  const cJSON *list = NULL;
  brood_value value = brood_none();
  if (call_text(call, 0, &method) < 0) return -1;
  if (call->args[1] != NULL && call_list(call, 1, &list) < 0) return -1;
  int r = list == NULL ? 0 : arguments_read(call, list, &args);
  if (r == 0) {
    r = brood_proxy_call(call->self->as.object, method, manager_tuple(&args),
                         &value);
    r = manager_answer(call, r, value);
  }
  arguments_clear(&args);
  return r;
}

const struct method proxy_methods[] = {
    {"call", "method args?", call_method},
    {NULL, NULL, NULL},
};
