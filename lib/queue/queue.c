/* SPDX-License-Identifier: MIT
 *
 * The nouns: Queue, JoinableQueue, SimpleQueue.
 */
#include "lib/queue/queue.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>

#include "lib/share/arena.h"
#include "lib/share/object.h"
#include "lib/share/proxy.h"
#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/sync/lock.h"
#include "lib/sync/self.h"
#include "lib/sys/clock.h"

struct brood_queue {
  struct queue base;
};

struct brood_simple_queue {
  struct queue base;
};

/* --------------------------------------------------- Making and ending -- */

static void *make_queue(const brood_context *context, enum share_kind kind,
                        int64_t maxsize, bool joinable) {
  if (maxsize > BROOD_MAX_MAXSIZE) {
    error_set(BROOD_OVERFLOW_ERROR,
              "maxsize %" PRId64 " is over the maximum of %d", maxsize,
              BROOD_MAX_MAXSIZE);
    return NULL;
  }
  size_t most = sizeof(struct queue) + (size_t)RING_MOST * MARK_UNIT;
  size_t least = sizeof(struct queue) + (size_t)RING_LEAST * MARK_UNIT;
  struct queue *queue = share_new_partly(context, kind, least, most);
  if (queue == NULL) return NULL;
  size_t room = share_block_of(queue)->size - sizeof(struct queue);
  ring_init(&queue->ring, maxsize < 0 ? 0 : (uint32_t)maxsize,
            room / MARK_UNIT);
  queue->is_joinable = joinable;
  return queue;
}

brood_queue *brood_queue_new(const brood_context *context, int64_t maxsize) {
  return make_queue(context, SHARE_QUEUE, maxsize, false);
}

brood_queue *brood_joinable_queue_new(const brood_context *context,
                                      int64_t maxsize) {
  return make_queue(context, SHARE_QUEUE, maxsize, true);
}

SHARE_FREE_FUNCTION(brood_queue_free, brood_queue, SHARE_QUEUE)

static int check_queue(brood_queue *queue) {
  int r = share_check(queue, SHARE_QUEUE);
  if (r != 0 || !arena_is_closed(share_block_of(queue))) return r;
  return error_set(BROOD_VALUE_ERROR, "queue at %p is closed", (void *)queue);
}

SHARE_QUESTION(brood_queue_close, brood_queue, SHARE_QUEUE, PROXY_LACKS,
               (arena_close(share_block_of(object)), 0))

int brood_queue_join_thread(brood_queue *queue) {
  int r = share_check(queue, SHARE_QUEUE);
  if (r != 0) return proxy_ask(r, queue, PROXY_LACKS, 0);
  if (arena_is_closed(share_block_of(queue))) return 0;
  return error_set(BROOD_ASSERTION_ERROR, "queue at %p is not closed",
                   (void *)queue);
}

SHARE_QUESTION(brood_queue_cancel_join_thread, brood_queue, SHARE_QUEUE,
               PROXY_LACKS, 0)

/* ---------------------------------------------------- Putting, getting -- */

static int check_count(const brood_value *items, size_t count, size_t least) {
  int r = error_check_array(items, count, BROOD_MAX_MAXSIZE, "items");
  if (r < 0 || count >= least) return r;
  return error_set(BROOD_VALUE_ERROR, "%zu items: at least %zu", count, least);
}

/* A managed queue is asked for each item. */
static int ask_for_each(brood_queue *queue, size_t count,
                        struct proxy_call call) {
  int64_t deadline_ns = sys_clock_deadline(call.timeout_ns);
  pthread_testcancel();
  for (size_t i = 0; i < count; i++) {
    int r = (int)proxy_engine->call(queue, &call);
    if (r < 0) return i > 0 ? (int)i : r;
    if (call.op == PROXY_PUT) {
      call.timeout_ns = sys_clock_left(deadline_ns);
      call.values++;
    } else {
      call.timeout_ns = 0;
      call.out++;
    }
  }
  return (int)count;
}

static int put_items(brood_queue *queue, int is_proxy, const brood_value *items,
                     size_t count, int64_t timeout_ns) {
  if (is_proxy) {
    return ask_for_each(queue, count,
                        (struct proxy_call){.op = PROXY_PUT,
                                            .timeout_ns = timeout_ns,
                                            .values = items,
                                            .num_values = 1});
  }
  int r = queue_put(&queue->base, items, count, sys_clock_deadline(timeout_ns));
  if (r != 0) return r;
  return error_set(BROOD_FULL,
                   "queue at %p is full: it holds %" PRIu32 " items",
                   (void *)queue, ring_count(&queue->base.ring));
}

int brood_queue_put(brood_queue *queue, brood_value item, int64_t timeout_ns) {
  int r = check_queue(queue);
  if (r == 0 && queue_put_quickly(&queue->base, &item, 1) == 1) return 0;
  if (r >= 0) r = put_items(queue, r, &item, 1, timeout_ns);
  return r < 0 ? r : 0;
}

int brood_queue_put_nowait(brood_queue *queue, brood_value item) {
  return brood_queue_put(queue, item, 0);
}

int brood_queue_put_many(brood_queue *queue, const brood_value *items,
                         size_t num_items, int64_t timeout_ns) {
  int is_proxy = check_queue(queue);
  int r = is_proxy < 0 ? is_proxy : check_count(items, num_items, 0);
  if (r < 0 || num_items == 0) return r;
  return put_items(queue, is_proxy, items, num_items, timeout_ns);
}

static int get_items(brood_queue *queue, int is_proxy, brood_value *out_items,
                     size_t capacity, int64_t timeout_ns) {
  if (is_proxy) {
    return ask_for_each(
        queue, capacity,
        (struct proxy_call){
            .op = PROXY_GET, .timeout_ns = timeout_ns, .out = out_items});
  }
  int r = queue_get(&queue->base, out_items, capacity,
                    sys_clock_deadline(timeout_ns), NULL);
  if (r != 0) return r;
  return error_set(BROOD_EMPTY, "queue at %p is empty", (void *)queue);
}

int brood_queue_get(brood_queue *queue, brood_value *out_item,
                    int64_t timeout_ns) {
  int is_proxy = check_queue(queue);
  int r = is_proxy < 0 ? is_proxy : error_check_out(out_item);
  if (r < 0 || (!is_proxy && queue_get_quickly(&queue->base, out_item))) {
    return r;
  }
  r = get_items(queue, is_proxy, out_item, 1, timeout_ns);
  return r < 0 ? r : 0;
}

int brood_queue_get_nowait(brood_queue *queue, brood_value *out_item) {
  return brood_queue_get(queue, out_item, 0);
}

int brood_queue_get_many(brood_queue *queue, brood_value *out_items,
                         size_t capacity, int64_t timeout_ns) {
  int is_proxy = check_queue(queue);
  int r = is_proxy < 0 ? is_proxy : check_count(out_items, capacity, 1);
  if (r < 0) return r;
  return get_items(queue, is_proxy, out_items, capacity, timeout_ns);
}

/* ---------------------------------------------------------------- Asking -- */

SHARE_ANSWER(brood_queue_qsize, brood_queue, check_queue(object), PROXY_QSIZE,
             ring_count(&object->base.ring))
SHARE_ANSWER(brood_queue_empty, brood_queue, check_queue(object), PROXY_EMPTY,
             ring_count(&object->base.ring) == 0)
SHARE_ANSWER(brood_queue_full, brood_queue, check_queue(object), PROXY_FULL,
             ring_is_full(&object->base.ring))

static int descriptor_of(struct queue *queue) {
  guard_shield();
  int r = queue_notice_begin(queue);
  guard_unshield();
  if (r == -ETIMEDOUT) return queue_refuse_lock();
  int fd = arena_fd(share_block_of(queue), ARENA_SENDER);
  if (r == 0 && fd < 0) r = -EBADF;
  return r < 0 ? error_set_os(r, "the queue has no descriptor") : fd;
}

SHARE_ANSWER(brood_queue_fileno, brood_queue, check_queue(object), PROXY_LACKS,
             descriptor_of(&object->base))

/* -------------------------------------------------------- JoinableQueue -- */

/* An item is unfinished from its put on: the tail has counted it, the number of
 * done items has not. */
static int check_joinable(brood_queue *queue, const char *what) {
  int r = share_check(queue, SHARE_QUEUE);
  if (r != 0 || ((struct queue *)queue)->is_joinable) return r;
  return error_set(BROOD_ATTRIBUTE_ERROR, "queue at %p has no method '%s'",
                   (void *)queue, what);
}

static uint32_t num_put(struct queue *queue) {
  return mark_items(atomic_load(&queue->ring.tail));
}

static uint32_t unfinished(struct queue *queue) {
  /* The done items first: they are never more than were put by then. */
  uint32_t done = atomic_load(&queue->tasks.done);
  return num_put(queue) - done;
}

int brood_queue_task_done(brood_queue *handle) {
  int r = check_joinable(handle, "task_done");
  if (r != 0) return proxy_ask(r, handle, PROXY_TASK_DONE, 0);
  struct queue *queue = (struct queue *)handle;
  r = queue_lock_get(queue, SYS_CLOCK_NEVER);
  if (r < 0) return error_set_os(r, "cannot say that a task is done");
  uint32_t num_got = mark_items(atomic_load(&queue->ring.head));
  bool counted = tasks_done(&queue->tasks, num_got, num_put(queue));
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

/* Have processes that have ended got all unfinished items? */
static bool is_left_to_the_dead(struct queue *queue, uint32_t *out_count) {
  struct tasks_dead dead;
  tasks_find_dead(&queue->tasks, &dead);
  if (queue_lock_get(queue, 0) < 0) return false;
  uint32_t count = tasks_of_dead(&queue->tasks, &dead);
  bool left = count > 0 && count >= unfinished(queue);
  sync_quick_release(&queue->ring.get_lock);
  *out_count = count;
  return left;
}

int brood_queue_join(brood_queue *handle, int64_t timeout_ns) {
  int r = check_joinable(handle, "join");
  if (r != 0) return proxy_ask(r, handle, PROXY_JOIN, timeout_ns);
  struct queue *queue = (struct queue *)handle;
  int64_t deadline_ns = sys_clock_deadline(timeout_ns);
  uint32_t done, dead = 0;
  while ((done = atomic_load(&queue->tasks.done)) != num_put(queue)) {
    bool is_over = sync_is_over(deadline_ns);
    if ((is_over || tasks_wait(&queue->tasks, done, deadline_ns)) &&
        is_left_to_the_dead(queue, &dead)) {
      return error_set(BROOD_OWNER_DIED,
                       "all items of the queue at %p are done but %" PRIu32
                       ", which processes had got that have ended",
                       (void *)queue, dead);
    }
    if (!is_over) continue;
    uint32_t left = unfinished(queue);
    if (left == 0) return 0;
    return error_set(BROOD_TIMEOUT, "%" PRIu32 " items are not done", left);
  }
  return 0;
}

/* ---------------------------------------------------------- SimpleQueue -- */

static int check_simple_queue(brood_simple_queue *queue) {
  int r = share_check(queue, SHARE_SIMPLE_QUEUE);
  if (r < 0 || !arena_is_closed(share_block_of(queue))) return r;
  return error_set_os(-EBADF, "simple queue at %p: handle is closed",
                      (void *)queue);
}

brood_simple_queue *brood_simple_queue_new(const brood_context *context) {
  return make_queue(context, SHARE_SIMPLE_QUEUE, 0, false);
}

SHARE_FREE_FUNCTION(brood_simple_queue_free, brood_simple_queue,
                    SHARE_SIMPLE_QUEUE)

int brood_simple_queue_put(brood_simple_queue *queue, brood_value item) {
  int r = check_simple_queue(queue);
  if (r < 0 || queue_put_quickly(&queue->base, &item, 1) == 1) return r;
  r = queue_put(&queue->base, &item, 1, SYS_CLOCK_NEVER);
  return r < 0 ? r : 0;
}

int brood_simple_queue_get(brood_simple_queue *queue, brood_value *out_item) {
  int r = check_simple_queue(queue);
  if (r == 0) r = error_check_out(out_item);
  if (r < 0 || queue_get_quickly(&queue->base, out_item)) return r;
  r = queue_get(&queue->base, out_item, 1, SYS_CLOCK_NEVER, NULL);
  return r < 0 ? r : 0;
}

SHARE_ANSWER(brood_simple_queue_empty, brood_simple_queue,
             check_simple_queue(object), PROXY_LACKS,
             ring_count(&object->base.ring) == 0)

SHARE_ANSWER(brood_simple_queue_fileno, brood_simple_queue,
             check_simple_queue(object), PROXY_LACKS,
             descriptor_of(&object->base))

SHARE_QUESTION(brood_simple_queue_close, brood_simple_queue, SHARE_SIMPLE_QUEUE,
               PROXY_LACKS, (arena_close(share_block_of(object)), 0))
