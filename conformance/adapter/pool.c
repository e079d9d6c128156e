/* SPDX-License-Identifier: MIT
 *
 * Pools: tasks are given to them, they end, and they have workers.
 */
#include "conformance/adapter/pool.h"

#include <stdlib.h>

#include "brood.h"
#include "conformance/adapter/callback.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/memory.h"

static brood_pool *pool_of(const struct call *call) {
  return call->self->as.object;
}

static bool is_none(const cJSON *json) {
  return json == NULL || cJSON_IsNull(json);
}

int pool_answer(struct call *call, int r, brood_value value) {
  if (r >= 0) call->result = arguments_received(value);
  return call_done(call, r);
}

/* ---------------------------------------------------------- Giving tasks -- */

static int read_needed_task(struct call *call, brood_task *out_task) {
  if (pool_read_task(call, 0, out_task) < 0) return -1;
  return *out_task != NULL ? 0 : call_fail(call, "TypeError", "no function");
}

/* A function of C has no keyword arguments, but it may be given none. */
static int check_kwds(struct call *call, int index) {
  const cJSON *map = cJSON_GetObjectItemCaseSensitive(call->args[index], "map");
  if (is_none(call->args[index]) || (map != NULL && map->child == NULL)) {
    return 0;
  }
  return failure_unsupported(&call->failure, "kwds");
}

/* "func args? kwds?" */
static int read_apply(struct call *call, brood_task *out_task,
                      struct arguments *args) {
  const cJSON *list = NULL;
  if (read_needed_task(call, out_task) < 0) return -1;
  if (check_kwds(call, 2) < 0) return -1;
  if (is_none(call->args[1])) return 0;
  if (call_list(call, 1, &list) < 0) return -1;
  return arguments_read(call, list, args);
}

static brood_value tuple_of(const struct arguments *args) {
  return args->count == 0 ? brood_none()
                          : brood_tuple(args->values, args->count);
}

static int apply(struct call *call) {
  struct arguments args = {0};
  brood_task task = NULL;
  brood_value value = brood_none();
  int r = read_apply(call, &task, &args);
  if (r == 0) {
    r = brood_pool_apply(pool_of(call), task, tuple_of(&args), &value,
                         BROOD_FOREVER);
    r = pool_answer(call, r, value);
  }
  arguments_clear(&args);
  return r;
}

/* "func args? kwds? callback? error_callback? timeout? soft_timeout?" */
static int read_options(struct call *call, brood_task_options *options) {
  if (callback_read(call, 3, 4, options) < 0) return -1;
  if (pool_read_limit(call, 5, &options->hard_limit_ns) < 0) return -1;
  return pool_read_limit(call, 6, &options->soft_limit_ns);
}

static int apply_async(struct call *call) {
  struct arguments args = {0};
  brood_task task = NULL;
  brood_task_options options = {0};
  int r = read_apply(call, &task, &args);
  if (r == 0) r = read_options(call, &options);
  if (r == 0) {
    r = pool_result(call, brood_pool_apply_async(pool_of(call), task,
                                                 tuple_of(&args), &options));
  }
  arguments_clear(&args);
  return r;
}

/* "func iterable chunksize?" */
static int read_map(struct call *call, bool star, brood_task *out_task,
                    struct arguments *items, int64_t *out_chunksize) {
  *out_chunksize = BROOD_ALL;
  if (read_needed_task(call, out_task) < 0) return -1;
  if (pool_read_items(call, 1, star, items) < 0) return -1;
  return is_none(call->args[2]) ? 0 : call_int64(call, 2, out_chunksize);
}

static brood_value *new_values(size_t count) {
  brood_value *values = memory_new(count, sizeof *values);
  for (size_t i = 0; i < count; i++) values[i] = brood_none();
  return values;
}

static int answer_all(struct call *call, int r, const brood_value *values,
                      size_t count) {
  if (r < 0) return call_fail_brood(call);
  call->result = value_list(VALUE_LIST, count);
  for (size_t i = 0; i < count; i++) {
    call->result.as.items[i] = arguments_received(values[i]);
  }
  return 0;
}

static int map_with(struct call *call, bool star) {
  struct arguments items = {0};
  brood_task task = NULL;
  int64_t chunksize = 0;
  int r = read_map(call, star, &task, &items, &chunksize);
  if (r == 0) {
    brood_value *values = new_values(items.count);
    r = brood_pool_map(pool_of(call), task, items.values, items.count,
                       chunksize, values, BROOD_FOREVER);
    r = answer_all(call, r, values, items.count);
    free(values);
  }
  arguments_clear(&items);
  return r;
}

static int map(struct call *call) {
  return map_with(call, false);
}

static int starmap(struct call *call) {
  return map_with(call, true);
}

/* "func iterable chunksize? callback? error_callback?" */
static int map_async_with(struct call *call, bool star) {
  struct arguments items = {0};
  brood_task task = NULL;
  int64_t chunksize = 0;
  brood_task_options options = {0};
  int r = read_map(call, star, &task, &items, &chunksize);
  if (r == 0) r = callback_read(call, 3, 4, &options);
  if (r == 0) {
    r = pool_result(call,
                    brood_pool_map_async(pool_of(call), task, items.values,
                                         items.count, chunksize, &options));
  }
  arguments_clear(&items);
  return r;
}

static int map_async(struct call *call) {
  return map_async_with(call, false);
}

static int starmap_async(struct call *call) {
  return map_async_with(call, true);
}

static int imap(struct call *call) {
  return pool_iterate(call, 0);
}

static int imap_unordered(struct call *call) {
  return pool_iterate(call, BROOD_UNORDERED);
}

/* --------------------------------------------------------------- Its end -- */

static int close_pool(struct call *call) {
  return call_done(call, brood_pool_close(pool_of(call)));
}

static int terminate(struct call *call) {
  return call_done(call, brood_pool_terminate(pool_of(call)));
}

static int join(struct call *call) {
  int64_t timeout_ns = BROOD_FOREVER;
  if (call_timeout(call, 0, &timeout_ns) < 0) return -1;
  return call_done(call, brood_pool_join(pool_of(call), timeout_ns));
}

/* ----------------------------------------------------------- Its workers -- */

static int compare(const void *a, const void *b) {
  int x = *(const int *)a, y = *(const int *)b;
  return (x > y) - (x < y);
}

static int worker_pids(struct call *call) {
  int pids[BROOD_MAX_WORKERS];
  int count = brood_pool_worker_pids(pool_of(call), pids, BROOD_MAX_WORKERS);
  if (count < 0) return call_fail_brood(call);
  qsort(pids, (size_t)count, sizeof pids[0], compare);
  call->result = value_list(VALUE_LIST, (size_t)count);
  for (int i = 0; i < count; i++) {
    call->result.as.items[i] = value_int64(pids[i]);
  }
  return 0;
}

static int answer_count(struct call *call, int count) {
  if (count < 0) return call_fail_brood(call);
  call->result = value_int64(count);
  return 0;
}

static int file_number(struct call *call) {
  return answer_count(call, brood_pool_fileno(pool_of(call)));
}

static int handle_results(struct call *call) {
  return answer_count(call, brood_pool_handle(pool_of(call), 0));
}

static int grow(struct call *call) {
  int n = 0;
  if (call_int(call, 0, &n) < 0) return -1;
  return call_done(call, brood_pool_grow(pool_of(call), n));
}

static int shrink(struct call *call) {
  int n = 0;
  if (call_int(call, 0, &n) < 0) return -1;
  return call_done(call, brood_pool_shrink(pool_of(call), n));
}

static int restart(struct call *call) {
  return call_done(call, brood_pool_restart(pool_of(call)));
}

static int terminate_job(struct call *call) {
  int pid = 0;
  if (call_int(call, 0, &pid) < 0) return -1;
  return call_done(call, brood_pool_terminate_job(pool_of(call), pid));
}

const struct method pool_methods[] = {
    {"apply", "func args? kwds?", apply},
    {"apply_async",
     "func args? kwds? callback? error_callback? *timeout? *soft_timeout?",
     apply_async},
    {"map", "func iterable chunksize?", map},
    {"map_async", "func iterable chunksize? callback? error_callback?",
     map_async},
    {"starmap", "func iterable chunksize?", starmap},
    {"starmap_async", "func iterable chunksize? callback? error_callback?",
     starmap_async},
    {"imap", "func iterable chunksize? *buffersize?", imap},
    {"imap_unordered", "func iterable chunksize? *buffersize?", imap_unordered},
    {"close", "", close_pool},
    {"terminate", "", terminate},
    {"join", "timeout?", join},
    {"wait_any", "results timeout?", pool_wait_any},
    {"worker_pids", "", worker_pids},
    {"fileno", "", file_number},
    {"handle", "", handle_results},
    {"grow", "n", grow},
    {"shrink", "n", shrink},
    {"restart", "", restart},
    {"terminate_job", "pid", terminate_job},
    {NULL, NULL, NULL},
};
