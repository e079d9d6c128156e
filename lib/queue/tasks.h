/* SPDX-License-Identifier: MIT
 *
 * How many items of a joinable queue each process has got and is done with, so
 * that a joiner learns that dead processes had got the rest. All zero is a
 * queue of which no process has got an item.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/names.h"

enum { TASKS_TAKERS = 255 };

struct tasks_taker {
  uint64_t process; /* token; 0: nobody */
  uint32_t taken;
  uint32_t done;
};

/* Changed under the consumers' lock. */
struct tasks {
  _Atomic uint32_t done; /* of all items ever put; joiners sleep on it */
  _Atomic uint32_t joiners_sleep;
  struct {
    _Atomic uint32_t taker; /* index + 1; 0: nothing is going on */
    uint32_t taken, done;   /* of the taker, */
    uint32_t all_done;      /* and of all, before it */
    uint32_t head;          /* items got before it */
  } change;
  struct tasks_taker takers[TASKS_TAKERS];
};

/* With the lock held: tasks_take says that items are about to be got, head
 * items having been got so far; after that is committed, or if it is not to be,
 * tasks_settle. A process that takes the lock from a killed holder begins with
 * tasks_settle. */
void tasks_take(struct tasks *tasks, uint32_t head, uint32_t items);
void tasks_settle(struct tasks *tasks, uint32_t head);

/* tasks_done counts one as done with, of all items put, with the lock held;
 * false if all are. */
bool tasks_done(struct tasks *tasks, uint32_t head, uint32_t put);

/* tasks_wake wakes joiners, if all are done; without the lock. */
void tasks_wake(struct tasks *tasks, uint32_t put);

/* tasks_wait sleeps until `done` is another number; true after a slice. */
bool tasks_wait(struct tasks *tasks, uint32_t done, int64_t deadline_ns);

/* tasks_of_dead returns how many items ended processes had got and nobody can
 * have been done with. It needs the lock; tasks_find_dead finds out before, and
 * without it, which processes have ended. */
struct tasks_dead {
  uint64_t processes[TASKS_TAKERS];
};
void tasks_find_dead(const struct tasks *tasks, struct tasks_dead *out);
uint32_t tasks_of_dead(const struct tasks *tasks,
                       const struct tasks_dead *dead);
