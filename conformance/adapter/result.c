/* SPDX-License-Identifier: MIT
 *
 * Results of pools: AsyncResult.
 */
#include <stdlib.h>

#include "brood.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/memory.h"
#include "conformance/adapter/pool.h"

static brood_async_result *result_of(const struct call *call) {
  return call->self->as.object;
}

static void free_result(void *result) {
  brood_async_result_free(result);
}

int pool_result(struct call *call, brood_async_result *result) {
  int r = call_made(call, VALUE_RESULT, result);
  call->result.give_back = free_result;
  return r;
}

static int get(struct call *call) {
  int64_t timeout_ns = BROOD_FOREVER;
  brood_value value = brood_none();
  if (call_timeout(call, 0, &timeout_ns) < 0) return -1;
  int r = brood_async_result_get(result_of(call), &value, timeout_ns);
  return pool_answer(call, r, value);
}

/* As in Python, an end of the time is no error. */
static int wait(struct call *call) {
  int64_t timeout_ns = BROOD_FOREVER;
  if (call_timeout(call, 0, &timeout_ns) < 0) return -1;
  int r = brood_async_result_wait(result_of(call), timeout_ns);
  return r == BROOD_TIMEOUT ? 0 : call_done(call, r);
}

static int ready(struct call *call) {
  return call_answer_bool(call, brood_async_result_ready(result_of(call)));
}

static int successful(struct call *call) {
  return call_answer_bool(call, brood_async_result_successful(result_of(call)));
}

static int cancel(struct call *call) {
  return call_answer_bool(call, brood_async_result_cancel(result_of(call)));
}

static int terminate(struct call *call) {
  return call_done(call, brood_async_result_terminate(result_of(call)));
}

static int item(struct call *call) {
  int64_t index = 0;
  const brood_value *borrowed = NULL;
  brood_value value = brood_none();
  if (call_int64(call, 0, &index) < 0) return -1;
  if (index < 0) return call_fail(call, "IndexError", "a negative index");
  int r = brood_async_result_item(result_of(call), (size_t)index, &borrowed);
  if (r == 0) r = brood_value_copy(borrowed, &value);
  return pool_answer(call, r, value);
}

const struct method result_methods[] = {
    {"get", "timeout?", get}, {"wait", "timeout?", wait},
    {"ready", "", ready},     {"successful", "", successful},
    {"cancel", "", cancel},   {"terminate", "", terminate},
    {"item", "index", item},  {NULL, NULL, NULL},
};

/* --------------------------------------------------- Waiting for several -- */

static int read_results(struct call *call, const cJSON *list,
                        brood_async_result **out_results) {
  const cJSON *ref = NULL;
  cJSON_ArrayForEach(ref, list) {
    const struct value *value = handles_resolve(call->handles, ref);
    if (value == NULL || value->kind != VALUE_RESULT) {
      return call_fail(call, "TypeError", "not a list of results");
    }
    *out_results++ = value->as.object;
  }
  return 0;
}

/* Each as it was given. */
static int answer_ready(struct call *call, const cJSON *list,
                        const size_t *indexes, int count) {
  if (count < 0) return call_fail_brood(call);
  cJSON *answer = memory_must(cJSON_CreateArray());
  for (int i = 0; i < count; i++) {
    const cJSON *ref = cJSON_GetArrayItem(list, (int)indexes[i]);
    const struct value *value = handles_resolve(call->handles, ref);
    cJSON_AddItemToArray(answer, handles_name(call->handles, value));
  }
  call->result = value_json(answer);
  return 0;
}

int pool_wait_any(struct call *call) {
  const cJSON *list = NULL;
  int64_t timeout_ns = BROOD_FOREVER;
  if (call_list(call, 0, &list) < 0) return -1;
  if (call_timeout(call, 1, &timeout_ns) < 0) return -1;
  size_t count = (size_t)cJSON_GetArraySize(list);
  brood_async_result **results = memory_new(count, sizeof(*results));
  size_t *indexes = memory_new(count, sizeof *indexes);
  int r = read_results(call, list, results);
  if (r == 0) {
    r = brood_async_result_wait_any(results, count, indexes, timeout_ns);
    r = answer_ready(call, list, indexes, r);
  }
  free(results);
  free(indexes);
  return r;
}

/* -------------------------------------------------------- Many at a time -- */

/* Is the item at an index of a map neither the index nor lost? */
static bool is_wrong(brood_async_result *result, int64_t index) {
  const brood_value *value = NULL;
  int r = brood_async_result_item(result, (size_t)index, &value);
  if (r < 0) return r != BROOD_WORKER_LOST && r != BROOD_BROKEN_POOL;
  return value->type != BROOD_TYPE_INT64 || value->as.int64 != index;
}

static int wrong_items(struct call *call) {
  const struct value *value = handles_resolve(call->handles, call->args[0]);
  int64_t count = 0, wrong = 0;
  if (value == NULL || value->kind != VALUE_RESULT) {
    return call_fail(call, "TypeError", "not a result");
  }
  if (call_int64(call, 1, &count) < 0) return -1;
  for (int64_t i = 0; i < count; i++) wrong += is_wrong(value->as.object, i);
  call->result = value_int64(wrong);
  return 0;
}

static int numbers(struct call *call) {
  int count = 0;
  if (call_int(call, 0, &count) < 0) return -1;
  call->result = value_list(VALUE_LIST, count > 0 ? (size_t)count : 0);
  for (int i = 0; i < count; i++) {
    call->result.as.items[i] = value_int64(i);
  }
  return 0;
}

const struct method os_result_methods[] = {
    {"wrong_items", "result n", wrong_items},
    {"numbers", "n", numbers},
    {NULL, NULL, NULL},
};
