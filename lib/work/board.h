/* SPDX-License-Identifier: MIT
 *
 * What the processes of a pool share: a board, and how tasks and outcomes lie
 * in its two queues.
 *
 * A chunk is one or more items for one worker; its number is that of its place
 * among all that was ever put into the queue of tasks. Each word below is
 * written at one instant, so a process that is killed has written it or not.
 *
 *   word              values                        written by
 *   claims[number]    nobody's, a worker's,         a worker, by a CAS before
 *                     taken back                    it gets the item; the
 *                                                   program, to take it back
 *   worker.process    token; 0: nobody              the worker; supervisor: 0
 *   worker.pid        likewise                      both
 *   worker.current    0: idle; the chunk that it    the worker, before its
 *                     is about to claim, or runs;   claim, and when the outcome
 *                     BOARD_ENDING besides          is out; supervisor: ENDING
 *   worker.soft_for   the chunk of which the soft   the supervisor, before it
 *                     limit is over                 sends the signal
 *   worker.end_for    the chunk that is to be       the program
 *                     ended, or BOARD_ANY
 *   worker.has_left   1: it ends in order           the worker; supervisor: 0
 *   state             see enum board_state          the program; others:
 *                                                   BROKEN
 *   is_done           1: no supervisor is needed    the supervisor, before it
 *                                                   ends in order
 *
 * A worker is lost with a chunk if its `current` and the chunk's claim agree.
 * Killed between the two, it has begun nothing. A claim of a worker that was
 * killed before the item was got makes the next one drop it. An outcome is out
 * before `current` is 0: what the supervisor says of a chunk comes later in the
 * same queue, and the first word counts. A worker with BOARD_ENDING sends no
 * outcome and takes no other chunk, so a limit never hits the next task.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "brood.h"
#include "lib/names.h"

enum board_state {
  BOARD_RUNNING,
  BOARD_CLOSING,
  BOARD_TERMINATING,
  BOARD_BROKEN
};

#define BOARD_CHUNK (UINT64_C(1) << 32)  /* with a chunk's number below */
#define BOARD_ENDING (UINT64_C(1) << 33) /* and its worker is being ended */
#define BOARD_ANY \
  (UINT64_C(1) << 34) /* in end_for: a pid's, whatever it does */

struct board_worker {
  _Alignas(64) _Atomic uint64_t process;
  _Atomic uint64_t current;
  _Atomic int64_t soft_ns; /* of the chunk: when its limit is over; 0: never */
  _Atomic int64_t hard_ns;
  _Atomic uint64_t soft_for;
  _Atomic uint64_t end_for;
  _Atomic int32_t pid;
  _Atomic uint32_t generation;
  _Atomic int32_t why;      /* it is being ended: enum brood_error */
  _Atomic int32_t has_left; /* in order, whatever its exit code is taken for */
};

struct board {
  brood_pool_options options; /* of the pool, with what 0 stands for */
  _Alignas(64) _Atomic uint32_t state;
  _Atomic uint32_t wanted;     /* workers there should be */
  _Atomic uint32_t live;       /* and are; written by the supervisor */
  _Atomic uint32_t generation; /* workers of an older one leave */
  _Atomic uint32_t beginners;  /* workers that have come to ask for tasks */
  _Atomic uint32_t is_watched; /* the bell is to be rung */
  _Atomic uint32_t is_done;    /* a supervisor has nothing left to do */
  _Atomic uint32_t has_reason; /* somebody writes it: */
  char reason[256];            /* why the pool is broken */
  _Atomic uint32_t claims[BROOD_MAX_PENDING];
  struct board_worker workers[BROOD_MAX_WORKERS];
};

/* A shared array lies at another place of a cache line than words of different
 * processes should, but at the same in all of them. */
enum { BOARD_SIZE = sizeof(struct board) + _Alignof(struct board) };

static inline struct board *board_in(brood_shared_array *memory) {
  uintptr_t at = (uintptr_t)brood_shared_array_get_obj(memory);
  uintptr_t line = _Alignof(struct board);
  return at == 0 ? NULL : (struct board *)((at + line - 1) / line * line);
}

/* A claim: who, with the upper half of the chunk's number. One of an older
 * chunk is nobody's. */
enum { BOARD_NOBODY = 0, BOARD_TAKEN_BACK = 0xffff };

static inline uint32_t board_claim_of(uint32_t number, uint32_t who) {
  return (number & 0xffff0000) | who;
}

/* board_claim has a chunk be somebody's; false if it is another's. */
static inline bool board_claim(struct board *board, uint32_t number,
                               uint32_t who) {
  _Atomic uint32_t *claim = &board->claims[number % BROOD_MAX_PENDING];
  uint32_t old = atomic_load(claim);
  bool is_of_this = (old ^ number) >> 16 == 0;
  if (is_of_this && (old & 0xffff) != BOARD_NOBODY) return false;
  return atomic_compare_exchange_strong(claim, &old,
                                        board_claim_of(number, who));
}

static inline bool board_is_claimed_by(struct board *board, uint32_t number,
                                       uint32_t who) {
  return atomic_load(&board->claims[number % BROOD_MAX_PENDING]) ==
         board_claim_of(number, who);
}

/* board_break sets the state, and why, unless it is broken already. */
__attribute__((format(printf, 2, 3))) void board_break(struct board *board,
                                                       const char *format, ...);

/* What a supervisor and its workers are started with, as a tuple. */
enum crew_args {
  CREW_TASKS,
  CREW_RESULTS,
  CREW_BOARD,
  CREW_WAKE, /* connection: anything in it has the supervisor look */
  CREW_BELL, /* connection: anything in it has the program look */
  CREW_INITIALIZER,
  CREW_INITARGS,
  CREW_LOOK, /* the other end of CREW_WAKE; of a worker instead its generation
                and its number, in the halves of one */
  CREW_COUNT
};

struct crew {
  brood_queue *tasks, *results;
  struct board *board;
  brood_connection *wake, *bell;
};

/* crew_read reads them; false if they are none. */
bool crew_read(struct crew *out, const brood_args *args);

/* crew_ring rings the bell, if anybody listens. */
void crew_ring(const struct crew *crew);

/* The targets. */
void brood_pool_supervisor(const brood_args *args);
void brood_pool_worker(const brood_args *args);

/* In the queue of tasks a chunk is a tuple of this head, as bytes, and its
 * items. None has a worker leave, true has it look whether it is to. */
struct chunk_head {
  int64_t soft_ns, hard_ns; /* limits; 0: none */
  char name[];              /* of the task */
};

/* In the queue of results an outcome is a tuple of this head, as bytes, and a
 * value for each item: its own, or where codes has an error the text. With an
 * error for the whole chunk there is one text, and no codes. None has the
 * program look at the board. */
struct outcome_head {
  uint32_t number;
  int32_t error; /* for all: enum brood_error */
  int32_t worker_pid;
  int32_t exitcode;
  int32_t codes[]; /* none: there is no error */
};
