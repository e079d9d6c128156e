/* SPDX-License-Identifier: MIT
 *
 * Callbacks; see callback.h. They run in whichever thread the pool calls them
 * in, and they may be called after their handles are gone: hence all of it
 * lives as long as the process.
 */
#include "conformance/adapter/callback.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conformance/adapter/arguments.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/functions.h"
#include "conformance/adapter/io.h"
#include "conformance/adapter/memory.h"

struct callback {
  char *path;
  int (*then)(struct callback *callback); /* or NULL */
};

/* What os.use() named: callbacks act on it. */
static _Atomic(brood_pool *) used_pool;
static _Atomic(brood_async_result *) used_result;

/* --------------------------------------------------------- Writing down -- */

/* As Python does, with a blank behind each comma. */
static void print_json(const cJSON *json, FILE *out) {
  const cJSON *item = NULL;
  if (!cJSON_IsArray(json)) {
    char *text = memory_must(cJSON_PrintUnformatted(json));
    fputs(text, out);
    free(text);
    return;
  }
  fputs("[", out);
  cJSON_ArrayForEach(item, json) {
    if (item != json->child) fputs(", ", out);
    print_json(item, out);
  }
  fputs("]", out);
}

static int note_json(const struct callback *callback, const cJSON *json) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = memory_must(open_memstream(&text, &size));
  print_json(json, out);
  fclose(out);
  int r = io_note(callback->path, memory_must(text));
  free(text);
  return r;
}

static int note_text(const struct callback *callback, const char *text) {
  cJSON *json = memory_must(cJSON_CreateString(text));
  int r = note_json(callback, json);
  cJSON_Delete(json);
  return r;
}

/* A value that is not plain is its type. */
static int note_value(const struct callback *callback, brood_value received) {
  struct value value = arguments_received(received);
  int r = value.kind == VALUE_JSON ? note_json(callback, value.as.json)
                                   : note_text(callback, value_type(&value));
  value_clear(&value);
  return r;
}

static int note_done(const struct callback *callback) {
  return note_text(callback, "done");
}

/* --------------------------------------------------------------- Called -- */

static int run(struct callback *callback, int noted) {
  if (noted < 0) return noted;
  return callback->then == NULL ? 0 : callback->then(callback);
}

struct both {
  struct callback *callback, *error_callback;
};

static int on_value(brood_async_result *result, void *argument) {
  struct callback *callback = ((struct both *)argument)->callback;
  brood_value value = brood_none();
  int r = brood_async_result_get(result, &value, 0);
  return r < 0 ? r : run(callback, note_value(callback, value));
}

static int on_error(brood_async_result *result, void *argument) {
  struct callback *callback = ((struct both *)argument)->error_callback;
  brood_value value = brood_none();
  struct failure failure = {0};
  if (brood_async_result_get(result, &value, 0) == 0) return -1;
  failure_of_brood(&failure);
  return run(callback, note_text(callback, failure.type));
}

/* ----------------------------------------------------- What it does then -- */

static int then_fail(struct callback *callback) {
  (void)callback;
  return 1;
}

/* So that a result that is told of too early is seen to be: a slow machine can
 * only let a fault through. */
static int then_rest(struct callback *callback) {
  nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
  return note_done(callback);
}

/* Until a gate beside the file is opened. */
static int then_gate(struct callback *callback) {
  char *gate = NULL;
  memory_must(asprintf(&gate, "%s.gate", callback->path) < 0 ? NULL : gate);
  int r = io_gate(gate);
  free(gate);
  return r;
}

static int then_close(struct callback *callback) {
  int r = brood_pool_close(atomic_load(&used_pool));
  return r < 0 ? r : note_done(callback);
}

static int then_terminate(struct callback *callback) {
  int r = brood_pool_terminate(atomic_load(&used_pool));
  return r < 0 ? r : note_done(callback);
}

static struct callback *keep_callback(struct callback made) {
  struct callback *callback = memory_new(1, sizeof *callback);
  *callback = made;
  memory_keep(callback);
  return callback;
}

static struct both *keep_both(struct both made) {
  struct both *both = memory_new(1, sizeof *both);
  *both = made;
  memory_keep(both);
  return both;
}

static int then_submit(struct callback *callback) {
  struct callback *next =
      keep_callback((struct callback){callback->path, NULL});
  brood_task_options options = {
      .callback = on_value, .argument = keep_both((struct both){next, NULL})};
  brood_async_result *result =
      brood_pool_apply_async(atomic_load(&used_pool), functions_square,
                             BROOD_TUPLE(brood_int64(7)), &options);
  brood_async_result_free(result);
  return result == NULL ? brood_error() : 0;
}

static int then_ready(struct callback *callback) {
  int ready = brood_async_result_ready(atomic_load(&used_result));
  if (ready < 0) return ready;
  cJSON *json = memory_must(cJSON_CreateBool(ready));
  int r = note_json(callback, json);
  cJSON_Delete(json);
  return r;
}

static const struct {
  const char *name;
  int (*run)(struct callback *callback);
} thens[] = {
    {"fail", then_fail},     {"rest", then_rest},
    {"close", then_close},   {"terminate", then_terminate},
    {"submit", then_submit}, {"ready", then_ready},
    {"gate", then_gate},
};

/* -------------------------------------------------------------- Handles -- */

static int read_then(struct call *call, struct callback *out_callback) {
  const char *name = NULL;
  if (call_text_or_null(call, 1, &name) < 0) return -1;
  for (size_t i = 0; name != NULL && i < sizeof thens / sizeof thens[0]; i++) {
    if (strcmp(thens[i].name, name) == 0) out_callback->then = thens[i].run;
  }
  if (name == NULL || out_callback->then != NULL) return 0;
  return failure_unsupported(&call->failure, name);
}

static int recorder(struct call *call) {
  struct callback made = {0};
  const char *path = NULL;
  if (call_text(call, 0, &path) < 0) return -1;
  if (read_then(call, &made) < 0) return -1;
  made.path = memory_text(path);
  call->result =
      (struct value){.kind = VALUE_CALLBACK, .as.object = keep_callback(made)};
  return 0;
}

static int use(struct call *call) {
  const struct value *value = handles_resolve(call->handles, call->args[0]);
  if (value != NULL && value->kind == VALUE_POOL) {
    atomic_store(&used_pool, value->as.object);
  } else if (value != NULL && value->kind == VALUE_RESULT) {
    atomic_store(&used_result, value->as.object);
  } else {
    return call_fail(call, "TypeError", "neither a pool nor a result");
  }
  handles_pin(call->handles, value);
  return 0;
}

static int read_one(struct call *call, int index, struct callback **out) {
  const cJSON *arg = call->args[index];
  if (arg == NULL || cJSON_IsNull(arg)) return 0;
  const struct value *value = handles_resolve(call->handles, arg);
  if (value == NULL || value->kind != VALUE_CALLBACK) {
    return call_fail(call, "TypeError", "argument %d is no callback",
                     index + 1);
  }
  *out = value->as.object;
  return 0;
}

int callback_read(struct call *call, int index, int error_index,
                  brood_task_options *options) {
  struct both both = {NULL, NULL};
  if (read_one(call, index, &both.callback) < 0) return -1;
  if (read_one(call, error_index, &both.error_callback) < 0) return -1;
  if (both.callback == NULL && both.error_callback == NULL) return 0;
  if (both.callback != NULL) options->callback = on_value;
  if (both.error_callback != NULL) options->error_callback = on_error;
  options->argument = keep_both(both);
  return 0;
}

const struct method callback_new_methods[] = {
    {"recorder", "path then?", recorder},
    {"use", "obj", use},
    {NULL, NULL, NULL},
};
