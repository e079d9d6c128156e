/* SPDX-License-Identifier: MIT
 *
 * Results: given, settled chunk by chunk, asked for.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/start/context.h"
#include "lib/state/error.h"
#include "lib/state/registry.h"
#include "lib/sys/clock.h"
#include "lib/work/pool.h"

/* How long the program waits before it looks for room again. */
#define FOR_ROOM_NS INT64_C(1000000)

#define NOT_RUNNING "Pool not running"

/* --------------------------------------------------------------- Settling --
 */

void result_release(brood_async_result *result) {
  if (--result->num_handles > 0) return;
  for (size_t i = 0; i < result->num_chunks; i++) {
    brood_value_clear(&result->chunks[i]);
  }
  result->pool->num_handles--; /* never the last: the caller has one */
  free(result);
}

bool result_is_ready(const brood_async_result *result) {
  return result->state == RESULT_READY ||
         (result->state == RESULT_CALLS &&
          pthread_equal(result->caller, pthread_self()));
}

/* Calls back without the mutex. */
static void call_back(brood_async_result *result, brood_callback callback) {
  result->state = RESULT_CALLS;
  result->caller = pthread_self();
  pthread_mutex_unlock(&result->pool->mutex);
  int r = callback(result, result->options.argument);
  if (r != 0) log_info("a callback failed with %d", r);
  pthread_mutex_lock(&result->pool->mutex);
}

static bool has_failed(brood_async_result *result) {
  const brood_value *ignored;
  for (size_t i = 0; i < result->num_items; i++) {
    if (result_look(result, i, &ignored) < 0) return true;
  }
  return false;
}

static void become_ready(brood_async_result *result) {
  const brood_task_options *options = &result->options;
  if (options->callback != NULL || options->error_callback != NULL) {
    brood_callback callback =
        has_failed(result) ? options->error_callback : options->callback;
    if (callback != NULL) call_back(result, callback);
  }
  result->state = RESULT_READY;
  result->pool->num_ready++;
  pthread_cond_broadcast(&result->pool->changed);
  result_release(result);
}

void result_settle(brood_async_result *result, size_t index,
                   brood_value outcome) {
  result->chunks[index] = outcome;
  if (--result->chunks_left == 0) become_ready(result);
}

/* ---------------------------------------------------------------- Giving -- */

static int refuse_state(const brood_pool *pool) {
  switch (atomic_load(&pool->crew.board->state)) {
    case BOARD_RUNNING: return 0;
    case BOARD_BROKEN:
      return error_set(BROOD_BROKEN_POOL, "the pool is broken: %s",
                       pool->crew.board->reason);
    default: return error_set(BROOD_VALUE_ERROR, NOT_RUNNING);
  }
}

static bool is_never(void *context) {
  (void)context;
  return false;
}

/* A number is used again when the chunk that had it is done, and got: one that
 * was taken back may lie in the queue for long. */
static bool is_in_use(brood_pool *pool) {
  if (pool->pending[pool->next % BROOD_MAX_PENDING].result != NULL) return true;
  if (pool->next - pool->first < BROOD_MAX_PENDING) return false;
  pool->first = pool->next - (uint32_t)brood_queue_qsize(pool->crew.tasks);
  return pool->next - pool->first >= BROOD_MAX_PENDING;
}

static bool has_room(void *context) {
  brood_pool *pool = context;
  return pool->num_pending < BROOD_MAX_PENDING / 2 && !is_in_use(pool);
}

/* While the queue of tasks is full, results are taken out: else workers might
 * wait for room there, and no process would go on. */
int pool_put(brood_pool *pool, const brood_value *chunk) {
  int r = BROOD_TIMEOUT;
  while (r == BROOD_TIMEOUT && is_in_use(pool)) {
    r = pool_wait(pool, has_room, pool, sys_clock_ns() + FOR_ROOM_NS);
  }
  if (r < 0 && r != BROOD_TIMEOUT) return r;
  while ((r = brood_queue_put(pool->crew.tasks, *chunk, 0)) == BROOD_FULL ||
         r == BROOD_TIMEOUT) {
    r = pool_wait(pool, is_never, pool, sys_clock_ns() + FOR_ROOM_NS);
    if (r != BROOD_TIMEOUT) return r;
    if (pool->has_ended) return error_set(BROOD_VALUE_ERROR, NOT_RUNNING);
  }
  if (r == 0) pool->next++;
  return r;
}

/* How chunks of a result are put: the head is the same for all. */
struct giving {
  brood_async_result *result;
  const brood_value *items;
  struct chunk_head *head;
  size_t head_size;
  brood_value *place; /* for a chunk */
  size_t num_put;
};

static int put_chunk(const struct giving *giving, size_t index) {
  brood_async_result *result = giving->result;
  brood_pool *pool = result->pool;
  size_t first = index * result->chunksize;
  size_t count = result->num_items - first;
  if (count > result->chunksize) count = result->chunksize;
  giving->place[0] = brood_bytes(giving->head, giving->head_size);
  memcpy(giving->place + 1, giving->items + first,
         count * sizeof *giving->items);
  brood_value chunk = brood_tuple(giving->place, count + 1);
  int r = refuse_state(pool);
  if (r == 0) r = pool_put(pool, &chunk);
  if (r < 0) return r;
  uint32_t number = pool->next - 1;
  pool->pending[number % BROOD_MAX_PENDING] = (struct pending){
      .result = result, .number = number, .index = (uint32_t)index};
  pool->num_pending++;
  return 0;
}

/* After a chunk that cannot be put no other is, and those before it are taken
 * back. */
static int put_chunks(struct giving *giving, const char *name) {
  brood_async_result *result = giving->result;
  size_t name_size = strlen(name) + 1;
  giving->head_size = sizeof *giving->head + name_size;
  giving->head = malloc(giving->head_size);
  giving->place = malloc((result->chunksize + 1) * sizeof *giving->place);
  if (giving->head == NULL || giving->place == NULL) {
    return error_set_os(-ENOMEM, "cannot give %zu items", result->num_items);
  }
  giving->head->soft_ns = result->options.soft_limit_ns;
  giving->head->hard_ns = result->options.hard_limit_ns;
  memcpy(giving->head->name, name, name_size);
  while (giving->num_put < result->num_chunks) {
    int r = put_chunk(giving, giving->num_put);
    if (r < 0) return r;
    giving->num_put++;
  }
  if (atomic_load(&result->pool->crew.board->live) <
      atomic_load(&result->pool->crew.board->wanted)) {
    pool_wake(result->pool);
  }
  return 0;
}

/* For a result of which no chunk from one on was put: nobody has it any more,
 * and the others are taken back. */
static void abandon(brood_async_result *result, size_t from, int error) {
  result->options = (brood_task_options){0};
  for (size_t i = from; i < result->num_chunks; i++) {
    result_settle(result, i, brood_int64(error));
  }
  result_take_back(result, BROOD_CANCELLED, false);
}

static int64_t limit_of(int64_t own_ns, int64_t pools_ns) {
  return own_ns < 0 ? 0 : own_ns > 0 ? own_ns : pools_ns;
}

static brood_async_result *make_result(brood_pool *pool, size_t num_items,
                                       size_t chunksize,
                                       const brood_task_options *options) {
  size_t num_chunks = num_items / chunksize + (num_items % chunksize != 0);
  brood_async_result *result =
      calloc(1, sizeof *result + num_chunks * sizeof *result->chunks);
  if (result == NULL) {
    error_set_os(-ENOMEM, "cannot give %zu items", num_items);
    return NULL;
  }
  pool->num_handles++;
  result->pool = pool;
  result->num_handles = 2;
  result->num_items = num_items;
  result->chunksize = chunksize;
  result->num_chunks = result->chunks_left = num_chunks;
  if (options != NULL) result->options = *options;
  int64_t *soft_ns = &result->options.soft_limit_ns;
  int64_t *hard_ns = &result->options.hard_limit_ns;
  *soft_ns = limit_of(*soft_ns, pool->soft_ns);
  *hard_ns = limit_of(*hard_ns, pool->hard_ns);
  return result;
}

/* The pool's own thread: it waits as a caller would, so that callbacks are
 * called although nobody calls anything. */
static bool has_pool_ended(void *pool) {
  return ((const brood_pool *)pool)->has_ended;
}

static void *wait_for_all(void *pool) {
  if (pool_enter(pool) < 0) return NULL;
  while (pool_wait(pool, has_pool_ended, pool, SYS_CLOCK_NEVER) < 0) continue;
  pool_leave(pool);
  return NULL;
}

static int start_thread(brood_pool *pool, const brood_task_options *options) {
  bool calls = options->callback != NULL || options->error_callback != NULL;
  if (!calls || pool->no_thread || pool->has_thread) return 0;
  int r = pthread_create(&pool->thread, NULL, wait_for_all, pool);
  if (r != 0) return error_set_os(-r, "cannot start a thread for callbacks");
  pool->has_thread = true;
  return 0;
}

brood_async_result *result_give(brood_pool *pool, brood_task task,
                                const brood_value *items, size_t num_items,
                                size_t chunksize,
                                const brood_task_options *options) {
  const char *name;
  int r = refuse_state(pool);
  if (r == 0) r = registry_task_name(task, &name);
  if (r == 0 && options != NULL) r = start_thread(pool, options);
  if (r < 0) return NULL;
  brood_async_result *result = make_result(pool, num_items, chunksize, options);
  if (result == NULL) return NULL;
  if (num_items == 0) {
    result->state = RESULT_READY;
    result->num_handles = 1;
    return result;
  }
  struct giving giving = {.result = result, .items = items};
  r = put_chunks(&giving, name);
  free(giving.head);
  free(giving.place);
  if (r == 0) return result;
  abandon(result, giving.num_put, r);
  result_release(result);
  return NULL;
}

brood_async_result *result_of_error(brood_pool *pool, int error) {
  brood_async_result *result = make_result(pool, 1, 1, NULL);
  if (result != NULL) result_settle(result, 0, brood_int64(error));
  return result;
}

static int64_t default_chunksize(const brood_pool *pool, size_t num_items) {
  size_t parts = 4 * (size_t)atomic_load(&pool->crew.board->wanted);
  size_t size = (num_items + parts - 1) / parts;
  return size == 0 ? 1 : (int64_t)size;
}

static int check_items(const brood_value *items, size_t num_items,
                       int64_t chunksize) {
  if (items == NULL && num_items > 0) {
    return error_set(BROOD_TYPE_ERROR, "%zu items at NULL", num_items);
  }
  if (num_items > BROOD_MAX_MAXSIZE) {
    return error_set(BROOD_VALUE_ERROR, "%zu items: at most %d", num_items,
                     BROOD_MAX_MAXSIZE);
  }
  if (chunksize < 1 && chunksize != BROOD_ALL) {
    return error_set(BROOD_VALUE_ERROR, "Chunksize must be 1+, not %" PRId64,
                     chunksize);
  }
  return 0;
}

brood_async_result *brood_pool_map_async(brood_pool *pool, brood_task task,
                                         const brood_value *items,
                                         size_t num_items, int64_t chunksize,
                                         const brood_task_options *options) {
  if (check_items(items, num_items, chunksize) < 0) return NULL;
  if (pool_enter(pool) < 0) return NULL;
  if (chunksize == BROOD_ALL) chunksize = default_chunksize(pool, num_items);
  brood_async_result *result =
      result_give(pool, task, items, num_items, (size_t)chunksize, options);
  if (result != NULL) result->is_map = true;
  pool_leave(pool);
  return result;
}

brood_async_result *brood_pool_apply_async(brood_pool *pool, brood_task task,
                                           brood_value args,
                                           const brood_task_options *options) {
  if (args.type == BROOD_TYPE_NONE) args = brood_tuple(&args, 0);
  if (args.type != BROOD_TYPE_TUPLE) {
    error_set(BROOD_TYPE_ERROR, "the arguments of a task are a tuple, or none");
    return NULL;
  }
  if (pool_enter(pool) < 0) return NULL;
  brood_async_result *result = result_give(pool, task, &args, 1, 1, options);
  pool_leave(pool);
  return result;
}

/* ---------------------------------------------------------------- Asking -- */

/* A failure, with its text behind it. */
static int fail(int code, struct brood_failure failure, const char *text) {
  size_t size = strlen(text) + 1;
  char number[32];
  bool is_own = failure.code > 0;
  snprintf(number, sizeof number, "error %d", failure.code);
  const char *name = is_own ? number : brood_error_name(failure.code);
  size_t name_size = strlen(name) + 1;
  error_set(code, "%s: %s", name, text);
  brood_failure *kept = malloc(sizeof *kept + size + name_size);
  if (kept == NULL) return code;
  *kept = failure;
  kept->text = memcpy(kept + 1, text, size);
  kept->name = memcpy((char *)(kept + 1) + size, name, name_size);
  error_set_data(kept, sizeof *kept + size + name_size);
  return code;
}

static const char *text_of(const brood_value *value) {
  return value->type == BROOD_TYPE_STRING ? value->as.data : "";
}

/* For a chunk without an outcome of a worker's. */
static int fail_whole(const brood_async_result *result,
                      const brood_value *outcome, size_t index) {
  struct outcome_head head = {.error = (int32_t)outcome->as.int64};
  const char *text = head.error == BROOD_BROKEN_POOL
                         ? result->pool->crew.board->reason
                         : "it was not done";
  if (outcome->type == BROOD_TYPE_TUPLE) {
    memcpy(&head, outcome->as.items[0].as.data, sizeof head);
    if (outcome->num_items > 1) text = text_of(&outcome->as.items[1]);
  }
  struct brood_failure failure = {.code = head.error,
                                  .index = (int64_t)index,
                                  .worker_pid = head.worker_pid,
                                  .exitcode = head.exitcode};
  bool is_pools = head.error <= BROOD_WORKER_LOST;
  return fail(is_pools ? head.error : BROOD_TASK_ERROR, failure, text);
}

int result_look(brood_async_result *result, size_t index,
                const brood_value **out_value) {
  const brood_value *outcome = &result->chunks[index / result->chunksize];
  size_t place = index % result->chunksize;
  if (outcome->type != BROOD_TYPE_TUPLE) {
    return fail_whole(result, outcome, index);
  }
  const brood_value *words = outcome->as.items;
  const struct outcome_head *head = words[0].as.data;
  if (head->error != 0 || place + 1 >= outcome->num_items) {
    return fail_whole(result, outcome, index);
  }
  size_t size = sizeof *head + (place + 1) * sizeof head->codes[0];
  int code = words[0].size_bytes < size ? 0 : head->codes[place];
  if (code == 0) {
    *out_value = &words[place + 1];
    return 0;
  }
  struct brood_failure failure = {
      .code = code, .index = (int64_t)index, .worker_pid = head->worker_pid};
  return fail(BROOD_TASK_ERROR, failure, text_of(&words[place + 1]));
}

const brood_failure *brood_task_failure(void) {
  return error_task_data();
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

int brood_async_result_ready(brood_async_result *result) {
  int r = enter(result);
  if (r < 0) return r;
  pool_drain(result->pool);
  r = result_is_ready(result);
  pool_leave(result->pool);
  return r;
}

static int refuse_early(const brood_async_result *result, size_t index) {
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
  pool_drain(result->pool);
  r = result_is_ready(result) ? !has_failed(result) : refuse_early(result, 0);
  pool_leave(result->pool);
  return r;
}

static bool is_ready(void *result) {
  return result_is_ready(result);
}

static int wait_for(brood_async_result *result, int64_t deadline_ns) {
  int r = pool_wait(result->pool, is_ready, result, deadline_ns);
  return r == BROOD_TIMEOUT ? error_set(r, "the result is not ready") : r;
}

int brood_async_result_wait(brood_async_result *result, int64_t timeout_ns) {
  int64_t deadline_ns = sys_clock_deadline(timeout_ns);
  int r = enter(result);
  if (r < 0) return r;
  r = wait_for(result, deadline_ns);
  pool_leave(result->pool);
  return r;
}

/* Copies the values to an array; after an error nothing is in it. */
static int copy_values(brood_async_result *result, brood_value *out_values) {
  int r = 0;
  size_t done = 0;
  while (r == 0 && done < result->num_items) {
    const brood_value *value;
    r = result_look(result, done, &value);
    if (r == 0) r = brood_value_copy(value, &out_values[done]);
    if (r == 0) done++;
  }
  while (r < 0 && done > 0) brood_value_clear(&out_values[--done]);
  return r;
}

/* A tuple of borrowed values, of which a copy is made. */
static int copy_tuple(brood_async_result *result, brood_value *out_value) {
  brood_value *values = malloc(result->num_items * sizeof *values + 1);
  if (values == NULL) return error_set_os(-ENOMEM, "cannot copy a result");
  int r = 0;
  for (size_t i = 0; r == 0 && i < result->num_items; i++) {
    const brood_value *value;
    r = result_look(result, i, &value);
    if (r == 0) values[i] = *value;
  }
  brood_value tuple = brood_tuple(values, result->num_items);
  if (r == 0) r = brood_value_copy(&tuple, out_value);
  free(values);
  return r;
}

int brood_async_result_get(brood_async_result *result, brood_value *out_value,
                           int64_t timeout_ns) {
  int64_t deadline_ns = sys_clock_deadline(timeout_ns);
  int r = error_check_out(out_value);
  if (r == 0) r = enter(result);
  if (r < 0) return r;
  r = wait_for(result, deadline_ns);
  if (r == 0 && result->is_map) r = copy_tuple(result, out_value);
  if (r == 0 && !result->is_map) r = copy_values(result, out_value);
  pool_leave(result->pool);
  return r;
}

int brood_async_result_item(brood_async_result *result, size_t index,
                            const brood_value **out_value) {
  int r = error_check_out(out_value);
  if (r == 0) r = enter(result);
  if (r < 0) return r;
  r = refuse_early(result, index);
  if (r == 0) r = result_look(result, index, out_value);
  pool_leave(result->pool);
  return r;
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
  int all = result->state == RESULT_WAITS;
  result->num_handles++;
  for (uint32_t i = 0; i < BROOD_MAX_PENDING; i++) {
    struct pending *pending = &pool->pending[i];
    if (pending->result != result) continue;
    if (board_claim(pool->crew.board, pending->number, BOARD_TAKEN_BACK)) {
      pool_settle(pool, pending->number, brood_int64(error));
    } else {
      all = 0;
      if (with_workers) end_worker(pool, pending->number);
    }
  }
  result_release(result);
  return all;
}

static int take_back(brood_async_result *result, int error, bool with_workers) {
  int r = enter(result);
  if (r < 0) return r;
  pool_drain(result->pool);
  r = result_take_back(result, error, with_workers);
  pool_leave(result->pool);
  return r;
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
  pool_leave(results[0]->pool);
  return r < 0 && r != BROOD_TIMEOUT ? r : count;
}

/* ------------------------------------------------ Giving, and waiting -- */

/* Waits for a result of one's own, and gives it back. */
static int get_all(brood_async_result *result, brood_value *out_values,
                   int64_t deadline_ns) {
  if (result == NULL) return brood_error();
  int r = enter(result);
  if (r == 0) {
    r = wait_for(result, deadline_ns);
    if (r == 0) r = copy_values(result, out_values);
    pool_leave(result->pool);
  }
  brood_async_result_free(result);
  return r;
}

int brood_pool_apply(brood_pool *pool, brood_task task, brood_value args,
                     brood_value *out_value, int64_t timeout_ns) {
  int64_t deadline_ns = sys_clock_deadline(timeout_ns);
  int r = error_check_out(out_value);
  if (r < 0) return r;
  return get_all(brood_pool_apply_async(pool, task, args, NULL), out_value,
                 deadline_ns);
}

int brood_pool_map(brood_pool *pool, brood_task task, const brood_value *items,
                   size_t num_items, int64_t chunksize, brood_value *out_values,
                   int64_t timeout_ns) {
  int64_t deadline_ns = sys_clock_deadline(timeout_ns);
  if (out_values == NULL && num_items > 0) return error_check_out(NULL);
  return get_all(
      brood_pool_map_async(pool, task, items, num_items, chunksize, NULL),
      out_values, deadline_ns);
}
