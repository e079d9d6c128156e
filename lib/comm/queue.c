/* SPDX-License-Identifier: MIT
 *
 * Queue and JoinableQueue.
 */
#include "lib/comm/queue.h"

#include <inttypes.h>

#include "lib/share/arena.h"
#include "lib/share/object.h"
#include "lib/state/error.h"
#include "lib/sync/self.h"
#include "lib/sys/clock.h"

struct brood_queue {
  struct comm_queue base;
};

/* --------------------------------------------------- Making and ending -- */

void *queue_make(const brood_context *context, enum share_kind kind,
                 uint32_t maxsize, bool joinable) {
  size_t most = sizeof(struct comm_queue) + (size_t)RING_MOST * MARK_UNIT;
  size_t least = sizeof(struct comm_queue) + (size_t)RING_LEAST * MARK_UNIT;
  struct comm_queue *queue = share_new_alone(context, kind, least, most);
  if (queue == NULL) return NULL;
  size_t room = share_block_of(queue)->size - sizeof(struct comm_queue);
  ring_init(&queue->ring, maxsize, room / MARK_UNIT);
  queue->is_joinable = joinable;
  return queue;
}

static brood_queue *make_queue(const brood_context *context, int64_t maxsize,
                               bool joinable) {
  if (maxsize > BROOD_MAX_MAXSIZE) {
    error_set(BROOD_OVERFLOW_ERROR,
              "maxsize %" PRId64 " is over the maximum of %d", maxsize,
              BROOD_MAX_MAXSIZE);
    return NULL;
  }
  return queue_make(context, SHARE_QUEUE, maxsize < 0 ? 0 : (uint32_t)maxsize,
                    joinable);
}

brood_queue *brood_queue_new(const brood_context *context, int64_t maxsize) {
  return make_queue(context, maxsize, false);
}

brood_queue *brood_joinable_queue_new(const brood_context *context,
                                      int64_t maxsize) {
  return make_queue(context, maxsize, true);
}

brood_queue *brood_queue_free(brood_queue *queue) {
  return share_free(queue, SHARE_QUEUE);
}

static int check_queue(brood_queue *queue) {
  int r = share_check(queue, SHARE_QUEUE);
  if (r < 0 || !arena_is_closed(share_block_of(queue))) return r;
  return error_set(BROOD_VALUE_ERROR, "queue at %p is closed", (void *)queue);
}

int brood_queue_close(brood_queue *queue) {
  int r = share_check(queue, SHARE_QUEUE);
  if (r == 0) arena_close(share_block_of(queue));
  return r;
}

int brood_queue_join_thread(brood_queue *queue) {
  int r = share_check(queue, SHARE_QUEUE);
  if (r < 0 || arena_is_closed(share_block_of(queue))) return r;
  return error_set(BROOD_ASSERTION_ERROR, "queue at %p is not closed",
                   (void *)queue);
}

int brood_queue_cancel_join_thread(brood_queue *queue) {
  return share_check(queue, SHARE_QUEUE);
}

/* ---------------------------------------------------- Putting, getting -- */

static int check_count(const brood_value *items, size_t count, size_t least) {
  if (items == NULL && count > 0) {
    return error_set(BROOD_TYPE_ERROR, "%zu items at NULL", count);
  }
  if (count >= least && count <= BROOD_MAX_MAXSIZE) return 0;
  return error_set(BROOD_VALUE_ERROR, "%zu items: from %zu to %d", count, least,
                   BROOD_MAX_MAXSIZE);
}

static int put_items(brood_queue *queue, const brood_value *items, size_t count,
                     int64_t timeout_ns) {
  size_t done;
  int r = queue_put(&queue->base, items, count, sys_clock_deadline(timeout_ns),
                    &done);
  if (r <= 0) return r < 0 ? r : (int)done;
  return error_set(BROOD_FULL,
                   "queue at %p is full: it holds %" PRIu32 " items",
                   (void *)queue, ring_count(&queue->base.ring));
}

int brood_queue_put(brood_queue *queue, brood_value item, int64_t timeout_ns) {
  int r = check_queue(queue);
  if (r < 0 || queue_put_quickly(&queue->base, &item, 1) == 1) return r;
  r = put_items(queue, &item, 1, timeout_ns);
  return r < 0 ? r : 0;
}

int brood_queue_put_nowait(brood_queue *queue, brood_value item) {
  return brood_queue_put(queue, item, 0);
}

int brood_queue_put_many(brood_queue *queue, const brood_value *items,
                         size_t num_items, int64_t timeout_ns) {
  int r = check_queue(queue);
  if (r == 0) r = check_count(items, num_items, 0);
  if (r < 0 || num_items == 0) return r;
  return put_items(queue, items, num_items, timeout_ns);
}

static int get_items(brood_queue *queue, brood_value *out_items,
                     size_t capacity, int64_t timeout_ns) {
  size_t count;
  int r = queue_get(&queue->base, out_items, capacity,
                    sys_clock_deadline(timeout_ns), &count);
  if (r <= 0) return r < 0 ? r : (int)count;
  return error_set(BROOD_EMPTY, "queue at %p is empty", (void *)queue);
}

int brood_queue_get(brood_queue *queue, brood_value *out_item,
                    int64_t timeout_ns) {
  int r = check_queue(queue);
  if (r == 0) r = error_check_out(out_item);
  if (r < 0 || queue_get_quickly(&queue->base, out_item)) return r;
  r = get_items(queue, out_item, 1, timeout_ns);
  return r < 0 ? r : 0;
}

int brood_queue_get_nowait(brood_queue *queue, brood_value *out_item) {
  return brood_queue_get(queue, out_item, 0);
}

int brood_queue_get_many(brood_queue *queue, brood_value *out_items,
                         size_t capacity, int64_t timeout_ns) {
  int r = check_queue(queue);
  if (r == 0) r = check_count(out_items, capacity, 1);
  return r < 0 ? r : get_items(queue, out_items, capacity, timeout_ns);
}

/* ---------------------------------------------------------------- Asking -- */

int brood_queue_qsize(brood_queue *queue) {
  int r = check_queue(queue);
  return r < 0 ? r : (int)ring_count(&queue->base.ring);
}

int brood_queue_empty(brood_queue *queue) {
  int r = check_queue(queue);
  return r < 0 ? r : ring_count(&queue->base.ring) == 0;
}

int brood_queue_full(brood_queue *queue) {
  int r = check_queue(queue);
  if (r < 0) return r;
  return ring_is_full(&queue->base.ring);
}
