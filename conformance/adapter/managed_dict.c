/* SPDX-License-Identifier: MIT
 *
 * A manager's dictionaries.
 */
#include <stddef.h>

#include "brood.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/manager.h"

static brood_dict *dict_of(const struct call *call) {
  return call->self->as.object;
}

static int do_get(void *dict, const brood_value *key, brood_value *out_value) {
  return brood_dict_get(dict, key[0], out_value);
}

static int get_item(struct call *call) {
  return manager_fetch(call, 0, 0, do_get);
}

static int do_set(void *dict, const brood_value *pair) {
  return brood_dict_set(dict, pair[0], pair[1]);
}

static int set_item(struct call *call) {
  return manager_with(call, 0, 1, do_set);
}

static int do_delete(void *dict, const brood_value *key) {
  return brood_dict_delete(dict, key[0]);
}

static int delete_item(struct call *call) {
  return manager_with(call, 0, 0, do_delete);
}

static int do_pop(void *dict, const brood_value *key, brood_value *out_value) {
  return brood_dict_pop(dict, key[0], out_value);
}

/* In C a default is the caller's business. */
static int get(struct call *call) {
  int r = manager_fetch(call, 0, 0, do_get);
  bool missing = r < 0 && brood_error() == BROOD_KEY_ERROR;
  return missing ? manager_answer_argument(call, 1) : r;
}

static int pop(struct call *call) {
  int r = manager_fetch(call, 0, 0, do_pop);
  bool missing = r < 0 && brood_error() == BROOD_KEY_ERROR;
  return missing && call->args[1] != NULL ? manager_answer_argument(call, 1)
                                          : r;
}

static int contains(struct call *call) {
  struct arguments key = {0};
  int r = arguments_read_one(call, call->args[0], &key);
  if (r == 0) {
    r = call_answer_bool(call,
                         brood_dict_contains(dict_of(call), key.values[0]));
  }
  arguments_clear(&key);
  return r;
}

static int length(struct call *call) {
  return manager_answer_int64(call, brood_dict_length(dict_of(call)));
}

static int do_setdefault(void *dict, const brood_value *pair,
                         brood_value *out_value) {
  return brood_dict_setdefault(dict, pair[0], pair[1], out_value);
}

static int setdefault(struct call *call) {
  return manager_fetch(call, 0, 1, do_setdefault);
}

static int update(struct call *call) {
  struct arguments pairs = {0};
  const cJSON *list = NULL;
  if (call_list(call, 0, &list) < 0) return -1;
  int r = arguments_read(call, list, &pairs);
  if (r == 0) {
    r = call_done(call,
                  brood_dict_update(dict_of(call), pairs.values, pairs.count));
  }
  arguments_clear(&pairs);
  return r;
}

static int popitem(struct call *call) {
  brood_value pair = brood_none();
  int r = brood_dict_popitem(dict_of(call), &pair);
  return manager_answer(call, r, pair);
}

static int keys(struct call *call) {
  brood_value all = brood_none();
  int r = brood_dict_keys(dict_of(call), &all);
  return manager_answer(call, r, all);
}

static int values(struct call *call) {
  brood_value all = brood_none();
  int r = brood_dict_values(dict_of(call), &all);
  return manager_answer(call, r, all);
}

static int items(struct call *call) {
  brood_value all = brood_none();
  int r = brood_dict_items(dict_of(call), &all);
  return manager_answer(call, r, all);
}

static int clear(struct call *call) {
  return call_done(call, brood_dict_clear(dict_of(call)));
}

static int compare_set(struct call *call) {
  struct arguments all = {0};
  int r = 0;
  for (int i = 0; i < 3 && r == 0; i++) {
    r = arguments_read_one(call, call->args[i], &all);
  }
  if (r == 0) {
    const brood_value *value = all.values;
    r = call_answer_bool(call, brood_dict_compare_set(dict_of(call), value[0],
                                                      value[1], value[2]));
  }
  arguments_clear(&all);
  return r;
}

static int add(struct call *call) {
  struct arguments key = {0};
  int64_t number = 0, sum = 0;
  if (call_int64(call, 1, &number) < 0) return -1;
  int r = arguments_read_one(call, call->args[0], &key);
  if (r == 0) {
    r = call_done(call,
                  brood_dict_add(dict_of(call), key.values[0], number, &sum));
  }
  if (r == 0) call->result = value_int64(sum);
  arguments_clear(&key);
  return r;
}

const struct method dict_methods[] = {
    {"get_item", "key", get_item},
    {"set_item", "key value", set_item},
    {"delete_item", "key", delete_item},
    {"contains", "key", contains},
    {"length", "", length},
    {"get", "key default?", get},
    {"pop", "key default?", pop},
    {"popitem", "", popitem},
    {"setdefault", "key default", setdefault},
    {"update", "map", update},
    {"keys", "", keys},
    {"values", "", values},
    {"items", "", items},
    {"clear", "", clear},
    {"compare_set", "key expected value", compare_set},
    {"add", "key number", add},
    {NULL, NULL, NULL},
};
