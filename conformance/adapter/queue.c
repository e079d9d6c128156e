/* SPDX-License-Identifier: MIT
 *
 * Queues, and what joinable ones have besides.
 */
#include <stddef.h>
#include <stdlib.h>

#include "brood.h"
#include "conformance/adapter/arguments.h"
#include "conformance/adapter/call.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/memory.h"

/* More would not fit into a reply. */
enum { MAX_MANY = 1 << 16 };

static brood_queue *queue_of(const struct call *call) {
  return call->self->as.object;
}

static int put(struct call *call) {
  struct arguments item = {0};
  int64_t timeout_ns = BROOD_FOREVER;
  if (call_block(call, 1, &timeout_ns) < 0) return -1;
  int r = arguments_read_one(call, call->args[0], &item);
  if (r == 0) {
    r = call_done(call,
                  brood_queue_put(queue_of(call), item.values[0], timeout_ns));
  }
  arguments_clear(&item);
  return r;
}

static int put_nowait(struct call *call) {
  struct arguments item = {0};
  int r = arguments_read_one(call, call->args[0], &item);
  if (r == 0) {
    r = call_done(call, brood_queue_put_nowait(queue_of(call), item.values[0]));
  }
  arguments_clear(&item);
  return r;
}

static int answer_item(struct call *call, int r, brood_value item) {
  if (r >= 0) call->result = arguments_received(item);
  return call_done(call, r);
}

static int get(struct call *call) {
  int64_t timeout_ns = BROOD_FOREVER;
  brood_value item = brood_none();
  if (call_block(call, 0, &timeout_ns) < 0) return -1;
  int r = brood_queue_get(queue_of(call), &item, timeout_ns);
  return answer_item(call, r, item);
}

static int get_nowait(struct call *call) {
  brood_value item = brood_none();
  int r = brood_queue_get_nowait(queue_of(call), &item);
  return answer_item(call, r, item);
}

static int put_many(struct call *call) {
  struct arguments items = {0};
  const cJSON *list = NULL;
  int64_t timeout_ns = BROOD_FOREVER;
  if (call_list(call, 0, &list) < 0) return -1;
  if (call_block(call, 1, &timeout_ns) < 0) return -1;
  int r = arguments_read(call, list, &items);
  if (r == 0) {
    r = call_answer_count(
        call, brood_queue_put_many(queue_of(call), items.values, items.count,
                                   timeout_ns));
  }
  arguments_clear(&items);
  return r;
}

static int get_many(struct call *call) {
  int64_t capacity = 0, timeout_ns = BROOD_FOREVER;
  if (call_int64(call, 0, &capacity) < 0) return -1;
  if (call_block(call, 1, &timeout_ns) < 0) return -1;
  if (capacity < 0) return call_fail(call, "ValueError", "a negative number");
  if (capacity > MAX_MANY) capacity = MAX_MANY;
  brood_value *items = memory_new((size_t)capacity, sizeof *items);
  int count =
      brood_queue_get_many(queue_of(call), items, (size_t)capacity, timeout_ns);
  if (count >= 0) {
    call->result = value_list(VALUE_LIST, (size_t)count);
    for (int i = 0; i < count; i++) {
      call->result.as.items[i] = arguments_received(items[i]);
    }
  }
  free(items);
  return call_done(call, count);
}

static int qsize(struct call *call) {
  return call_answer_count(call, brood_queue_qsize(queue_of(call)));
}

static int empty(struct call *call) {
  return call_answer_bool(call, brood_queue_empty(queue_of(call)));
}

static int full(struct call *call) {
  return call_answer_bool(call, brood_queue_full(queue_of(call)));
}

static int file_number(struct call *call) {
  return call_answer_count(call, brood_queue_fileno(queue_of(call)));
}

static int close_queue(struct call *call) {
  return call_done(call, brood_queue_close(queue_of(call)));
}

static int join_thread(struct call *call) {
  return call_done(call, brood_queue_join_thread(queue_of(call)));
}

static int cancel_join_thread(struct call *call) {
  return call_done(call, brood_queue_cancel_join_thread(queue_of(call)));
}

static int task_done(struct call *call) {
  return call_done(call, brood_queue_task_done(queue_of(call)));
}

static int join(struct call *call) {
  int64_t timeout_ns = BROOD_FOREVER;
  if (call_timeout(call, 0, &timeout_ns) < 0) return -1;
  return call_done(call, brood_queue_join(queue_of(call), timeout_ns));
}

const struct method queue_methods[] = {
    {"put", "obj block? timeout?", put},
    {"put_nowait", "obj", put_nowait},
    {"get", "block? timeout?", get},
    {"get_nowait", "", get_nowait},
    {"put_many", "list block? timeout?", put_many},
    {"get_many", "n block? timeout?", get_many},
    {"qsize", "", qsize},
    {"empty", "", empty},
    {"full", "", full},
    {"fileno", "", file_number},
    {"close", "", close_queue},
    {"join_thread", "", join_thread},
    {"cancel_join_thread", "", cancel_join_thread},
    {NULL, NULL, NULL},
};

const struct method joinable_methods[] = {
    {"task_done", "", task_done},
    {"join", "timeout?", join},
    {NULL, NULL, NULL},
};
