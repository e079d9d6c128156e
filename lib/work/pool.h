/* SPDX-License-Identifier: MIT
 *
 * A pool as the program has it. Its mutex guards all of it and all its results;
 * it is not held while the pool waits, or while a callback runs.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "brood.h"
#include "lib/names.h"
#include "lib/sys/fd.h"
#include "lib/work/board.h"

/* A chunk that was given, and not done: which one of a result's. */
struct pending {
  brood_async_result *result; /* NULL: nothing is awaited */
  uint32_t number;
  uint32_t index;
};

struct brood_pool {
  int num_handles; /* the user's, and one for each result */
  uint64_t owner;  /* process token */
  struct crew crew;
  brood_connection *look, *listen; /* the other ends of wake and bell */
  brood_shared_array *memory;      /* the board's */
  brood_process *supervisor;
  struct sys_kept
      events; /* of the bell and the supervisor's end, if asked for */
  const brood_context *context;
  const char *initializer; /* its name, or NULL */
  brood_value initargs;

  pthread_mutex_t mutex;
  pthread_cond_t changed; /* a result became ready, or nobody collects */
  bool is_collecting;     /* a thread waits for the queue of results */
  bool is_told;           /* to look after the supervisor */
  bool has_ended;         /* which has, and so have all workers */
  bool is_calling;        /* back: one thread does, in order */
  bool has_thread;
  pthread_t thread, caller;
  brood_async_result *due, *last_due; /* done, and to be called back for */
  uint32_t next;                      /* the number of the next chunk */
  uint32_t first; /* of one such that those before it have been got */
  uint32_t num_pending;
  uint32_t num_ready; /* results that ever became ready */
  uint32_t to_leave;  /* workers that are still to be told that it is closed */
  struct pending *pending;
};

/* While its callback is called it is ready to the caller alone. */
enum result_state { RESULT_WAITS, RESULT_CALLS, RESULT_READY };

struct brood_async_result {
  int num_handles; /* the user's, and the pool's while chunks are pending */
  brood_pool *pool;
  bool is_map;
  enum result_state state;
  size_t num_items, chunksize, num_chunks, chunks_left;
  size_t next;  /* to be returned by an iterator */
  size_t first; /* its index among all that are iterated over; of others 0 */
  brood_async_result *next_due;
  brood_task_options options;
  brood_value chunks[]; /* their outcomes: as received, or an error's number */
};

/* pool_enter takes the mutex, for the process that made the pool; else sets and
 * returns an error. pool_leave gives it back, and returns r. */
int pool_enter(brood_pool *pool);
int pool_leave(brood_pool *pool, int r);

/* pool_release gives a handle back, and the mutex. */
void pool_release(brood_pool *pool);

/* All below with the mutex.
 *
 * pool_start has a supervisor started. pool_wake has it look at the board. */
int pool_start(brood_pool *pool);
void pool_wake(brood_pool *pool);

/* pool_settle gives a pending chunk its outcome, which is taken. */
void pool_settle(brood_pool *pool, uint32_t number, brood_value outcome);

/* pool_drain takes out all outcomes that there are. */
void pool_drain(brood_pool *pool);

/* pool_call_back calls back for results that are due, unless another thread
 * does. In a callback only if that waits: perhaps for one of them. */
void pool_call_back(brood_pool *pool, bool waits);

/* pool_wait does both until is_done says so: 0, or BROOD_TIMEOUT at a deadline,
 * not set. It also sees to it that there is a supervisor. */
int pool_wait(brood_pool *pool, bool (*is_done)(void *context), void *context,
              int64_t deadline_ns);

/* pool_has_ended, for pool_wait: its workers and the supervisor have. */
bool pool_has_ended(void *pool);

/* pool_is_over, for pool_wait: they have, and no callback is due, or runs in
 * another thread. */
bool pool_is_over(void *pool);

/* pool_outlast is pool_wait that goes on though an outcome cannot be received
 * now. */
void pool_outlast(brood_pool *pool, bool (*is_done)(void *pool),
                  int64_t deadline_ns);

/* pool_look does so for a caller that does not wait, and looks after the
 * supervisor. pool_watch has the pool's descriptor, if there is one, tell of
 * its end, or no longer. */
void pool_look(brood_pool *pool);
void pool_watch(brood_pool *pool, bool is_on);

/* pool_fail gives all chunks that are pending this outcome. */
void pool_fail(brood_pool *pool, int error);

/* pool_put puts a chunk, or what wakes a worker, so many times, and waits for
 * room, while the board's state is no later than the last one that allows it.
 * Several threads, of which any may be cancelled, may count down together. */
int pool_put(brood_pool *pool, const brood_value *chunk, uint32_t last,
             uint32_t *count, int64_t deadline_ns);

/* pool_give_all is brood_pool_map_async, with a deadline for room. Without the
 * mutex. */
brood_async_result *pool_give_all(brood_pool *pool, brood_task task,
                                  const brood_value *items, size_t num_items,
                                  int64_t chunksize,
                                  const brood_task_options *options,
                                  int64_t deadline_ns);

/* result_settle gives a chunk its outcome, which is taken. */
void result_settle(brood_async_result *result, size_t index,
                   brood_value outcome);
void result_release(brood_async_result *result);

/* result_of_error returns one of items that have failed, or with none of them
 * of a source that has, as if a task had; NULL without memory. */
brood_async_result *result_of_error(brood_pool *pool, int error,
                                    size_t num_items);

/* result_is_ready, for pool_wait: to the calling thread. */
bool result_is_ready(void *result);

/* result_copy copies the values once it is ready, of a map as a tuple or to an
 * array; after an error, which is set, nothing is there. */
int result_copy(brood_async_result *result, brood_value *out_values,
                bool to_array, int64_t deadline_ns);

/* result_take_back takes back what is not begun, with this outcome, and has
 * the workers of the rest ended, if asked to; 1 if nothing is begun. */
int result_take_back(brood_async_result *result, int error, bool with_workers);
