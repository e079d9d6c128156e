/* SPDX-License-Identifier: MIT
 *
 * Pools: made, closed, terminated, joined, freed; and their workers.
 */
#include "lib/work/pool.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "lib/start/process.h"
#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/state/registry.h"
#include "lib/sync/self.h"
#include "lib/sys/clock.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"

#define GRACE_NS INT64_C(500000000)
#define WINDOW_NS INT64_C(1000000000)
#define LOOK_NS INT64_C(1000000)

/* -------------------------------------------------------------- Entering -- */

int pool_enter(brood_pool *pool) {
  if (pool == NULL) {
    return error_set(BROOD_TYPE_ERROR, "expected a pool, not NULL");
  }
  if (pool->owner != sync_self_process()) {
    return error_set(BROOD_ASSERTION_ERROR,
                     "a pool can only be used by the process that made it");
  }
  guard_shield();
  pthread_mutex_lock(&pool->mutex);
  return 0;
}

int pool_leave(brood_pool *pool, int r) {
  pthread_mutex_unlock(&pool->mutex);
  guard_unshield();
  return r;
}

static void dispose(brood_pool *pool) {
  bool is_own = pool->owner == sync_self_process();
  brood_process_free(pool->supervisor);
  brood_queue_free(pool->crew.tasks);
  brood_queue_free(pool->crew.results);
  brood_connection_free(pool->crew.wake);
  brood_connection_free(pool->crew.bell);
  brood_connection_free(pool->look);
  brood_connection_free(pool->listen);
  sys_kept_close(&pool->events);
  brood_shared_array_free(pool->memory);
  /* A fork's child does not hold what its parent does. */
  if (is_own) brood_value_clear(&pool->initargs);
  free(pool->pending);
  /* It would wait for the waiters that the parent has. */
  if (is_own) pthread_cond_destroy(&pool->changed);
  pthread_mutex_destroy(&pool->mutex);
  /* A copy of a result asks whose it is. */
  if (is_own || pool->num_handles == 1) free(pool);
}

void pool_release(brood_pool *pool) {
  bool is_last = --pool->num_handles == 0;
  pool_leave(pool, 0);
  if (is_last) dispose(pool);
}

/* ---------------------------------------------------------------- Making -- */

static int check_pool(const brood_pool_options *options) {
  const int64_t numbers[] = {
      options->processes,         options->maxtasksperchild,
      options->soft_limit_ns,     options->max_memory_per_child_bytes,
      options->hard_limit_ns,     options->idle_timeout_ns,
      options->grace_ns,          options->max_restarts,
      options->restart_window_ns,
  };
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    if (numbers[i] >= 0) continue;
    return error_set(BROOD_VALUE_ERROR,
                     "a number of a pool is negative: %" PRId64, numbers[i]);
  }
  if (options->processes > BROOD_MAX_WORKERS) {
    return error_set(BROOD_VALUE_ERROR, "%d workers: at most %d",
                     options->processes, BROOD_MAX_WORKERS);
  }
  if (options->initargs.type != BROOD_TYPE_NONE &&
      options->initargs.type != BROOD_TYPE_TUPLE) {
    return error_set(BROOD_TYPE_ERROR, "initargs are no tuple");
  }
  return error_check_flags(options->flags, BROOD_NO_THREAD);
}

/* Makes what its processes share; what is not made is NULL. */
static int make_shared(brood_pool *pool) {
  const brood_context *context = pool->context;
  pool->crew.tasks = brood_queue_new(context, 0);
  pool->crew.results = brood_queue_new(context, 0);
  pool->memory =
      brood_shared_array_new(context, 'B', BOARD_SIZE, BROOD_NO_LOCK);
  if (pool->crew.tasks == NULL || pool->crew.results == NULL ||
      pool->memory == NULL) {
    return brood_error();
  }
  pool->crew.board = board_in(pool->memory);
  int r = brood_pipe_new(context, BROOD_UNIDIRECTIONAL, &pool->look,
                         &pool->crew.wake);
  if (r < 0) return r;
  return brood_pipe_new(context, BROOD_UNIDIRECTIONAL, &pool->listen,
                        &pool->crew.bell);
}

static void fill_board(struct board *board, const brood_pool_options *options) {
  int count = options->processes > 0 ? options->processes : sys_affinity();
  if (count > BROOD_MAX_WORKERS) count = BROOD_MAX_WORKERS;
  board->options = *options;
  board->options.initializer = NULL; /* a pointer means nothing elsewhere */
  board->options.initargs = brood_none();
  if (options->grace_ns == 0) board->options.grace_ns = GRACE_NS;
  if (options->restart_window_ns == 0) {
    board->options.restart_window_ns = WINDOW_NS;
  }
  if (options->max_restarts == 0) board->options.max_restarts = 100 * count;
  atomic_store(&board->wanted, (uint32_t)count);
}

int pool_start(brood_pool *pool) {
  brood_value args[CREW_COUNT] = {
      [CREW_TASKS] = brood_object(pool->crew.tasks),
      [CREW_RESULTS] = brood_object(pool->crew.results),
      [CREW_BOARD] = brood_object(pool->memory),
      [CREW_WAKE] = brood_object(pool->crew.wake),
      [CREW_BELL] = brood_object(pool->crew.bell),
      [CREW_INITIALIZER] = pool->initializer == NULL
                               ? brood_none()
                               : brood_string(pool->initializer),
      [CREW_INITARGS] = pool->initargs,
      [CREW_LOOK] = brood_object(pool->look)};
  brood_process *supervisor =
      process_start_servant(pool->context, "PoolSupervisor", SERVANT_PLAIN,
                            brood_pool_supervisor, args, CREW_COUNT);
  if (supervisor == NULL) return brood_error();
  if (pool->supervisor != NULL) pool_watch(pool, false);
  brood_process_free(pool->supervisor);
  pool->supervisor = supervisor;
  pool_watch(pool, true);
  return 0;
}

static int fill_pool(brood_pool *pool, const brood_pool_options *options) {
  int r = check_pool(options);
  if (r == 0 && options->initializer != NULL) {
    r = registry_task_name(options->initializer, &pool->initializer);
  }
  if (r == 0) r = brood_value_copy(&options->initargs, &pool->initargs);
  if (r < 0) return r;
  if (pool->context == NULL) pool->context = brood_get_context(NULL);
  pool->pending = calloc(BROOD_MAX_PENDING, sizeof *pool->pending);
  if (pool->pending == NULL) return error_set_os(-ENOMEM, "cannot make a pool");
  r = make_shared(pool);
  if (r < 0) return r;
  fill_board(pool->crew.board, options);
  return pool_start(pool);
}

brood_pool *brood_pool_new(const brood_context *context,
                           const brood_pool_options *options) {
  static const brood_pool_options nothing;
  brood_pool *pool = calloc(1, sizeof *pool);
  if (pool == NULL) {
    error_set_os(-ENOMEM, "cannot make a pool");
    return NULL;
  }
  pool->num_handles = 1;
  pool->events = SYS_KEPT_NONE;
  pool->owner = sync_self_process();
  pool->context = context;
  pthread_mutex_init(&pool->mutex, NULL);
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&pool->changed, &attributes);
  pthread_condattr_destroy(&attributes);
  if (fill_pool(pool, options == NULL ? &nothing : options) == 0) return pool;
  dispose(pool);
  return NULL;
}

/* ---------------------------------------------------------------- States -- */

void pool_wake(brood_pool *pool) {
  brood_connection_send(pool->crew.wake, brood_none(), 0);
}

/* True if the state was an earlier one. */
static bool set_state(brood_pool *pool, uint32_t state) {
  _Atomic uint32_t *word = &pool->crew.board->state;
  uint32_t old = atomic_load(word);
  while (old < state) {
    if (atomic_compare_exchange_weak(word, &old, state)) return true;
  }
  return false;
}

/* Puts one for each worker that is to leave: then all that are idle, or will
 * be, come by it. What could not be put now is put by the next call. */
static int have_leave(brood_pool *pool, int64_t deadline_ns) {
  const brood_value nothing = brood_none();
  int r = pool_put(pool, &nothing, BOARD_CLOSING, &pool->to_leave, deadline_ns);
  return atomic_load(&pool->crew.board->state) > BOARD_CLOSING ? 0 : r;
}

int brood_pool_close(brood_pool *pool) {
  int r = pool_enter(pool);
  if (r < 0) return r;
  if (set_state(pool, BOARD_CLOSING)) {
    pool->to_leave += atomic_load(&pool->crew.board->wanted);
    pool_wake(pool);
  }
  r = have_leave(pool, SYS_CLOCK_NEVER);
  return pool_leave(pool, r);
}

/* Ends a supervisor that does not do so itself, and its workers with it. */
static void kill_all(brood_pool *pool) {
  brood_process_kill(pool->supervisor);
  brood_process_join(pool->supervisor, BROOD_FOREVER);
  int64_t end_ns = sys_clock_ns() + GRACE_NS;
  for (uint32_t i = 0; i < BROOD_MAX_WORKERS; i++) {
    uint64_t token = atomic_load(&pool->crew.board->workers[i].process);
    while (token != 0 && !sync_has_ended(token) && !sync_is_over(end_ns)) {
      sys_poll(NULL, 0, sys_clock_ns() + LOOK_NS);
    }
  }
  pool->has_ended = true;
  pthread_cond_broadcast(&pool->changed);
}

int brood_pool_terminate(brood_pool *pool) {
  int r = pool_enter(pool);
  if (r < 0) return r;
  pool_drain(pool);
  set_state(pool, BOARD_TERMINATING);
  pool_fail(pool, BROOD_TERMINATED);
  pool_call_back(pool, false);
  pool_wake(pool);
  int64_t end_ns = sys_clock_deadline(pool->crew.board->options.grace_ns);
  if (end_ns < SYS_CLOCK_NEVER - GRACE_NS) end_ns += GRACE_NS;
  pool_outlast(pool, pool_has_ended, end_ns);
  if (!pool->has_ended) kill_all(pool);
  return pool_leave(pool, 0);
}

int brood_pool_join(brood_pool *pool, int64_t timeout_ns) {
  int64_t deadline_ns = sys_clock_deadline(timeout_ns);
  int r = pool_enter(pool);
  if (r < 0) return r;
  if (atomic_load(&pool->crew.board->state) == BOARD_RUNNING) {
    r = error_set(BROOD_VALUE_ERROR, "Pool is still running");
  } else {
    r = have_leave(pool, deadline_ns);
    if (r == 0) r = pool_wait(pool, pool_is_over, pool, deadline_ns);
    if (r == BROOD_TIMEOUT) error_set(r, "workers of the pool still run");
  }
  return pool_leave(pool, r);
}

brood_pool *brood_pool_free(brood_pool *pool) {
  if (pool == NULL) return NULL;
  if (pool->owner != sync_self_process()) {
    dispose(pool);
    return NULL;
  }
  if (atomic_load(&pool->crew.board->state) != BOARD_CLOSING ||
      brood_pool_join(pool, BROOD_FOREVER) < 0) {
    brood_pool_terminate(pool);
  }
  if (pool->has_thread) pthread_join(pool->thread, NULL);
  if (pool_enter(pool) == 0) pool_release(pool);
  return NULL;
}

/* --------------------------------------------------------------- Workers -- */

int brood_pool_worker_pids(brood_pool *pool, int *out_pids, size_t capacity) {
  int r = capacity > 0 ? error_check_out(out_pids) : 0;
  if (r == 0) r = pool_enter(pool);
  if (r < 0) return r;
  size_t count = 0;
  for (uint32_t i = 0; i < BROOD_MAX_WORKERS; i++) {
    int pid = atomic_load(&pool->crew.board->workers[i].pid);
    if (pid == 0) continue;
    if (count < capacity) out_pids[count] = pid;
    count++;
  }
  return pool_leave(pool, (int)count);
}

/* The chunk that a worker runs, or 0. Its word lags behind: a chunk whose
 * outcome the program has is done. */
static uint64_t chunk_of(const brood_pool *pool,
                         const struct board_worker *worker) {
  uint64_t chunk = atomic_load(&worker->current);
  if ((chunk & BOARD_ENDING) != 0) return chunk;
  const struct pending *pending =
      &pool->pending[(uint32_t)chunk % BROOD_MAX_PENDING];
  bool is_done = pending->result == NULL || pending->number != (uint32_t)chunk;
  return is_done ? 0 : chunk;
}

/* Of all, or of those of an older generation. */
static uint32_t count_idle(const brood_pool *pool, bool is_old) {
  const struct board *board = pool->crew.board;
  uint32_t count = 0;
  for (uint32_t i = 0; i < BROOD_MAX_WORKERS; i++) {
    const struct board_worker *worker = &board->workers[i];
    count += atomic_load(&worker->process) != 0 &&
             chunk_of(pool, worker) == 0 &&
             (!is_old || atomic_load(&worker->generation) !=
                             atomic_load(&board->generation));
  }
  return count;
}

/* Changes how many there should be; sign -1: so many idle ones leave. */
static int resize(brood_pool *pool, int n, int sign) {
  int r = pool_enter(pool);
  if (r < 0) return r;
  struct board *board = pool->crew.board;
  int64_t wanted = atomic_load(&board->wanted) + (int64_t)sign * n;
  if (n <= 0) {
    r = error_set(BROOD_VALUE_ERROR, "%d workers", n);
  } else if (wanted < 1 || wanted > BROOD_MAX_WORKERS) {
    r = error_set(BROOD_VALUE_ERROR,
                  "%" PRId64 " workers: between 1 and %d are possible", wanted,
                  BROOD_MAX_WORKERS);
  } else if (sign < 0 && count_idle(pool, false) < (uint32_t)n) {
    r = error_set(BROOD_VALUE_ERROR, "fewer than %d are idle", n);
  } else {
    atomic_store(&board->wanted, (uint32_t)wanted);
    /* In a closed pool those that there are leave anyway. */
    bool is_closed = atomic_load(&board->state) > BOARD_RUNNING;
    if (is_closed == (sign > 0)) pool->to_leave += (uint32_t)n;
    pool_wake(pool);
    r = have_leave(pool, SYS_CLOCK_NEVER);
  }
  return pool_leave(pool, r);
}

int brood_pool_grow(brood_pool *pool, int n) {
  return resize(pool, n, 1);
}

int brood_pool_shrink(brood_pool *pool, int n) {
  return resize(pool, n, -1);
}

int brood_pool_restart(brood_pool *pool) {
  int r = pool_enter(pool);
  if (r < 0) return r;
  atomic_fetch_add(&pool->crew.board->generation, 1);
  /* Others might take what was meant for an idle one: it is put again. A worker
   * that is stopped leaves when it goes on. */
  const brood_value look = brood_bool(true);
  int64_t end_ns = sys_clock_ns() + GRACE_NS;
  while (r == 0 && count_idle(pool, true) > 0 && !sync_is_over(end_ns)) {
    uint32_t once = 1;
    r = pool_put(pool, &look, BOARD_RUNNING, &once, end_ns);
    if (r == 0) pool_wait(pool, pool_has_ended, pool, sys_clock_ns() + LOOK_NS);
  }
  return pool_leave(pool, r == BROOD_TIMEOUT ? 0 : r);
}

static struct board_worker *find_worker(struct board *board, int pid) {
  for (uint32_t i = 0; pid > 0 && i < BROOD_MAX_WORKERS; i++) {
    struct board_worker *worker = &board->workers[i];
    if (atomic_load(&worker->pid) == pid) return worker;
  }
  return NULL;
}

int brood_pool_terminate_job(brood_pool *pool, int worker_pid) {
  int r = pool_enter(pool);
  if (r < 0) return r;
  struct board_worker *worker = find_worker(pool->crew.board, worker_pid);
  if (worker == NULL) {
    r = error_set(BROOD_VALUE_ERROR, "no worker has pid %d", worker_pid);
  } else {
    atomic_store(&worker->end_for, BOARD_ANY | (uint32_t)worker_pid);
    pool_wake(pool);
  }
  return pool_leave(pool, r);
}

/* -------------------------------------------------- A program's own loop -- */

/* A supervisor that is killed rings no bell. */
void pool_watch(brood_pool *pool, bool is_on) {
  int epoll = pool->events.fd;
  int end = epoll < 0 ? -1 : brood_process_sentinel(pool->supervisor);
  if (end < 0) return;
  is_on ? (void)sys_epoll_add(epoll, end, NULL) : sys_epoll_remove(epoll, end);
}

static int make_events(brood_pool *pool) {
  int bell = brood_connection_fileno(pool->listen);
  int r = sys_epoll_new();
  pool->events = sys_keep(r);
  if (r >= 0) r = sys_epoll_add(r, bell, NULL);
  if (r == 0) {
    pool_watch(pool, true);
    return 0;
  }
  sys_kept_close(&pool->events);
  return error_set_os(r, "no descriptor of a pool");
}

int brood_pool_fileno(brood_pool *pool) {
  int r = pool_enter(pool);
  if (r < 0) return r;
  if (pool->events.fd < 0) r = make_events(pool);
  if (r == 0) {
    atomic_store(&pool->crew.board->is_watched, 1);
    crew_ring(&pool->crew); /* for what came before */
    r = pool->events.fd;
  }
  return pool_leave(pool, r);
}

/* A result that became ready since. */
struct handled {
  const brood_pool *pool;
  uint32_t num_ready;
};

static bool has_handled(void *context) {
  const struct handled *since = context;
  return since->pool->num_ready != since->num_ready;
}

int brood_pool_handle(brood_pool *pool, int64_t timeout_ns) {
  int64_t deadline_ns = sys_clock_deadline(timeout_ns);
  int r = pool_enter(pool);
  if (r < 0) return r;
  struct handled since = {.pool = pool, .num_ready = pool->num_ready};
  brood_value nothing = brood_none();
  while (brood_connection_recv(pool->listen, &nothing, 0) == 0) continue;
  r = pool_wait(pool, has_handled, &since, deadline_ns);
  pool_call_back(pool, true); /* the bell has been silenced for all of them */
  uint32_t count = pool->num_ready - since.num_ready;
  return pool_leave(pool, r < 0 && r != BROOD_TIMEOUT ? r : (int)count);
}
