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

/* Puts the chunks of a result, and counts them. After one that cannot be put
 * no other is. */
static int put_chunks(brood_async_result *result, const char *name,
                      const brood_value *items, int64_t deadline_ns,
                      size_t *num_put) {
  brood_pool *pool = result->pool;
  const size_t most = result->chunksize;
  struct chunk_head *head;
  size_t name_size = strlen(name) + 1, head_size = sizeof *head + name_size;
  brood_value *chunk = malloc((most + 1) * sizeof *chunk + head_size);
  if (chunk == NULL) {
    return error_set_os(-ENOMEM, "cannot give %zu items", result->num_items);
  }
  head = (struct chunk_head *)(chunk + most + 1); /* the same for all */
  head->soft_ns = result->options.soft_limit_ns;
  head->hard_ns = result->options.hard_limit_ns;
  memcpy(head->name, name, name_size);
  chunk[0] = brood_bytes(head, head_size);
  int r = 0;
  while (*num_put < result->num_chunks) {
    size_t first = *num_put * most, count = result->num_items - first;
    if (count > most) count = most;
    memcpy(chunk + 1, items + first, count * sizeof *items);
    brood_value tuple = brood_tuple(chunk, count + 1);
    uint32_t once = 1;
    r = pool_put(pool, &tuple, BOARD_RUNNING, &once, deadline_ns);
    if (r < 0) break;
    uint32_t number = pool->next - 1;
    pool->pending[number % BROOD_MAX_PENDING] = (struct pending){
        .result = result, .number = number, .index = (uint32_t)(*num_put)++};
    pool->num_pending++;
  }
  free(chunk);
  return r;
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
  *soft_ns = limit_of(*soft_ns, pool->crew.board->options.soft_limit_ns);
  *hard_ns = limit_of(*hard_ns, pool->crew.board->options.hard_limit_ns);
  return result;
}

/* The pool's own thread: it waits as a caller would, so that callbacks are
 * called although nobody calls anything. */
static void *serve_callbacks(void *pool) {
  if (pool_enter(pool) < 0) return NULL;
  pool_outlast(pool, pool_is_over, SYS_CLOCK_NEVER);
  pool_leave(pool, 0);
  return NULL;
}

static int start_thread(brood_pool *pool, const brood_task_options *options) {
  bool calls = options->callback != NULL || options->error_callback != NULL;
  bool may_start = (pool->crew.board->options.flags & BROOD_NO_THREAD) == 0;
  if (!calls || !may_start || pool->has_thread) return 0;
  sigset_t before;
  sys_signals_block(&before); /* it has none of the program's signals */
  int r = pthread_create(&pool->thread, NULL, serve_callbacks, pool);
  sys_signals_unblock(&before);
  if (r != 0) return error_set_os(-r, "cannot start a thread for callbacks");
  pool->has_thread = true;
  return 0;
}

/* Gives items in chunks, for which there has to be room in time. With the
 * mutex; NULL and an error that is set. */
static brood_async_result *give(brood_pool *pool, brood_task task,
                                const brood_value *items, size_t num_items,
                                size_t chunksize,
                                const brood_task_options *options,
                                int64_t deadline_ns) {
  const char *name;
  size_t num_put = 0;
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
  guard_shield(); /* as any put */
  r = put_chunks(result, name, items, deadline_ns, &num_put);
  guard_unshield();
  if (r == 0) {
    const struct board *board = pool->crew.board;
    bool misses_some = atomic_load(&board->live) < atomic_load(&board->wanted);
    if (misses_some) pool_wake(pool);
    return result;
  }
  /* Nobody has it any more, and what was put is taken back. */
  result->options = (brood_task_options){0};
  while (num_put < result->num_chunks) {
    result_settle(result, num_put++, brood_int64(r));
  }
  result_take_back(result, BROOD_CANCELLED, false);
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

brood_async_result *pool_give_all(brood_pool *pool, brood_task task,
                                  const brood_value *items, size_t num_items,
                                  int64_t chunksize,
                                  const brood_task_options *options,
                                  int64_t deadline_ns) {
  int r = error_check_array(items, num_items, BROOD_MAX_MAXSIZE, "items");
  if (r == 0 && chunksize <= 0 && chunksize != BROOD_ALL) {
    r = error_set(BROOD_VALUE_ERROR, "Chunksize must be 1+, not %" PRId64,
                  chunksize);
  }
  if (r < 0 || pool_enter(pool) < 0) return NULL;
  if (chunksize == BROOD_ALL) chunksize = default_chunksize(pool, num_items);
  brood_async_result *result = give(pool, task, items, num_items,
                                    (size_t)chunksize, options, deadline_ns);
  if (result != NULL) result->is_map = true;
  pool_leave(pool, 0);
  return result;
}

brood_async_result *brood_pool_map_async(brood_pool *pool, brood_task task,
                                         const brood_value *items,
                                         size_t num_items, int64_t chunksize,
                                         const brood_task_options *options) {
  return pool_give_all(pool, task, items, num_items, chunksize, options,
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
      give(pool, task, &args, 1, 1, options, deadline_ns);
  pool_leave(pool, 0);
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
  r = result_copy(result, out_values, true, deadline_ns);
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
      pool_give_all(pool, task, items, num_items, chunksize, NULL, deadline_ns),
      out_values, deadline_ns);
}
