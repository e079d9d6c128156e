/* SPDX-License-Identifier: MIT
 *
 * How outcomes come to results: one thread at a time waits for the queue and
 * settles what comes, whosever it is; the others sleep until their own is
 * there, or nobody collects any more. In slices, in which the supervisor is
 * looked after: a pool has no other thread that could.
 */
#include "lib/work/pool.h"

#include "lib/state/guard.h"
#include "lib/sync/self.h"
#include "lib/sys/clock.h"
#include "lib/sys/fd.h"

/* A supervisor that says that it is done ends soon. */
#define SOON_NS INT64_C(50000000)

/* How soon an outcome that could not be received is asked for again. */
#define AGAIN_NS INT64_C(1000000)

void pool_settle(brood_pool *pool, uint32_t number, brood_value outcome) {
  struct pending *pending = &pool->pending[number % BROOD_MAX_PENDING];
  if (pending->result == NULL || pending->number != number) {
    brood_value_clear(&outcome); /* a later word about a chunk */
    return;
  }
  brood_async_result *result = pending->result;
  pending->result = NULL;
  pool->num_pending--;
  result_settle(result, pending->index, outcome);
}

void pool_fail(brood_pool *pool, int error) {
  for (uint32_t i = 0; pool->num_pending > 0 && i < BROOD_MAX_PENDING; i++) {
    if (pool->pending[i].result != NULL) {
      pool_settle(pool, pool->pending[i].number, brood_int64(error));
    }
  }
}

static void take(brood_pool *pool, brood_value word) {
  if (word.type != BROOD_TYPE_TUPLE) {
    pool->is_told = true;
    return;
  }
  const struct outcome_head *head = word.as.items[0].as.data;
  pool_settle(pool, head->number, word);
}

void pool_drain(brood_pool *pool) {
  brood_value word = brood_none();
  while (brood_queue_get(pool->crew.results, &word, 0) == 0) {
    take(pool, word);
  }
}

/* Sees whether the supervisor has ended. One that was killed is replaced; its
 * exit code may be another's, or unknown. */
static void look_after(brood_pool *pool, int64_t wait_ns) {
  uint32_t state = atomic_load(&pool->crew.board->state);
  int exitcode;
  if (pool->has_ended) return;
  if (state == BOARD_BROKEN) {
    pool_drain(pool);
    pool_fail(pool, BROOD_BROKEN_POOL);
  }
  if (wait_ns > 0) brood_process_join(pool->supervisor, wait_ns);
  if (brood_process_exitcode(pool->supervisor, &exitcode) != 1) return;
  bool is_done = atomic_load(&pool->crew.board->is_done) != 0;
  if (!is_done && state <= BOARD_CLOSING && pool_start(pool) == 0) return;
  if (!is_done) board_break(pool->crew.board, "no supervisor is left");
  pool_watch(pool, false);
  pool->has_ended = true;
  pool_drain(pool);
  pool_fail(pool, BROOD_BROKEN_POOL);
  pthread_cond_broadcast(&pool->changed);
}

void pool_look(brood_pool *pool) {
  pool_drain(pool);
  look_after(pool, 0);
}

/* Waits for the queue, without the mutex, and settles all there is. An error is
 * that of an outcome that cannot be received, and stays where it is. */
static int collect(brood_pool *pool, int64_t end_ns) {
  brood_value word = brood_none();
  pool->is_collecting = true;
  pthread_mutex_unlock(&pool->mutex);
  int r = brood_queue_get(pool->crew.results, &word, sys_clock_left(end_ns));
  pthread_mutex_lock(&pool->mutex);
  pool->is_collecting = false;
  if (r == 0) take(pool, word);
  if (r == 0) pool_drain(pool);
  bool is_late = r == BROOD_EMPTY || r == BROOD_TIMEOUT;
  int64_t wait_ns = pool->is_told ? SOON_NS : 0;
  pool->is_told = false;
  if (is_late || wait_ns > 0) look_after(pool, wait_ns);
  pthread_cond_broadcast(&pool->changed);
  return is_late ? 0 : r;
}

bool pool_has_ended(void *pool) {
  return ((const brood_pool *)pool)->has_ended;
}

/* A thread that is being cancelled ends here, with nothing in its hands. */
static void let_cancel(brood_pool *pool) {
  pool_leave(pool, 0);
  pthread_testcancel();
  guard_shield();
  pthread_mutex_lock(&pool->mutex);
}

int pool_wait(brood_pool *pool, bool (*is_done)(void *context), void *context,
              int64_t deadline_ns) {
  int r = 0;
  if (!is_done(context)) pool_drain(pool);
  for (;;) {
    if (!is_done(context)) pool_call_back(pool, true);
    if (r != 0 || is_done(context)) return r;
    if (sync_is_over(deadline_ns)) {
      look_after(pool, 0);
      return is_done(context) ? 0 : BROOD_TIMEOUT;
    }
    int64_t end_ns = sys_clock_ns() + SYNC_SLICE_NS;
    if (end_ns > deadline_ns) end_ns = deadline_ns;
    if (pool->is_collecting) {
      pthread_cond_timedwait(
          &pool->changed, &pool->mutex,
          &(struct timespec){end_ns / 1000000000, end_ns % 1000000000});
    } else {
      r = collect(pool, end_ns);
    }
    let_cancel(pool);
  }
}

void pool_outlast(brood_pool *pool, bool (*is_done)(void *pool),
                  int64_t deadline_ns) {
  while (pool_wait(pool, is_done, pool, deadline_ns) < 0 &&
         !sync_is_over(deadline_ns)) {
    pool_leave(pool, 0);
    sys_poll(NULL, 0, sys_clock_ns() + AGAIN_NS);
    pool_enter(pool);
    look_after(pool, 0);
  }
}
