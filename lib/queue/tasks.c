/* SPDX-License-Identifier: MIT
 *
 * See tasks.h. A change touches the numbers of one taker, the sum, and the head
 * of the ring. The process that makes it may be killed between any two, so it
 * first writes down the old numbers. The next holder of the lock finds them,
 * and undoes the change, unless it was a get and the head says that the items
 * are gone.
 */
#include "lib/queue/tasks.h"

#include <limits.h>
#include <stddef.h>

#include "lib/sync/self.h"
#include "lib/sys/futex.h"

static uint32_t open_of(const struct tasks_taker *taker) {
  return taker->taken - taker->done;
}

/* The place of a process, or one that it may have, or NULL. */
static struct tasks_taker *place_of(struct tasks *tasks, uint64_t process) {
  struct tasks_taker *free = NULL;
  uint32_t start = (uint32_t)(process % TASKS_TAKERS);
  for (uint32_t i = 0; i < TASKS_TAKERS; i++) {
    struct tasks_taker *taker = &tasks->takers[(start + i) % TASKS_TAKERS];
    if (taker->process == process) return taker;
    if (free == NULL && open_of(taker) == 0) free = taker;
    if (taker->process == 0) break; /* no process was ever placed beyond */
  }
  return free;
}

/* release: the old numbers are written down when the change begins, and all of
 * it is made before it ends, whenever this process is killed. The fence: no
 * part of it is made before it begins. */
static void begin_change(struct tasks *tasks, const struct tasks_taker *taker,
                         uint32_t head) {
  tasks->change.taken = taker->taken;
  tasks->change.done = taker->done;
  tasks->change.all_done =
      atomic_load_explicit(&tasks->done, memory_order_relaxed);
  tasks->change.head = head;
  atomic_store_explicit(&tasks->change.taker,
                        (uint32_t)(taker - tasks->takers) + 1,
                        memory_order_release);
  atomic_thread_fence(memory_order_release);
}

static void end_change(struct tasks *tasks) {
  atomic_store_explicit(&tasks->change.taker, 0, memory_order_release);
}

/* All places are taken: gives up those of the dead. It adds nothing to the sum
 * of all that is done: tasks_of_dead still finds their items missing. */
static void bury(struct tasks *tasks, uint32_t head) {
  for (uint32_t i = 0; i < TASKS_TAKERS; i++) {
    struct tasks_taker *taker = &tasks->takers[i];
    if (open_of(taker) == 0 || !sync_has_ended(taker->process)) continue;
    begin_change(tasks, taker, head);
    taker->done = taker->taken;
    end_change(tasks);
  }
}

void tasks_take(struct tasks *tasks, uint32_t head, uint32_t items) {
  uint64_t process = sync_self_process();
  struct tasks_taker *taker = place_of(tasks, process);
  if (taker == NULL) {
    bury(tasks, head);
    taker = place_of(tasks, process);
  }
  if (taker == NULL) return; /* all live: its death will not be noticed */
  begin_change(tasks, taker, head);
  taker->process = process;
  taker->taken += items;
}

void tasks_settle(struct tasks *tasks, uint32_t head) {
  uint32_t index =
      atomic_load_explicit(&tasks->change.taker, memory_order_acquire);
  if (index == 0) return;
  /* Any process may have written the index, as all shared memory. */
  if (head == tasks->change.head && index <= TASKS_TAKERS) { /* none was got */
    tasks->takers[index - 1].taken = tasks->change.taken;
    tasks->takers[index - 1].done = tasks->change.done;
    atomic_store_explicit(&tasks->done, tasks->change.all_done,
                          memory_order_relaxed);
  }
  end_change(tasks);
}

bool tasks_done(struct tasks *tasks, uint32_t head, uint32_t put) {
  uint32_t done = atomic_load_explicit(&tasks->done, memory_order_relaxed);
  if (done == put) return false;
  struct tasks_taker *own = place_of(tasks, sync_self_process());
  bool is_own = own != NULL && open_of(own) > 0;
  if (is_own) {
    begin_change(tasks, own, head);
    own->done++;
  }
  /* seq_cst: before the look at the flag in tasks_wake. */
  atomic_store(&tasks->done, done + 1);
  if (is_own) end_change(tasks);
  return true;
}

void tasks_wake(struct tasks *tasks, uint32_t put) {
  if (atomic_load(&tasks->joiners_sleep) == 0) return;
  if (atomic_load(&tasks->done) != put) return;
  atomic_store(&tasks->joiners_sleep, 0);
  sys_futex_wake(&tasks->done, INT_MAX);
}

bool tasks_wait(struct tasks *tasks, uint32_t done, int64_t deadline_ns) {
  atomic_store(&tasks->joiners_sleep, 1);
  if (atomic_load(&tasks->done) != done) return false;
  sync_watch own = 0;
  int64_t slice_ns = SYNC_SLICE_NS;
  return sync_sleep_watching(&tasks->done, done, deadline_ns, &own, &slice_ns);
}

void tasks_find_dead(const struct tasks *tasks, struct tasks_dead *out) {
  for (uint32_t i = 0; i < TASKS_TAKERS; i++) {
    const struct tasks_taker *taker = &tasks->takers[i];
    bool dead = open_of(taker) > 0 && sync_has_ended(taker->process);
    out->processes[i] = dead ? taker->process : 0;
  }
}

uint32_t tasks_of_dead(const struct tasks *tasks,
                       const struct tasks_dead *dead) {
  uint32_t sum = 0, own_done = 0;
  for (uint32_t i = 0; i < TASKS_TAKERS; i++) {
    const struct tasks_taker *taker = &tasks->takers[i];
    own_done += taker->done;
    if (dead->processes[i] != 0 && dead->processes[i] == taker->process) {
      sum += open_of(taker);
    }
  }
  /* Processes said of so many items that they are done, and had not got them.
   * Nobody can know whose items these were: perhaps those of the dead. */
  uint32_t foreign = atomic_load(&tasks->done) - own_done;
  int32_t left = (int32_t)(sum - foreign);
  return left > 0 ? (uint32_t)left : 0;
}
