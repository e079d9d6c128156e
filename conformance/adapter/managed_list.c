/* SPDX-License-Identifier: MIT
 *
 * A manager's lists.
 */
#include <stddef.h>

#include "brood.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/manager.h"

static brood_list *list_of(const struct call *call) {
  return call->self->as.object;
}

/* An index, or the end that a slice has without it. */
static int read_end(struct call *call, int index, int64_t otherwise,
                    int64_t *out_end) {
  const cJSON *arg = call->args[index];
  *out_end = otherwise;
  if (arg == NULL || cJSON_IsNull(arg)) return 0;
  return call_int64(call, index, out_end);
}

static int get_item(struct call *call) {
  int64_t index = 0;
  brood_value value = brood_none();
  if (call_int64(call, 0, &index) < 0) return -1;
  int r = brood_list_get(list_of(call), index, &value);
  return manager_answer(call, r, value);
}

/* set and insert. */
static int put_at(struct call *call,
                  int (*put)(brood_list *, int64_t, brood_value)) {
  int64_t index = 0;
  struct arguments value = {0};
  if (call_int64(call, 0, &index) < 0) return -1;
  int r = arguments_read_one(call, call->args[1], &value);
  if (r == 0) {
    r = call_done(call, put(list_of(call), index, value.values[0]));
  }
  arguments_clear(&value);
  return r;
}

static int set_item(struct call *call) {
  return put_at(call, brood_list_set);
}

static int insert(struct call *call) {
  return put_at(call, brood_list_insert);
}

static int delete_item(struct call *call) {
  int64_t index = 0;
  if (call_int64(call, 0, &index) < 0) return -1;
  return call_done(call, brood_list_delete(list_of(call), index));
}

static int pop(struct call *call) {
  int64_t index = 0;
  brood_value value = brood_none();
  if (read_end(call, 0, -1, &index) < 0) return -1;
  int r = brood_list_pop(list_of(call), index, &value);
  return manager_answer(call, r, value);
}

static int do_append(void *list, const brood_value *value) {
  return brood_list_append(list, value[0]);
}

static int append(struct call *call) {
  return manager_with(call, 0, 0, do_append);
}

static int do_remove(void *list, const brood_value *value) {
  return brood_list_remove(list, value[0]);
}

static int remove_item(struct call *call) {
  return manager_with(call, 0, 0, do_remove);
}

static int extend(struct call *call) {
  struct arguments items = {0};
  const cJSON *list = NULL;
  if (call_list(call, 0, &list) < 0) return -1;
  int r = arguments_read(call, list, &items);
  if (r == 0) {
    r = call_done(call,
                  brood_list_extend(list_of(call), items.values, items.count));
  }
  arguments_clear(&items);
  return r;
}

/* index and count. */
static int find(struct call *call, int64_t *out_number,
                int64_t (*find_in)(brood_list *, brood_value)) {
  struct arguments value = {0};
  int r = arguments_read_one(call, call->args[0], &value);
  if (r == 0) {
    *out_number = find_in(list_of(call), value.values[0]);
    r = call_done(call, *out_number < 0 ? -1 : 0);
  }
  arguments_clear(&value);
  return r;
}

static int index_of(struct call *call) {
  int64_t index = 0;
  if (find(call, &index, brood_list_index) < 0) return -1;
  return manager_answer_int64(call, index);
}

static int count(struct call *call) {
  int64_t number = 0;
  if (find(call, &number, brood_list_count) < 0) return -1;
  return manager_answer_int64(call, number);
}

static int contains(struct call *call) {
  int64_t number = 0;
  if (find(call, &number, brood_list_count) < 0) return -1;
  return call_answer_bool(call, number > 0);
}

static int length(struct call *call) {
  return manager_answer_int64(call, brood_list_length(list_of(call)));
}

static int read_ends(struct call *call, int64_t *out_start, int64_t *out_stop) {
  const cJSON *step = call->args[2];
  if (read_end(call, 0, 0, out_start) < 0) return -1;
  if (read_end(call, 1, BROOD_ALL, out_stop) < 0) return -1;
  if (step == NULL || cJSON_IsNull(step)) return 0;
  return failure_unsupported(&call->failure, "step");
}

static int slice(struct call *call) {
  int64_t start = 0, stop = 0;
  brood_value items = brood_none();
  if (read_ends(call, &start, &stop) < 0) return -1;
  int r = brood_list_slice(list_of(call), start, stop, &items);
  return manager_answer(call, r, items);
}

static int set_slice(struct call *call) {
  int64_t start = 0, stop = 0;
  struct arguments items = {0};
  const cJSON *list = NULL;
  if (read_ends(call, &start, &stop) < 0) return -1;
  if (call_list(call, 3, &list) < 0) return -1;
  int r = arguments_read(call, list, &items);
  if (r == 0) {
    r = call_done(call, brood_list_set_slice(list_of(call), start, stop,
                                             items.values, items.count));
  }
  arguments_clear(&items);
  return r;
}

static int clear(struct call *call) {
  return call_done(call, brood_list_clear(list_of(call)));
}

static int reverse(struct call *call) {
  return call_done(call, brood_list_reverse(list_of(call)));
}

static int sort(struct call *call) {
  return call_done(call, brood_list_sort(list_of(call)));
}

const struct method list_methods[] = {
    {"get_item", "index", get_item},
    {"set_item", "index value", set_item},
    {"delete_item", "index", delete_item},
    {"contains", "value", contains},
    {"length", "", length},
    {"slice", "start? stop? step?", slice},
    {"set_slice", "start stop step list", set_slice},
    {"append", "value", append},
    {"extend", "list", extend},
    {"insert", "index value", insert},
    {"pop", "index?", pop},
    {"remove", "value", remove_item},
    {"index", "value", index_of},
    {"count", "value", count},
    {"sort", "", sort},
    {"reverse", "", reverse},
    {"clear", "", clear},
    {NULL, NULL, NULL},
};
