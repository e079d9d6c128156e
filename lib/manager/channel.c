/* SPDX-License-Identifier: MIT
 *
 * See server.h: queues. An item that is got is the client's when it says so;
 * until then it lies with its line, and goes back to the front if that closes.
 */
#include <inttypes.h>

#include "lib/manager/server.h"
#include "lib/state/error.h"

static bool is_full(const struct managed *queue) {
  return queue->maxsize > 0 && (int64_t)queue->num_items >= queue->maxsize;
}

/* Puts an item, which is taken. */
static int add_item(struct managed *queue, struct kept *item) {
  int r = replace_items(queue, queue->num_items, 0, item, 1);
  *item = (struct kept){0};
  if (r == 0) queue->unfinished++;
  return r;
}

static void feed(struct managed *queue);

void channel_take_back(struct caller *caller) {
  struct managed *queue = caller->got_from;
  if (queue->is_joinable) tally_add(&queue->holds, caller->session, 0, -1);
  if (queue->first > 0) {
    queue->items[--queue->first] = caller->got;
    queue->num_items++;
  } else { /* it is lost if there is no memory for a pointer */
    replace_items(queue, 0, 0, &caller->got, 1);
  }
  caller->got = (struct kept){0};
  caller->got_from = NULL;
  feed(queue);
  object_release(queue);
}

/* Gives the oldest item. */
static void give_item(struct managed *queue, struct caller *caller) {
  if (queue->is_joinable && !tally_add(&queue->holds, caller->session, 0, 1)) {
    answer_call(caller, refuse_memory());
    return;
  }
  caller->got = queue->items[queue->first++];
  queue->num_items--;
  object_hold(queue);
  caller->got_from = queue;
  caller->value = kept_value(&caller->got);
  if (!answer_call(caller, 0) && !caller->is_closed) {
    /* It cannot be sent, to this client, now; and that was said. */
    channel_take_back(caller);
  }
}

/* The error, set, that the dead had got all that is not done; or 0. */
static int left_to_dead(const struct managed *queue) {
  if (queue->unfinished == 0 || queue->unfinished > queue->lost) return 0;
  return error_set(BROOD_OWNER_DIED,
                   "all items of the queue are done but %" PRId64
                   ", which processes had got that have ended",
                   queue->unfinished);
}

static void feed(struct managed *queue) {
  object_hold(queue);
  for (;;) {
    struct caller *putter = queue->putters.first;
    if (putter != NULL && !is_full(queue)) {
      unpark_call(putter);
      answer_call(putter, add_item(queue, &putter->item));
    } else if (queue->row.first != NULL && queue->num_items > 0) {
      struct caller *getter = queue->row.first;
      unpark_call(getter);
      give_item(queue, getter);
      if (getter->got_from == NULL) break; /* or it would go to and fro */
    } else {
      break;
    }
  }
  int r = left_to_dead(queue);
  bool is_over = queue->unfinished == 0 || r < 0;
  while (is_over && queue->joiners.first != NULL) {
    struct caller *caller = queue->joiners.first;
    unpark_call(caller);
    answer_call(caller, r);
  }
  object_release(queue);
}

/* ----------------------------------------------------------------- Calls -- */

static int64_t put(struct managed *queue, struct caller *caller) {
  bool waits = is_full(queue) || queue->putters.first != NULL;
  if (waits && caller->deadline_ns <= 0) {
    return error_set(BROOD_FULL, "the queue is full: it holds %zu items",
                     queue->num_items);
  }
  int r = keep_value(caller, 0, &caller->item);
  if (r < 0) return r;
  if (waits) return park_call(caller, queue, &queue->putters);
  r = add_item(queue, &caller->item);
  if (r == 0) feed(queue);
  return r;
}

static int64_t get(struct managed *queue, struct caller *caller) {
  if (queue->num_items == 0) {
    if (park_call(caller, queue, &queue->row) == PARKED) return PARKED;
    return error_set(BROOD_EMPTY, "the queue is empty");
  }
  give_item(queue, caller);
  feed(queue);
  return PARKED; /* it has been answered */
}

static int64_t task_done(struct managed *queue, struct caller *caller) {
  if (!queue->is_joinable) return object_lacks(queue);
  if (queue->unfinished == 0) {
    return error_set(BROOD_VALUE_ERROR, "task_done() called too many times");
  }
  struct tally *got = tally_of(&queue->holds, caller->session, 0);
  if (got != NULL) {
    tally_add(&queue->holds, caller->session, 0, -1);
  } else {
    queue->lost--; /* nobody knows whose it was: perhaps one of the dead's */
  }
  queue->unfinished--;
  feed(queue);
  return 0;
}

static int64_t join(struct managed *queue, struct caller *caller) {
  if (!queue->is_joinable) return object_lacks(queue);
  int r = left_to_dead(queue);
  if (queue->unfinished == 0 || r < 0) return r;
  if (park_call(caller, queue, &queue->joiners) == PARKED) return PARKED;
  return error_set(BROOD_TIMEOUT, "%" PRId64 " items are not done",
                   queue->unfinished);
}

int64_t channel_call(struct managed *queue, struct caller *caller) {
  switch (caller->head.op) {
    case PROXY_PUT: return put(queue, caller);
    case PROXY_GET: return get(queue, caller);
    case PROXY_QSIZE: return (int64_t)queue->num_items;
    case PROXY_EMPTY: return queue->num_items == 0;
    case PROXY_FULL: return is_full(queue);
    case PROXY_TASK_DONE: return task_done(queue, caller);
    case PROXY_JOIN: return join(queue, caller);
    default: return object_lacks(queue);
  }
}

void channel_end_session(struct managed *queue, struct session *session) {
  struct tally *got = tally_of(&queue->holds, session, 0);
  if (got == NULL) return;
  queue->lost += got->count;
  tally_drop(&queue->holds, got);
  feed(queue);
}
