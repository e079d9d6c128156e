/* SPDX-License-Identifier: MIT
 *
 * What a JoinableQueue has besides. An item is unfinished from its put on: the
 * tail has counted it, the number of those that are done has not.
 */
#include <errno.h>
#include <inttypes.h>

#include "lib/comm/queue.h"
#include "lib/share/arena.h"
#include "lib/share/object.h"
#include "lib/state/error.h"
#include "lib/sync/lock.h"
#include "lib/sync/self.h"
#include "lib/sys/clock.h"

static int check_joinable(brood_queue *queue, const char *what) {
  int r = share_check(queue, SHARE_QUEUE);
  if (r < 0 || ((struct comm_queue *)queue)->is_joinable) return r;
  return error_set(BROOD_ATTRIBUTE_ERROR, "queue at %p has no method '%s'",
                   (void *)queue, what);
}

static uint32_t num_put(struct comm_queue *queue) {
  return mark_items(atomic_load(&queue->ring.tail));
}

static uint32_t num_got(struct comm_queue *queue) {
  return mark_items(atomic_load(&queue->ring.head));
}

static uint32_t unfinished(struct comm_queue *queue) {
  /* What is done first: it is never more than what was put by then. */
  uint32_t done = atomic_load(&queue->tasks.done);
  return num_put(queue) - done;
}

int brood_queue_task_done(brood_queue *handle) {
  int r = check_joinable(handle, "task_done");
  if (r < 0) return r;
  struct comm_queue *queue = (struct comm_queue *)handle;
  r = queue_lock_get(queue, SYS_CLOCK_NEVER);
  if (r < 0) return error_set_os(r, "cannot say that a task is done");
  bool counted = tasks_done(&queue->tasks, num_got(queue), num_put(queue));
  sync_quick_release(&queue->ring.get_lock);
  if (counted) {
    tasks_wake(&queue->tasks, num_put(queue));
    return 0;
  }
  return error_set(BROOD_VALUE_ERROR,
                   "task_done() called too many times: all %" PRIu32
                   " items are done",
                   num_put(queue));
}

/* Is all that is unfinished in the hands of processes that have ended? */
static bool is_left_to_the_dead(struct comm_queue *queue, uint32_t *out_count) {
  struct tasks_dead dead;
  tasks_find_dead(&queue->tasks, &dead);
  if (queue_lock_get(queue, 0) < 0) return false;
  uint32_t count = tasks_of_dead(&queue->tasks, &dead);
  bool left = count > 0 && count >= unfinished(queue);
  sync_quick_release(&queue->ring.get_lock);
  *out_count = count;
  return left;
}

static int owner_died(brood_queue *queue, uint32_t count) {
  return error_set(BROOD_OWNER_DIED,
                   "all items of the queue at %p are done but %" PRIu32
                   ", which processes had got that have ended",
                   (void *)queue, count);
}

int brood_queue_join(brood_queue *handle, int64_t timeout_ns) {
  int r = check_joinable(handle, "join");
  if (r < 0) return r;
  struct comm_queue *queue = (struct comm_queue *)handle;
  int64_t deadline_ns = sys_clock_deadline(timeout_ns);
  uint32_t done, left, dead = 0;
  while ((done = atomic_load(&queue->tasks.done)) != num_put(queue)) {
    if (sync_is_over(deadline_ns)) {
      if (is_left_to_the_dead(queue, &dead)) return owner_died(handle, dead);
      left = unfinished(queue);
      if (left == 0) return 0;
      return error_set(BROOD_TIMEOUT, "%" PRIu32 " items are not done", left);
    }
    if (tasks_wait(&queue->tasks, done, deadline_ns) &&
        is_left_to_the_dead(queue, &dead)) {
      return owner_died(handle, dead);
    }
  }
  return 0;
}
