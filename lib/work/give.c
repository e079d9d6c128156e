/* SPDX-License-Identifier: MIT
 *
 * Tasks are given: chunks are put into the queue, and a result waits for them.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/state/registry.h"
#include "lib/sync/self.h"
#include "lib/sys/clock.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"
#include "lib/work/pool.h"

/* How long the program waits before it looks for room again. */
#define FOR_ROOM_NS INT64_C(1000000)

/* Refuses what is put into a pool beyond a state. */
static int refuse_state(const brood_pool *pool, uint32_t last) {
  uint32_t state = atomic_load(&pool->crew.board->state);
  if (state <= last) return 0;
  if (state != BOARD_BROKEN) {
    return error_set(BROOD_VALUE_ERROR, "Pool not running");
  }
  return error_set(BROOD_BROKEN_POOL, "the pool is broken: %s",
                   pool->crew.board->reason);
}

/* A number is used again when the chunk that had it is done, and got: one that
 * was taken back may lie in the queue for long. */
static bool is_in_use(brood_pool *pool) {
  if (pool->pending[pool->next % BROOD_MAX_PENDING].result != NULL) return true;
  if (pool->next - pool->first < BROOD_MAX_PENDING) return false;
  pool->first = pool->next - (uint32_t)brood_queue_qsize(pool->crew.tasks);
  return pool->next - pool->first >= BROOD_MAX_PENDING;
}

static bool has_room(void *pool) {
  return ((brood_pool *)pool)->num_pending < BROOD_MAX_PENDING / 2 &&
         !is_in_use(pool);
}

/* While the queue of tasks is full, results are taken out: else workers might
 * wait for room there, and no process would go on. The state is looked at in
 * the same hold of the mutex as the chunk is put: what comes after fails it. */
int pool_put(brood_pool *pool, const brood_value *chunk, uint32_t last,
             uint32_t *count, int64_t deadline_ns) {
  while (*count > 0) {
    int r = refuse_state(pool, last);
    bool is_full = r == 0 && is_in_use(pool);
    if (r == 0 && !is_full) r = brood_queue_put(pool->crew.tasks, *chunk, 0);
    if (r == 0 && !is_full) {
      pool->next++;
      --*count;
    } else if (is_full || r == BROOD_FULL || r == BROOD_TIMEOUT) {
      r = pool_wait(pool, is_full ? has_room : pool_has_ended, pool,
                    sys_clock_ns() + FOR_ROOM_NS);
      if (r == BROOD_TIMEOUT && !sync_is_over(deadline_ns)) continue;
      if (r == BROOD_TIMEOUT) error_set(r, "the pool has no room");
    }
    if (r < 0) return r;
  }
  return 0;
}

/* How chunks of a result are put: the head is the same for all. */
struct giving {
  brood_async_result *result;
  const brood_value *items;
  struct chunk_head *head;
  size_t head_size;
  brood_value *place; /* for a chunk */
  size_t num_put;
  int64_t deadline_ns;
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
  uint32_t once = 1;
  int r = pool_put(pool, &chunk, BOARD_RUNNING, &once, giving->deadline_ns);
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
static void *serve_callbacks(void *pool) {
  if (pool_enter(pool) < 0) return NULL;
  while (pool_wait(pool, pool_has_ended, pool, SYS_CLOCK_NEVER) < 0) {
    pool_leave(pool); /* an outcome cannot be received now */
    sys_poll(NULL, 0, sys_clock_ns() + FOR_ROOM_NS);
    pool_enter(pool);
  }
  pool_leave(pool);
  return NULL;
}

static int start_thread(brood_pool *pool, const brood_task_options *options) {
  bool calls = options->callback != NULL || options->error_callback != NULL;
  if (!calls || pool->no_thread || pool->has_thread) return 0;
  sigset_t before;
  sys_signals_block(&before); /* it has none of the program's signals */
  int r = pthread_create(&pool->thread, NULL, serve_callbacks, pool);
  sys_signals_unblock(&before);
  if (r != 0) return error_set_os(-r, "cannot start a thread for callbacks");
  pool->has_thread = true;
  return 0;
}

brood_async_result *result_give(brood_pool *pool, brood_task task,
                                const brood_value *items, size_t num_items,
                                size_t chunksize,
                                const brood_task_options *options,
                                int64_t deadline_ns) {
  const char *name;
  int r = task == NULL
              ? error_set(BROOD_TYPE_ERROR, "expected a task, not NULL")
              : refuse_state(pool, BOARD_RUNNING);
  if (r == 0) r = registry_task_name(task, &name);
  if (r == 0 && options != NULL) r = start_thread(pool, options);
  if (r < 0) return NULL;
  if (chunksize > num_items) chunksize = num_items > 0 ? num_items : 1;
  brood_async_result *result = make_result(pool, num_items, chunksize, options);
  if (result == NULL) return NULL;
  if (num_items == 0) {
    result->state = RESULT_READY;
    result->num_handles = 1;
    return result;
  }
  struct giving giving = {
      .result = result, .items = items, .deadline_ns = deadline_ns};
  guard_shield(); /* as any put */
  r = put_chunks(&giving, name);
  guard_unshield();
  free(giving.head);
  free(giving.place);
  if (r == 0) return result;
  abandon(result, giving.num_put, r);
  result_release(result);
  return NULL;
}

brood_async_result *result_of_error(brood_pool *pool, int error,
                                    size_t num_items) {
  struct outcome_head head = {.error = num_items > 0 ? error : 0};
  uint8_t bytes[sizeof head + sizeof error];
  memcpy(bytes, &head, sizeof head);
  memcpy(bytes + sizeof head, &error, sizeof error);
  size_t size = num_items > 0 ? sizeof head : sizeof bytes;
  const char *text = brood_error() == error ? brood_error_message() : "";
  brood_value words[] = {brood_bytes(bytes, size), brood_string(text)};
  brood_value outcome = brood_int64(error);
  brood_value tuple = brood_tuple(words, 2);
  brood_value_copy(&tuple, &outcome);
  if (num_items == 0) num_items = 1;
  brood_async_result *result = make_result(pool, num_items, num_items, NULL);
  if (result == NULL) brood_value_clear(&outcome);
  if (result != NULL) result_settle(result, 0, outcome);
  return result;
}

static int64_t default_chunksize(const brood_pool *pool, size_t num_items) {
  size_t parts = 4 * (size_t)atomic_load(&pool->crew.board->wanted);
  size_t size = (num_items + parts - 1) / parts;
  return size == 0 ? 1 : (int64_t)size;
}

static int check_items(const brood_value *items, size_t num_items,
                       int64_t chunksize) {
  int r = error_check_array(items, num_items, BROOD_MAX_MAXSIZE, "items");
  if (r < 0 || chunksize > 0 || chunksize == BROOD_ALL) return r;
  return error_set(BROOD_VALUE_ERROR, "Chunksize must be 1+, not %" PRId64,
                   chunksize);
}

static brood_async_result *give_all(brood_pool *pool, brood_task task,
                                    const brood_value *items, size_t num_items,
                                    int64_t chunksize,
                                    const brood_task_options *options,
                                    int64_t deadline_ns) {
  if (check_items(items, num_items, chunksize) < 0) return NULL;
  if (pool_enter(pool) < 0) return NULL;
  if (chunksize == BROOD_ALL) chunksize = default_chunksize(pool, num_items);
  brood_async_result *result = result_give(
      pool, task, items, num_items, (size_t)chunksize, options, deadline_ns);
  if (result != NULL) result->is_map = true;
  pool_leave(pool);
  return result;
}

brood_async_result *brood_pool_map_async(brood_pool *pool, brood_task task,
                                         const brood_value *items,
                                         size_t num_items, int64_t chunksize,
                                         const brood_task_options *options) {
  return give_all(pool, task, items, num_items, chunksize, options,
                  SYS_CLOCK_NEVER);
}

static brood_async_result *give_one(brood_pool *pool, brood_task task,
                                    brood_value args,
                                    const brood_task_options *options,
                                    int64_t deadline_ns) {
  if (args.type == BROOD_TYPE_NONE) args = brood_tuple(&args, 0);
  if (args.type != BROOD_TYPE_TUPLE) {
    error_set(BROOD_TYPE_ERROR, "the arguments of a task are a tuple, or none");
    return NULL;
  }
  if (pool_enter(pool) < 0) return NULL;
  brood_async_result *result =
      result_give(pool, task, &args, 1, 1, options, deadline_ns);
  pool_leave(pool);
  return result;
}

brood_async_result *brood_pool_apply_async(brood_pool *pool, brood_task task,
                                           brood_value args,
                                           const brood_task_options *options) {
  return give_one(pool, task, args, options, SYS_CLOCK_NEVER);
}

/* --------------------------------------------------- Giving, and waiting -- */

static void drop_result(void *result) {
  brood_async_result_free(result);
}

/* Waits for a result of one's own, and gives it back. */
static int get_all(brood_async_result *result, brood_value *out_values,
                   int64_t deadline_ns) {
  int r;
  if (result == NULL) return brood_error();
  pthread_cleanup_push(drop_result, result);
  r = pool_enter(result->pool);
  if (r == 0) {
    r = result_wait(result, deadline_ns);
    if (r == 0) r = result_copy(result, out_values);
    pool_leave(result->pool);
  }
  pthread_cleanup_pop(1);
  return r;
}

int brood_pool_apply(brood_pool *pool, brood_task task, brood_value args,
                     brood_value *out_value, int64_t timeout_ns) {
  int64_t deadline_ns = sys_clock_deadline(timeout_ns);
  int r = error_check_out(out_value);
  if (r < 0) return r;
  return get_all(give_one(pool, task, args, NULL, deadline_ns), out_value,
                 deadline_ns);
}

int brood_pool_map(brood_pool *pool, brood_task task, const brood_value *items,
                   size_t num_items, int64_t chunksize, brood_value *out_values,
                   int64_t timeout_ns) {
  int64_t deadline_ns = sys_clock_deadline(timeout_ns);
  if (out_values == NULL && num_items > 0) return error_check_out(NULL);
  return get_all(
      give_all(pool, task, items, num_items, chunksize, NULL, deadline_ns),
      out_values, deadline_ns);
}
