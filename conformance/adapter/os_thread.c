/* SPDX-License-Identifier: MIT
 *
 * Calls in a row, and the actor's own threads. These make calls and nothing
 * else: they may read handles, but names, new handles and the connection belong
 * to the serving thread alone, which waits for them.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conformance/adapter/call.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/memory.h"
#include "conformance/adapter/pool.h"
#include "conformance/adapter/thread.h"

enum { MAX_THREADS = 256 };

struct caller {
  pthread_t thread;
  pthread_barrier_t *all_there;
  struct handles *handles; /* to be read */
  const struct value *self;
  const cJSON *names;
  struct value answers; /* one for each name */
  atomic_int tid;       /* of one that is cancelled; 0: not known yet */
};

static int run_method(struct call *call, const struct method *method,
                      const cJSON *what) {
  /* Of ["acquire", false] all but the name. */
  cJSON *args = NULL;
  if (cJSON_IsArray(what)) {
    args = memory_must(cJSON_Duplicate(what, true));
    cJSON_DeleteItemFromArray(args, 0);
  }
  int r = call_bind(call, method->signature, args, NULL);
  if (r == 0) r = method->run(call);
  cJSON_Delete(args);
  return r;
}

static const char *name_of(const cJSON *what) {
  return cJSON_GetStringValue(cJSON_IsArray(what) ? what->child : what);
}

/* Calls a method of call->self, or reads an attribute. */
static int do_what(struct call *call, const cJSON *what) {
  const char *name = name_of(what);
  const struct method *method = class_method(call->self, name);
  const struct attribute *attribute = class_attribute(call->self, name);
  if (method != NULL) return run_method(call, method, what);
  if (attribute != NULL) return attribute->read(call);
  return call_fail(call, "AttributeError", "no such name: '%s'", name);
}

static void answer_of(struct call *call, const cJSON *what) {
  if (do_what(call, what) == 0) return;
  value_clear(&call->result);
  free(call->failure.data);
  const char *type = call->failure.type;
  cJSON *outer = memory_must(cJSON_CreateObject());
  cJSON *map = memory_must(cJSON_AddObjectToObject(outer, "map"));
  memory_must(cJSON_AddStringToObject(map, "error",
                                      type != NULL ? type : "AttributeError"));
  call->result = value_json(outer);
}

static void *call_all(void *argument) {
  struct caller *caller = argument;
  const cJSON *name = NULL;
  size_t i = 0;
  pthread_barrier_wait(caller->all_there);
  cJSON_ArrayForEach(name, caller->names) {
    struct call call = {.handles = caller->handles, .self = caller->self};
    answer_of(&call, name);
    caller->answers.as.items[i++] = call.result;
  }
  return NULL;
}

static int find_object(struct call *call, const cJSON *json,
                       const struct value **out_object) {
  *out_object = handles_resolve(call->handles, json);
  if (*out_object == NULL) return call_fail(call, "TypeError", "not an object");
  if ((*out_object)->kind != VALUE_NOTHING) return 0;
  return call_fail(call, "KeyError", "no such handle");
}

static int read_callers(struct call *call, struct caller *out_template,
                        int *out_count) {
  if (find_object(call, call->args[0], &out_template->self) < 0) return -1;
  if (call_list(call, 1, &out_template->names) < 0) return -1;
  const cJSON *name = NULL;
  cJSON_ArrayForEach(name, out_template->names) {
    if (name_of(name) == NULL) {
      return call_fail(call, "TypeError", "a name must be a text");
    }
  }
  if (call_int(call, 2, out_count) < 0) return -1;
  if (*out_count < 0 || *out_count > MAX_THREADS) {
    return call_fail(call, "ValueError", "%d threads", *out_count);
  }
  return 0;
}

void thread_start(pthread_t *out_thread, void *(*run)(void *), void *argument) {
  bool made = pthread_create(out_thread, NULL, run, argument) == 0;
  memory_must(made ? out_thread : NULL);
}

static int call_in_threads(struct call *call) {
  struct caller template = {.handles = call->handles};
  int count = 0;
  if (read_callers(call, &template, &count) < 0) return -1;
  size_t num_names = (size_t)cJSON_GetArraySize(template.names);
  struct caller *callers = memory_new((size_t)count, sizeof *callers);
  pthread_barrier_t all_there;
  pthread_barrier_init(&all_there, NULL, count > 0 ? (unsigned)count : 1);
  call->result = value_list(VALUE_LIST, (size_t)count);
  for (int i = 0; i < count; i++) {
    callers[i] = template;
    callers[i].all_there = &all_there;
    callers[i].answers = value_list(VALUE_LIST, num_names);
    thread_start(&callers[i].thread, call_all, &callers[i]);
  }
  for (int i = 0; i < count; i++) {
    pthread_join(callers[i].thread, NULL);
    call->result.as.items[i] = callers[i].answers;
  }
  pthread_barrier_destroy(&all_there);
  free(callers);
  return 0;
}

/* Does the thread run, as the kernel says? It may sleep, or have ended. */
static bool is_running(int tid) {
  char path[64], line[128] = "";
  snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
  FILE *file = fopen(path, "re");
  if (file == NULL) return false;
  bool is_there = fgets(line, sizeof line, file) != NULL;
  fclose(file);
  const char *state = strrchr(line, ')'); /* the name may hold anything */
  return is_there && state != NULL && strncmp(state, ") S", 3) != 0;
}

/* What a cancelled thread has allocated it keeps. */
static void *call_one(void *argument) {
  struct caller *caller = argument;
  struct call call = {.handles = caller->handles, .self = caller->self};
  atomic_store(&caller->tid, gettid());
  answer_of(&call, caller->names);
  return NULL;
}

static int cancel(struct call *call) {
  struct caller caller = {.handles = call->handles, .names = call->args[1]};
  void *how = NULL;
  if (find_object(call, call->args[0], &caller.self) < 0) return -1;
  if (name_of(caller.names) == NULL) {
    return call_fail(call, "TypeError", "a name must be a text");
  }
  thread_start(&caller.thread, call_one, &caller);
  while (atomic_load(&caller.tid) == 0 || is_running(caller.tid)) {
    sched_yield();
  }
  pthread_cancel(caller.thread);
  pthread_join(caller.thread, &how);
  call->result = value_bool(how == PTHREAD_CANCELED);
  return 0;
}

/* A step is [object, name, arguments …]. */
static int do_step(struct call *call, const cJSON *step,
                   struct value *out_answer) {
  struct call inner = {.handles = call->handles};
  if (!cJSON_IsArray(step) || cJSON_GetArraySize(step) < 2) {
    return call_fail(call, "TypeError", "a step is an object and a name");
  }
  if (find_object(call, step->child, &inner.self) < 0) return -1;
  cJSON *what = memory_must(cJSON_Duplicate(step, true));
  cJSON_DeleteItemFromArray(what, 0);
  int r = name_of(what) == NULL
              ? call_fail(&inner, "TypeError", "a name must be a text")
              : do_what(&inner, what);
  cJSON_Delete(what);
  *out_answer = inner.result;
  call->failure = inner.failure;
  return r;
}

static int repeat(struct call *call) {
  int count = 0;
  const cJSON *steps = NULL, *step = NULL;
  if (call_int(call, 0, &count) < 0) return -1;
  if (call_list(call, 1, &steps) < 0) return -1;
  size_t num_steps = (size_t)cJSON_GetArraySize(steps);
  for (int i = 0; i < count; i++) {
    value_clear(&call->result);
    call->result = value_list(VALUE_LIST, num_steps);
    struct value *answer = call->result.as.items;
    cJSON_ArrayForEach(step, steps) {
      if (do_step(call, step, answer++) < 0) return -1;
    }
  }
  return 0;
}

static void *wait_for_ever(void *unused) {
  for (;;) pause();
  return unused;
}

static int start_thread(struct call *call) {
  (void)call;
  pthread_t thread;
  thread_start(&thread, wait_for_ever, NULL);
  pthread_detach(thread);
  return 0;
}

/* The call that a thread makes for the serving one. */
static void *make_pool(void *call) {
  return pool_new(call) < 0 ? call : NULL;
}

static int pool_in_thread(struct call *call) {
  struct call inner = {.handles = call->handles, .args = {call->args[1]}};
  pthread_t thread;
  void *failed = NULL;
  inner.self = handles_resolve(call->handles, call->args[0]);
  if (inner.self == NULL || inner.self->kind != VALUE_CONTEXT) {
    return call_fail(call, "TypeError", "not a context");
  }
  thread_start(&thread, make_pool, &inner);
  pthread_join(thread, &failed);
  call->result = inner.result;
  call->failure = inner.failure;
  return failed == NULL ? 0 : -1;
}

const struct method os_thread_methods[] = {
    {"start_thread", "", start_thread},
    {"call_in_threads", "obj names n", call_in_threads},
    {"cancel", "obj what", cancel},
    {"pool_in_thread", "context processes", pool_in_thread},
    {"repeat", "n steps", repeat},
    {NULL, NULL, NULL},
};
