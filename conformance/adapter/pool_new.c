/* SPDX-License-Identifier: MIT
 *
 * Making pools, and reading what they are given; see pool.h. In C an option
 * that is 0 is one that was not given, but in Python 0 is a number like any
 * other, and wrong where this file says so.
 */
#include <stddef.h>

#include "brood.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/functions.h"
#include "conformance/adapter/pool.h"

enum {
  PROCESSES,
  INITIALIZER,
  INITARGS,
  MAXTASKSPERCHILD,
  TIMEOUT,
  SOFT_TIMEOUT,
  MAX_MEMORY_PER_CHILD,
  MAX_RESTARTS,
  MAX_RESTART_FREQ,
  IDLE_TIMEOUT,
  ALLOW_RESTART /* in Brood it always is */
};

static bool is_none(const cJSON *json) {
  return json == NULL || cJSON_IsNull(json);
}

/* A count, of which 0 is as wrong as a negative one. */
static int read_count(struct call *call, int index, int64_t *out_count) {
  if (is_none(call->args[index])) return 0;
  if (call_int64(call, index, out_count) < 0) return -1;
  if (*out_count == 0) *out_count = -1;
  return 0;
}

static int read_small_count(struct call *call, int index, int *out_count) {
  if (is_none(call->args[index])) return 0;
  if (call_int(call, index, out_count) < 0) return -1;
  if (*out_count == 0) *out_count = -1;
  return 0;
}

int pool_read_limit(struct call *call, int index, int64_t *out_limit_ns) {
  if (is_none(call->args[index])) return 0;
  return call_timeout(call, index, out_limit_ns);
}

int pool_read_task(struct call *call, int index, brood_task *out_task) {
  const char *name = NULL;
  if (call_function_name(call, index, &name) < 0) return -1;
  if (name == NULL) return 0;
  *out_task = functions_find_task(name);
  return *out_task != NULL ? 0 : failure_unsupported(&call->failure, name);
}

static int read_workers(struct call *call, brood_pool_options *options) {
  int64_t memory_kib = 0;
  if (read_small_count(call, PROCESSES, &options->processes) < 0) return -1;
  if (read_count(call, MAXTASKSPERCHILD, &options->maxtasksperchild) < 0) {
    return -1;
  }
  if (read_count(call, MAX_MEMORY_PER_CHILD, &memory_kib) < 0) return -1;
  options->max_memory_per_child_bytes = memory_kib * 1024;
  return read_small_count(call, MAX_RESTARTS, &options->max_restarts);
}

static int read_times(struct call *call, brood_pool_options *options) {
  if (pool_read_limit(call, TIMEOUT, &options->hard_limit_ns) < 0) return -1;
  if (pool_read_limit(call, SOFT_TIMEOUT, &options->soft_limit_ns) < 0) {
    return -1;
  }
  if (pool_read_limit(call, IDLE_TIMEOUT, &options->idle_timeout_ns) < 0) {
    return -1;
  }
  return pool_read_limit(call, MAX_RESTART_FREQ, &options->restart_window_ns);
}

static int read_initializer(struct call *call, brood_pool_options *options,
                            struct arguments *initargs) {
  const cJSON *list = NULL;
  if (pool_read_task(call, INITIALIZER, &options->initializer) < 0) return -1;
  if (is_none(call->args[INITARGS])) return 0;
  if (call_list(call, INITARGS, &list) < 0) return -1;
  if (arguments_read(call, list, initargs) < 0) return -1;
  options->initargs = brood_tuple(initargs->values, initargs->count);
  if (initargs->count == 0) options->initargs = brood_none();
  return 0;
}

static void free_pool(void *pool) {
  brood_pool_free(pool);
}

static int make(struct call *call, const brood_pool_options *options) {
  brood_pool *pool = brood_pool_new(call->self->as.context, options);
  int r = call_made(call, VALUE_POOL, pool);
  call->result.give_back = free_pool;
  return r;
}

int pool_new(struct call *call) {
  brood_pool_options options = {0};
  struct arguments initargs = {0};
  int r = read_workers(call, &options);
  if (r == 0) r = read_times(call, &options);
  if (r == 0) r = read_initializer(call, &options, &initargs);
  if (r == 0) r = make(call, &options);
  arguments_clear(&initargs);
  return r;
}

const struct method pool_new_methods[] = {
    {"Pool",
     "processes? initializer? initargs? maxtasksperchild? *timeout? "
     "*soft_timeout? *max_memory_per_child? *max_restarts? *max_restart_freq? "
     "*idle_timeout? *allow_restart?",
     pool_new},
    {NULL, NULL, NULL},
};

/* ---------------------------------------------------------------- Items -- */

static int read_item(struct call *call, const cJSON *item, bool star,
                     struct arguments *items) {
  bool is_list = cJSON_IsArray(item);
  if (star && !is_list) {
    return call_fail(call, "TypeError", "an item is no list of arguments");
  }
  if (arguments_read_one(call, item, items) < 0) return -1;
  if (is_list && !star) arguments_wrap(items);
  return 0;
}

int pool_read_items(struct call *call, int index, bool star,
                    struct arguments *items) {
  const cJSON *arg = call->args[index], *list = NULL, *item = NULL;
  const struct value *value = handles_resolve(call->handles, arg);
  if (value != NULL && value->kind == VALUE_SOURCE) {
    return failure_unsupported(&call->failure, "a map of a source");
  }
  if (call_list(call, index, &list) < 0) return -1;
  cJSON_ArrayForEach(item, list) {
    if (read_item(call, item, star, items) < 0) return -1;
  }
  return 0;
}
