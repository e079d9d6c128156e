/* SPDX-License-Identifier: MIT
 *
 * A worker: it gets chunks, calls their task for each item, and puts what comes
 * of it. See board.h for what happens when it is killed, and where.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/queue/queue.h"
#include "lib/state/error.h"
#include "lib/state/registry.h"
#include "lib/sync/self.h"
#include "lib/sys/clock.h"
#include "lib/sys/proc.h"
#include "lib/work/board.h"
#include "lib/work/task.h"

static void *object_in(const brood_args *args, size_t index,
                       enum brood_kind kind) {
  return brood_value_object(brood_args_get(args, index), kind);
}

bool crew_read(struct crew *out, const brood_args *args) {
  *out = (struct crew){
      .tasks = object_in(args, CREW_TASKS, BROOD_KIND_QUEUE),
      .results = object_in(args, CREW_RESULTS, BROOD_KIND_QUEUE),
      .board = board_in(object_in(args, CREW_BOARD, BROOD_KIND_ARRAY)),
      .wake = object_in(args, CREW_WAKE, BROOD_KIND_CONNECTION),
      .bell = object_in(args, CREW_BELL, BROOD_KIND_CONNECTION)};
  return out->tasks != NULL && out->results != NULL && out->board != NULL &&
         brood_args_count(args) == CREW_COUNT;
}

/* A full bell rings. */
void crew_ring(const struct crew *crew) {
  if (atomic_load(&crew->board->is_watched) != 0) {
    brood_connection_send(crew->bell, brood_none(), 0);
  }
}

static struct board_worker *me; /* NULL in a process that is no worker */

int brood_task_soft_limit(void) {
  if (me == NULL) return 0;
  uint64_t chunk = atomic_load(&me->current) & ~BOARD_ENDING;
  return chunk != 0 && atomic_load(&me->soft_for) == chunk;
}

/* ------------------------------------------------------------ The chunks -- */

static struct {
  struct crew crew;
  uint32_t number; /* its place on the board */
  int pid;
  uint32_t chunk; /* the number of the one that it has got, */
  bool has_got;   /* if it has any, */
  bool has_claim; /* and whether it is its own */
  int64_t done;   /* chunks */
} worker;

static void claim_chunk(uint32_t number) {
  worker.chunk = number;
  worker.has_got = true;
  atomic_store(&me->current, BOARD_CHUNK | number);
  worker.has_claim = board_claim(worker.crew.board, number, worker.number + 1);
  if (!worker.has_claim) atomic_store(&me->current, 0);
}

/* The supervisor sleeps until the next end of a limit that it knows of. */
static void begin_limits(const struct chunk_head *head) {
  if (head->soft_ns == 0 && head->hard_ns == 0) return;
  atomic_store(&me->soft_ns, sys_clock_deadline(head->soft_ns));
  atomic_store(&me->hard_ns, sys_clock_deadline(head->hard_ns));
  brood_connection_send(worker.crew.wake, brood_none(), 0);
}

/* A worker that is being ended has no more to do, whatever its task has made of
 * SIGTERM. */
static void leave_if_ending(void) {
  if ((atomic_load(&me->current) & BOARD_ENDING) == 0) return;
  sys_signal_answer(SIGTERM, SIG_DFL);
  sys_signal_hold(SIGTERM, false);
  raise(SIGTERM);
}

static void finish_chunk(void) {
  uint64_t mine = BOARD_CHUNK | worker.chunk;
  if (!atomic_compare_exchange_strong(&me->current, &mine, 0)) {
    leave_if_ending();
  }
}

/* Puts an outcome; one that cannot be sent is an error. */
static void put_outcome(struct outcome_head *head, size_t head_size,
                        brood_value *values, size_t count) {
  values[0] = brood_bytes(head, head_size);
  leave_if_ending();
  int r = brood_queue_put(worker.crew.results, brood_tuple(values, count),
                          BROOD_FOREVER);
  if (r < 0) {
    head->error = BROOD_ENCODING_ERROR;
    brood_value refusal[] = {brood_bytes(head, sizeof *head),
                             brood_string(brood_error_message())};
    r = brood_queue_put(worker.crew.results, brood_tuple(refusal, 2),
                        BROOD_FOREVER);
  }
  if (r < 0) sys_exit(1); /* and the chunk is lost */
  crew_ring(&worker.crew);
}

static void refuse_chunk(int error) {
  struct outcome_head head = {
      .number = worker.chunk, .error = error, .worker_pid = worker.pid};
  char text[512];
  snprintf(text, sizeof text, "%s", brood_error_message());
  brood_value values[] = {brood_none(), brood_string(text)};
  put_outcome(&head, sizeof head, values, 2);
}

/* Does the items of a chunk, each whatever became of those before. Only the
 * program puts chunks; a head that is none is a fault of its. */
static void run_chunk(const brood_value *chunk) {
  const brood_value *items = chunk->as.items;
  const struct chunk_head *head = items[0].as.data;
  size_t count = chunk->num_items - 1;
  size_t head_size = sizeof(struct outcome_head) + count * sizeof(int32_t);
  struct outcome_head *out = calloc(1, head_size);
  brood_value *values = calloc(count + 1, sizeof *values);
  worker.done++;
  if (out == NULL || values == NULL) {
    free(out);
    free(values);
    refuse_chunk(error_set_os(-ENOMEM, "no memory for %zu results", count));
    return;
  }
  *out =
      (struct outcome_head){.number = worker.chunk, .worker_pid = worker.pid};
  brood_task function = registry_task(head->name);
  bool has_failed = false;
  begin_limits(head);
  for (size_t i = 1; i <= count; i++) {
    out->codes[i - 1] = task_call(function, &items[i], &values[i]);
    has_failed |= out->codes[i - 1] != 0;
  }
  atomic_store(&me->soft_ns, 0); /* waiting for room is not the task's */
  atomic_store(&me->hard_ns, 0);
  put_outcome(out, has_failed ? head_size : sizeof *out, values, count + 1);
  for (size_t i = 1; i <= count; i++) brood_value_clear(&values[i]);
  free(values);
  free(out);
}

/* -------------------------------------------------------------- The loop -- */

static bool is_to_leave(void) {
  struct board *board = worker.crew.board;
  const brood_pool_options *options = &board->options;
  return atomic_load(&board->state) >= BOARD_TERMINATING ||
         (options->maxtasksperchild > 0 &&
          worker.done >= options->maxtasksperchild) ||
         (options->max_memory_per_child_bytes > 0 && worker.done > 0 &&
          sys_resident_bytes() > options->max_memory_per_child_bytes) ||
         atomic_load(&board->generation) != atomic_load(&me->generation);
}

/* Does one chunk; false if the worker is to leave. */
static bool work_once(void) {
  int64_t idle_ns = worker.crew.board->options.idle_timeout_ns;
  brood_value chunk = brood_none();
  worker.has_got = worker.has_claim = false;
  int r = queue_get((struct queue *)(void *)worker.crew.tasks, &chunk, 1,
                    idle_ns > 0 ? sys_clock_deadline(idle_ns) : SYS_CLOCK_NEVER,
                    claim_chunk);
  if (r < 0 && !worker.has_got) brood_fail(brood_error_message());
  if (r < 0 && worker.has_claim) refuse_chunk(r);
  /* A worker that claimed it before was killed: it is for the next one. */
  bool is_last = chunk.type == BROOD_TYPE_NONE;
  if (worker.has_claim) {
    if (chunk.type == BROOD_TYPE_TUPLE) run_chunk(&chunk);
    finish_chunk();
  }
  brood_value_clear(&chunk);
  return r < 0 || !is_last;
}

/* For a system call that a soft limit is to interrupt. */
static void be_interrupted(int signal_number) {
  (void)signal_number;
}

/* Tells why the pool is broken, if nobody has. */
static void initialize(const brood_args *args) {
  const brood_value *initializer = brood_args_get(args, CREW_INITIALIZER);
  if (initializer->type != BROOD_TYPE_STRING) return;
  brood_task function = registry_task(initializer->as.data);
  if (task_initialize(function, brood_args_get(args, CREW_INITARGS)) < 0) {
    board_break(worker.crew.board, "%s", brood_error_message());
    brood_exit(1);
  }
}

void brood_pool_worker(const brood_args *args) {
  int64_t number = 0;
  if (!crew_read(&worker.crew, args) ||
      brood_value_int64(brood_args_get(args, CREW_LOOK), &number) < 0) {
    brood_fail(brood_error_message());
  }
  worker.number = (uint32_t)number;
  worker.done = 0; /* a task of another worker's may have made the pool */
  worker.pid = sys_getpid();
  sys_signal_answer(SIGINT, SIG_IGN);
  sys_signal_answer(SIGTERM, SIG_DFL);
  sys_signal_hold(SIGTERM, false);
  sys_signal_answer(SIGUSR1, be_interrupted);
  sys_signal_hold(SIGUSR1, false);
  me = &worker.crew.board->workers[worker.number];
  atomic_store(&me->generation, (uint32_t)(number >> 32));
  atomic_store(&me->pid, worker.pid); /* before the supervisor comes to it */
  atomic_store(&me->process, sync_self_process());
  initialize(args);
  atomic_fetch_add(&worker.crew.board->beginners, 1);
  while (!is_to_leave() && work_once()) continue;
  atomic_store(&me->has_left, 1);
}
REGISTRY_TARGET(brood_pool_worker);
