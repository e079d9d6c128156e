/* SPDX-License-Identifier: MIT
 *
 * Results: settled chunk by chunk, asked for, taken back.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/start/context.h"
#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/sys/clock.h"
#include "lib/work/pool.h"

/* ------------------------------------------------------------- Outcomes -- */

/* What there is for an item: its value, or why it has none. */
struct found {
  const brood_value *value;
  int code;
  brood_failure failure;
};

static const char *text_of(const brood_value *value) {
  return value->type == BROOD_TYPE_STRING ? value->as.data : "";
}

static struct found find(const brood_async_result *result, size_t index) {
  const brood_value *outcome = &result->chunks[index / result->chunksize];
  const size_t place = index % result->chunksize;
  const bool is_tuple = outcome->type == BROOD_TYPE_TUPLE;
  const brood_value *items = is_tuple ? outcome->as.items : NULL;
  struct outcome_head of_chunk = {.error = (int32_t)outcome->as.int64};
  const struct outcome_head *head = is_tuple ? items[0].as.data : &of_chunk;
  struct found found = {.failure = {.code = head->error,
                                    .index = (int64_t)(result->first + index),
                                    .worker_pid = head->worker_pid,
                                    .exitcode = head->exitcode}};
  brood_failure *failure = &found.failure;
  if (!is_tuple || head->error != 0) { /* all items of the chunk have it */
    failure->text = is_tuple ? text_of(&items[1])
                    : head->error == BROOD_BROKEN_POOL
                        ? result->pool->crew.board->reason
                        : "it was not done";
    bool is_pools = head->error <= BROOD_WORKER_LOST;
    found.code = is_pools ? head->error : BROOD_TASK_ERROR;
    return found;
  }
  if (items[0].size_bytes > sizeof *head) failure->code = head->codes[place];
  found.value = &items[place + 1];
  failure->text = text_of(found.value);
  found.code = failure->code == 0 ? 0 : BROOD_TASK_ERROR;
  return found;
}

static bool has_failed(const brood_async_result *result) {
  struct found found = {0};
  for (size_t i = 0; found.code == 0 && i < result->num_items; i++) {
    found = find(result, i);
  }
  return found.code != 0;
}

/* -------------------------------------------------------------- Settling -- */

void result_release(brood_async_result *result) {
  if (--result->num_handles > 0) return;
  for (size_t i = 0; i < result->num_chunks; i++) {
    brood_value_clear(&result->chunks[i]);
  }
  result->pool->num_handles--; /* never the last: the caller has one */
  free(result);
}

static bool is_caller(const brood_pool *pool) {
  return pthread_equal(pool->caller, pthread_self());
}

bool pool_is_over(void *context) {
  const brood_pool *pool = context;
  bool calls = pool->is_calling && !is_caller(pool);
  return pool->has_ended && pool->due == NULL && !calls;
}

bool result_is_ready(void *context) {
  const brood_async_result *result = context;
  return result->state == RESULT_READY ||
         (result->state == RESULT_CALLS && is_caller(result->pool));
}

static void become_ready(brood_async_result *result) {
  result->state = RESULT_READY;
  result->pool->num_ready++;
  pthread_cond_broadcast(&result->pool->changed);
  result_release(result);
}

void result_settle(brood_async_result *result, size_t index,
                   brood_value outcome) {
  result->chunks[index] = outcome;
  if (--result->chunks_left > 0) return;
  brood_pool *pool = result->pool;
  if (result->options.callback == NULL &&
      result->options.error_callback == NULL) {
    become_ready(result);
  } else {
    if (pool->due == NULL) pool->due = result;
    if (pool->last_due != NULL) pool->last_due->next_due = result;
    pool->last_due = result;
  }
}

/* Calls back without the mutex. */
static void call_back(brood_async_result *result) {
  const brood_task_options *options = &result->options;
  brood_callback callback =
      has_failed(result) ? options->error_callback : options->callback;
  result->state = RESULT_CALLS;
  if (callback == NULL) return;
  pthread_mutex_unlock(&result->pool->mutex);
  struct guard_state state = guard_open(false);
  int r = callback(result, options->argument);
  guard_shut(state);
  if (r != 0) log_info("a callback failed with %d", r);
  pthread_mutex_lock(&result->pool->mutex);
}

void pool_call_back(brood_pool *pool, bool waits) {
  bool is_inside = pool->is_calling && is_caller(pool);
  if (pool->is_calling && !(is_inside && waits)) return;
  pool->is_calling = true;
  pool->caller = pthread_self();
  while (pool->due != NULL) {
    brood_async_result *result = pool->due;
    pool->due = result->next_due;
    if (pool->due == NULL) pool->last_due = NULL;
    call_back(result);
    become_ready(result);
  }
  pool->is_calling = is_inside;
}

/* ---------------------------------------------------------------- Asking -- */

/* Borrows an item's value: 0, or its error, which is set, with the failure and
 * its texts behind it. */
static int result_look(const brood_async_result *result, size_t index,
                       const brood_value **out_value) {
  struct found found = find(result, index);
  if (found.code == 0) {
    *out_value = found.value;
    return 0;
  }
  brood_failure failure = found.failure;
  char number[32];
  snprintf(number, sizeof number, "error %d", failure.code);
  failure.name = failure.code > 0 ? number : brood_error_name(failure.code);
  size_t text_size = strlen(failure.text) + 1;
  size_t name_size = strlen(failure.name) + 1;
  error_set(found.code, "%s: %s", failure.name, failure.text);
  brood_failure *kept = malloc(sizeof *kept + text_size + name_size);
  if (kept == NULL) return found.code;
  *kept = failure;
  kept->text = memcpy(kept + 1, failure.text, text_size);
  kept->name = memcpy((char *)(kept + 1) + text_size, failure.name, name_size);
  error_set_data(kept, sizeof *kept + text_size + name_size);
  return found.code;
}

const brood_failure *brood_task_failure(void) {
  int code = brood_error();
  bool is_of_task = code <= BROOD_TASK_ERROR && code >= BROOD_ENCODING_ERROR;
  return is_of_task ? brood_error_data(NULL) : NULL;
}

static int enter(brood_async_result *result) {
  if (result != NULL) return pool_enter(result->pool);
  return error_set(BROOD_TYPE_ERROR, "expected a result, not NULL");
}

brood_async_result *brood_async_result_free(brood_async_result *result) {
  if (result == NULL || enter(result) < 0) return NULL;
  brood_pool *pool = result->pool;
  pool->num_handles++;
  result_release(result);
  pool_release(pool);
  return NULL;
}

/* Takes out what there is, for a caller that does not wait. */
static void look(brood_async_result *result) {
  if (result_is_ready(result)) return;
  pool_look(result->pool);
  pool_call_back(result->pool, false);
}

int brood_async_result_ready(brood_async_result *result) {
  int r = enter(result);
  if (r < 0) return r;
  look(result);
  return pool_leave(result->pool, result_is_ready(result));
}

static int refuse_early(brood_async_result *result, size_t index) {
  if (!result_is_ready(result)) {
    return error_set(BROOD_VALUE_ERROR, "the result is not ready");
  }
  if (index < result->num_items) return 0;
  return error_set(BROOD_INDEX_ERROR, "no item %zu: there are %zu", index,
                   result->num_items);
}

int brood_async_result_successful(brood_async_result *result) {
  int r = enter(result);
  if (r < 0) return r;
  look(result);
  r = result_is_ready(result) ? !has_failed(result) : refuse_early(result, 0);
  return pool_leave(result->pool, r);
}

static int wait_ready(brood_async_result *result, int64_t deadline_ns) {
  int r = pool_wait(result->pool, result_is_ready, result, deadline_ns);
  return r == BROOD_TIMEOUT ? error_set(r, "the result is not ready") : r;
}

int brood_async_result_wait(brood_async_result *result, int64_t timeout_ns) {
  int64_t deadline_ns = sys_clock_deadline(timeout_ns);
  int r = enter(result);
  if (r < 0) return r;
  r = wait_ready(result, deadline_ns);
  return pool_leave(result->pool, r);
}

/* Copies the values, to an array or as one tuple; after an error nothing is
 * there. */
static int copy_values(const brood_async_result *result,
                       brood_value *out_values, bool as_tuple) {
  size_t count = result->num_items, done = 0;
  brood_value *values = malloc(count * sizeof *values + 1);
  if (values == NULL) return error_set_os(-ENOMEM, "cannot copy a result");
  int r = 0;
  for (size_t i = 0; r == 0 && i < count; i++) {
    const brood_value *value; /* borrowed */
    r = result_look(result, i, &value);
    if (r == 0) values[i] = *value;
  }
  brood_value tuple = brood_tuple(values, count);
  if (r == 0 && as_tuple) r = brood_value_copy(&tuple, out_values);
  while (r == 0 && !as_tuple && done < count) {
    r = brood_value_copy(&values[done], &out_values[done]);
    done += r == 0;
  }
  while (r < 0 && done > 0) brood_value_clear(&out_values[--done]);
  free(values);
  return r;
}

int result_copy(brood_async_result *result, brood_value *out_values,
                bool to_array, int64_t deadline_ns) {
  int r = enter(result);
  if (r < 0) return r;
  r = wait_ready(result, deadline_ns);
  if (r == 0) r = copy_values(result, out_values, result->is_map && !to_array);
  return pool_leave(result->pool, r);
}

int brood_async_result_get(brood_async_result *result, brood_value *out_value,
                           int64_t timeout_ns) {
  int64_t deadline_ns = sys_clock_deadline(timeout_ns);
  int r = error_check_out(out_value);
  return r < 0 ? r : result_copy(result, out_value, false, deadline_ns);
}

int brood_async_result_item(brood_async_result *result, size_t index,
                            const brood_value **out_value) {
  int r = error_check_out(out_value);
  if (r == 0) r = enter(result);
  if (r < 0) return r;
  r = refuse_early(result, index);
  if (r == 0) r = result_look(result, index, out_value);
  return pool_leave(result->pool, r);
}

/* ----------------------------------------------------------- Taking back -- */

/* Has the worker that runs a chunk ended. */
static void end_worker(brood_pool *pool, uint32_t number) {
  for (uint32_t i = 0; i < BROOD_MAX_WORKERS; i++) {
    struct board_worker *worker = &pool->crew.board->workers[i];
    uint64_t chunk = BOARD_CHUNK | number;
    if (atomic_load(&worker->current) != chunk) continue;
    atomic_store(&worker->end_for, chunk);
    pool_wake(pool);
  }
}

int result_take_back(brood_async_result *result, int error, bool with_workers) {
  brood_pool *pool = result->pool;
  int all = result->state == RESULT_WAITS &&
            result->chunks_left == result->num_chunks;
  result->num_handles++;
  for (uint32_t i = 0; i < BROOD_MAX_PENDING; i++) {
    struct pending *pending = &pool->pending[i];
    if (pending->result != result) continue;
    if (board_claim(pool->crew.board, pending->number, BOARD_TAKEN_BACK)) {
      pool_settle(pool, pending->number, brood_int64(error));
    } else {
      all = 0;
    }
  }
  /* Only now: a new worker would take what is left. */
  for (uint32_t i = 0; with_workers && i < BROOD_MAX_PENDING; i++) {
    const struct pending *pending = &pool->pending[i];
    if (pending->result == result) end_worker(pool, pending->number);
  }
  result_release(result);
  return all;
}

static int take_back(brood_async_result *result, int error, bool with_workers) {
  int r = enter(result);
  if (r < 0) return r;
  pool_drain(result->pool);
  r = result_take_back(result, error, with_workers);
  pool_call_back(result->pool, false);
  return pool_leave(result->pool, r);
}

int brood_async_result_cancel(brood_async_result *result) {
  return take_back(result, BROOD_CANCELLED, false);
}

int brood_async_result_terminate(brood_async_result *result) {
  int r = take_back(result, BROOD_TERMINATED, true);
  return r < 0 ? r : 0;
}

/* --------------------------------------------------- Waiting for several -- */

struct any {
  brood_async_result *const *results;
  size_t count;
};

static bool is_any_ready(void *context) {
  const struct any *any = context;
  size_t i = 0;
  while (i < any->count && !result_is_ready(any->results[i])) i++;
  return i < any->count;
}

static int check_any(const struct any *any) {
  if (any->results == NULL || any->count == 0) {
    return error_set(BROOD_VALUE_ERROR, "no results to wait for");
  }
  for (size_t i = 0; i < any->count; i++) {
    if (any->results[i] == NULL ||
        any->results[i]->pool != any->results[0]->pool) {
      return error_set(BROOD_VALUE_ERROR,
                       "result %zu is none, or of another pool", i);
    }
  }
  return 0;
}

int brood_async_result_wait_any(brood_async_result *const *results,
                                size_t num_results, size_t *out_ready,
                                int64_t timeout_ns) {
  int64_t deadline_ns = sys_clock_deadline(timeout_ns);
  struct any any = {.results = results, .count = num_results};
  int r = error_check_out(out_ready);
  if (r == 0) r = check_any(&any);
  if (r == 0) r = enter(results[0]);
  if (r < 0) return r;
  r = pool_wait(results[0]->pool, is_any_ready, &any, deadline_ns);
  int count = 0;
  for (size_t i = 0; i < num_results; i++) {
    if (result_is_ready(results[i])) out_ready[count++] = i;
  }
  return pool_leave(results[0]->pool, r < 0 && r != BROOD_TIMEOUT ? r : count);
}
