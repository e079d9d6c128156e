/* SPDX-License-Identifier: MIT
 *
 * Iterators of pools, one value at a time and to their end.
 */
#include <pthread.h>
#include <stdlib.h>

#include "brood.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/memory.h"
#include "conformance/adapter/pool.h"
#include "conformance/adapter/source.h"
#include "conformance/adapter/thread.h"

enum { MAX_THREADS = 256 };

/* The iterator borrows its items, so they live as long as it does. */
struct iterator {
  brood_imap *imap;
  struct arguments items;
};

static brood_imap *imap_of(const struct value *value) {
  return ((struct iterator *)value->as.object)->imap;
}

/* --------------------------------------------------------------- Making -- */

static void free_iterator(void *object) {
  struct iterator *iterator = object;
  brood_imap_free(iterator->imap);
  arguments_clear(&iterator->items);
  free(iterator);
}

static bool is_none(const cJSON *json) {
  return json == NULL || cJSON_IsNull(json);
}

/* In C 0 is what was not given; in Python it is as wrong as -1. */
static int read_size(struct call *call, int index, int64_t *out_size) {
  if (is_none(call->args[index])) return 0;
  if (call_int64(call, index, out_size) < 0) return -1;
  if (*out_size == 0) *out_size = -1;
  return 0;
}

static int read_source(struct call *call, brood_imap_options *options,
                       struct arguments *items) {
  const struct value *value = handles_resolve(call->handles, call->args[1]);
  if (value != NULL && value->kind == VALUE_SOURCE) {
    options->source = source_next;
    options->argument = value->as.object;
    return 0;
  }
  int r = pool_read_items(call, 1, false, items);
  if (r == 0) r = arguments_copy(call, items);
  options->items = items->values;
  options->num_items = items->count;
  return r;
}

static int make(struct call *call, brood_imap_options *options,
                struct iterator *iterator) {
  brood_task task = NULL;
  if (pool_read_task(call, 0, &task) < 0) return -1;
  if (task == NULL) return call_fail(call, "TypeError", "no function");
  if (read_source(call, options, &iterator->items) < 0) return -1;
  if (read_size(call, 2, &options->chunksize) < 0) return -1;
  if (read_size(call, 3, &options->buffersize) < 0) return -1;
  iterator->imap = brood_pool_imap(call->self->as.object, task, options);
  return iterator->imap == NULL ? call_fail_brood(call) : 0;
}

int pool_iterate(struct call *call, unsigned flags) {
  brood_imap_options options = {.flags = flags};
  struct iterator *iterator = memory_new(1, sizeof *iterator);
  if (make(call, &options, iterator) < 0) {
    free_iterator(iterator);
    return -1;
  }
  call->result = (struct value){.kind = VALUE_ITERATOR,
                                .owned = true,
                                .as.object = iterator,
                                .give_back = free_iterator};
  return 0;
}

/* --------------------------------------------------------------- Asking -- */

static int next(struct call *call) {
  int64_t timeout_ns = BROOD_FOREVER;
  brood_value value = brood_none();
  if (call_timeout(call, 0, &timeout_ns) < 0) return -1;
  int r = brood_imap_next(imap_of(call->self), &value, timeout_ns);
  if (r == 0) return call_fail(call, "StopIteration", "there are no more");
  return pool_answer(call, r, value);
}

const struct method iterator_methods[] = {
    {"next", "timeout?", next},
    {NULL, NULL, NULL},
};

/* --------------------------------------------------------- To their end -- */

static void add(struct value *list, struct value item) {
  size_t size = (list->size + 1) * sizeof *list->as.items;
  list->as.items = memory_must(realloc(list->as.items, size));
  list->as.items[list->size++] = item;
}

/* Appends all that is left; the failure is the call's. */
static int take_rest(struct call *call, brood_imap *imap, struct value *list) {
  brood_value value = brood_none();
  int r = 0;
  while ((r = brood_imap_next(imap, &value, BROOD_FOREVER)) > 0) {
    add(list, arguments_received(value));
  }
  return call_done(call, r);
}

static int read_iterator(struct call *call, brood_imap **out_imap) {
  const struct value *value = handles_resolve(call->handles, call->args[0]);
  if (value == NULL || value->kind != VALUE_ITERATOR) {
    return call_fail(call, "TypeError", "not an iterator");
  }
  *out_imap = imap_of(value);
  return 0;
}

static int rest(struct call *call) {
  brood_imap *imap = NULL;
  if (read_iterator(call, &imap) < 0) return -1;
  struct value list = value_list(VALUE_LIST, 0);
  int r = take_rest(call, imap, &list);
  if (r < 0) {
    value_clear(&list);
  } else {
    call->result = list;
  }
  return r;
}

struct taker {
  pthread_t thread;
  brood_imap *imap;
  struct call call; /* for its failure */
  struct value list;
  int r;
};

static void *take(void *argument) {
  struct taker *taker = argument;
  taker->r = take_rest(&taker->call, taker->imap, &taker->list);
  return NULL;
}

/* Moves what a thread took behind the others; a failure is the whole call's. */
static int collect(struct call *call, struct taker *taker) {
  for (size_t i = 0; i < taker->list.size; i++) {
    add(&call->result, taker->list.as.items[i]);
  }
  free(taker->list.as.items);
  if (taker->r < 0) call->failure = taker->call.failure;
  return taker->r;
}

static int next_in_threads(struct call *call) {
  brood_imap *imap = NULL;
  int count = 0, r = 0;
  if (read_iterator(call, &imap) < 0) return -1;
  if (call_int(call, 1, &count) < 0) return -1;
  if (count < 0 || count > MAX_THREADS) {
    return call_fail(call, "ValueError", "%d threads", count);
  }
  struct taker *takers = memory_new((size_t)count, sizeof *takers);
  for (int i = 0; i < count; i++) {
    takers[i].imap = imap;
    takers[i].list = value_list(VALUE_LIST, 0);
    thread_start(&takers[i].thread, take, &takers[i]);
  }
  call->result = value_list(VALUE_LIST, 0);
  for (int i = 0; i < count; i++) {
    pthread_join(takers[i].thread, NULL);
    if (collect(call, &takers[i]) < 0) r = -1;
  }
  free(takers);
  return r;
}

const struct method os_iterator_methods[] = {
    {"rest", "iterator", rest},
    {"next_in_threads", "iterator n", next_in_threads},
    {NULL, NULL, NULL},
};
