/* SPDX-License-Identifier: MIT
 *
 * Managers: they are made, they make objects with data, and they end. See
 * manager_sync.c for what they make to wait for.
 */
#include "conformance/adapter/manager.h"

#include "brood.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/pool.h"

brood_manager *manager_of(const struct call *call) {
  return call->self->as.object;
}

/* ------------------------------------------------------- Common to calls -- */

int manager_answer(struct call *call, int r, brood_value value) {
  if (r >= 0) call->result = arguments_received(value);
  return call_done(call, r);
}

int manager_answer_int64(struct call *call, int64_t number) {
  if (number >= 0) call->result = value_int64(number);
  return call_done(call, number < 0 ? -1 : 0);
}

int manager_answer_argument(struct call *call, int index) {
  struct arguments argument = {0};
  if (call->args[index] == NULL) return 0;
  int r = arguments_read_one(call, call->args[index], &argument);
  if (r == 0) {
    brood_value copy = brood_none();
    r = brood_value_copy(&argument.values[0], &copy);
    r = manager_answer(call, r, copy);
  }
  arguments_clear(&argument);
  return r;
}

static int read_values(struct call *call, int first, int last,
                       struct arguments *values) {
  for (int i = first; i <= last; i++) {
    if (arguments_read_one(call, call->args[i], values) < 0) return -1;
  }
  return 0;
}

int manager_with(struct call *call, int first, int last,
                 int (*do_it)(void *object, const brood_value *values)) {
  struct arguments values = {0};
  int r = read_values(call, first, last, &values);
  if (r == 0) r = call_done(call, do_it(call->self->as.object, values.values));
  arguments_clear(&values);
  return r;
}

int manager_fetch(struct call *call, int first, int last,
                  int (*do_it)(void *object, const brood_value *values,
                               brood_value *out_value)) {
  struct arguments values = {0};
  brood_value value = brood_none();
  int r = read_values(call, first, last, &values);
  if (r == 0) {
    r = do_it(call->self->as.object, values.values, &value);
    r = manager_answer(call, r, value);
  }
  arguments_clear(&values);
  return r;
}

brood_value manager_tuple(const struct arguments *values) {
  static const brood_value nothing;
  return values->count == 0 ? brood_tuple(&nothing, 0)
                            : brood_tuple(values->values, values->count);
}

/* ------------------------------------------------------------ Making one -- */

static bool is_none(const cJSON *json) {
  return json == NULL || cJSON_IsNull(json);
}

static void free_manager(void *manager) {
  brood_manager_free(manager);
}

/* "initializer? initargs?" */
static int read_options(struct call *call, brood_manager_options *options,
                        struct arguments *initargs) {
  const cJSON *list = NULL;
  if (pool_read_task(call, 0, &options->initializer) < 0) return -1;
  if (is_none(call->args[1])) return 0;
  if (call_list(call, 1, &list) < 0) return -1;
  if (arguments_read(call, list, initargs) < 0) return -1;
  if (initargs->count == 0) return 0;
  options->initargs = brood_tuple(initargs->values, initargs->count);
  return 0;
}

static int manager_new(struct call *call) {
  brood_manager_options options = {0};
  struct arguments initargs = {0};
  struct manager_far far;
  int r = manager_read_far(call, 2, &far, &options);
  if (r == 0) r = read_options(call, &options, &initargs);
  if (r == 0) {
    r = call_made(call, VALUE_MANAGER,
                  brood_manager_new(call->self->as.context, &options));
    call->result.give_back = free_manager;
  }
  manager_clear_far(&far);
  arguments_clear(&initargs);
  return r;
}

const struct method manager_new_methods[] = {
    {"Manager", "initializer? initargs? *address? *authkey?", manager_new},
    {NULL, NULL, NULL},
};

/* ----------------------------------------------------- Objects with data -- */

/* Reads a list of values, or nothing. */
static int read_items(struct call *call, int index, struct arguments *items) {
  const cJSON *list = NULL;
  if (is_none(call->args[index])) return 0;
  if (call_list(call, index, &list) < 0) return -1;
  return arguments_read(call, list, items);
}

/* "map? *name?" */
static int dict(struct call *call) {
  struct arguments pairs = {0};
  const char *name = NULL;
  int r = call_text_or_null(call, 1, &name);
  if (r == 0) r = read_items(call, 0, &pairs);
  if (r == 0) {
    r = call_made(call, VALUE_DICT, brood_manager_dict(manager_of(call), name));
  }
  if (r == 0 && pairs.count > 0) {
    r = call_done(call, brood_dict_update(call->result.as.object, pairs.values,
                                          pairs.count));
  }
  arguments_clear(&pairs);
  return r;
}

/* "list? *name?" */
static int list(struct call *call) {
  struct arguments items = {0};
  const char *name = NULL;
  int r = call_text_or_null(call, 1, &name);
  if (r == 0) r = read_items(call, 0, &items);
  if (r == 0) {
    r = call_made(call, VALUE_MANAGED_LIST,
                  brood_manager_list(manager_of(call), name));
  }
  if (r == 0 && items.count > 0) {
    r = call_done(call, brood_list_extend(call->result.as.object, items.values,
                                          items.count));
  }
  arguments_clear(&items);
  return r;
}

static int namespace(struct call *call) {
  const char *name = NULL;
  if (call_text_or_null(call, 0, &name) < 0) return -1;
  return call_made(call, VALUE_NAMESPACE,
                   brood_manager_namespace(manager_of(call), name));
}

/* "typecode value *name?": as in Python the code means nothing. */
static int value(struct call *call) {
  struct arguments values = {0};
  const char *name = NULL;
  int r = call_text_or_null(call, 2, &name);
  if (r == 0) r = arguments_read_one(call, call->args[1], &values);
  if (r == 0) {
    r = call_made(
        call, VALUE_MANAGED_VALUE,
        brood_manager_value(manager_of(call), name, values.values[0]));
  }
  arguments_clear(&values);
  return r;
}

/* "typecode sequence *name?" */
static int array(struct call *call) {
  struct arguments items = {0};
  const char *code = NULL, *name = NULL;
  int r = call_text(call, 0, &code);
  if (r == 0) r = call_text_or_null(call, 2, &name);
  if (r == 0) r = read_items(call, 1, &items);
  if (r == 0) {
    r = call_made(call, VALUE_MANAGED_ARRAY,
                  brood_manager_array(manager_of(call), name, code[0],
                                      items.values, items.count));
  }
  arguments_clear(&items);
  return r;
}

/* "type args? *name?" */
static int create(struct call *call) {
  struct arguments args = {0};
  const char *type = NULL, *name = NULL;
  int r = call_text(call, 0, &type);
  if (r == 0) r = call_text_or_null(call, 2, &name);
  if (r == 0) r = read_items(call, 1, &args);
  if (r == 0) {
    brood_value tuple = manager_tuple(&args);
    r = call_made(call, VALUE_PROXY,
                  brood_manager_create(manager_of(call), name, type, tuple));
  }
  arguments_clear(&args);
  return r;
}

/* ---------------------------------------------------------- What is left -- */

static int shutdown_server(struct call *call) {
  return call_done(call, brood_manager_shutdown(manager_of(call)));
}

static int number_of_objects(struct call *call) {
  return manager_answer_int64(
      call, brood_manager_number_of_objects(manager_of(call)));
}

static int pid(struct call *call) {
  return manager_answer_int64(call, brood_manager_pid(manager_of(call)));
}

const struct method manager_methods[] = {
    {"dict", "map? *name?", dict},
    {"list", "list? *name?", list},
    {"Namespace", "*name?", namespace},
    {"Value", "typecode value *name?", value},
    {"Array", "typecode sequence *name?", array},
    {"create", "type args? *name?", create},
    {"shutdown", "", shutdown_server},
    {"number_of_objects", "", number_of_objects},
    {NULL, NULL, NULL},
};

const struct attribute manager_attributes[] = {
    {"pid", pid, NULL},
    {"address", manager_read_address, NULL},
    {NULL, NULL, NULL},
};
