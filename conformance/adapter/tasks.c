/* SPDX-License-Identifier: MIT
 *
 * The functions of the protocol that answer something to a pool, or fail; see
 * tasks.h. The others are those that processes run. They may not touch what the
 * adapter's other parts remember: under fork that is a stale copy.
 */
#include "conformance/adapter/tasks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conformance/adapter/arguments.h"
#include "conformance/adapter/body.h"
#include "conformance/adapter/cell.h"
#include "conformance/adapter/channel.h"
#include "conformance/adapter/functions.h"
#include "conformance/adapter/io.h"
#include "conformance/adapter/memory.h"
#include "conformance/adapter/preload.h"

/* -------------------------------------------------------- Values, errors -- */

static int answer_int64(int64_t integer) {
  return brood_return(brood_int64(integer));
}

static int answer_argument(const brood_args *args, size_t index) {
  return brood_return(*body_at(args, index));
}

static int task_echo(const brood_args *args) {
  size_t count = brood_args_count(args);
  if (count == 0) return 0;
  if (count == 1) return answer_argument(args, 0);
  return brood_return(brood_tuple(body_at(args, 0), count));
}
BROOD_TASK(task_echo);

int tasks_square(const brood_args *args) {
  int64_t n = body_int64(args, 0);
  return answer_int64((int64_t)((uint64_t)n * (uint64_t)n));
}
BROOD_TASK(tasks_square);

static int task_add(const brood_args *args) {
  int64_t a = body_int64(args, 0), b = body_int64(args, 1);
  return answer_int64((int64_t)((uint64_t)a + (uint64_t)b));
}
BROOD_TASK(task_add);

/* The bytes of os.blob. */
static int task_big(const brood_args *args) {
  size_t size = (size_t)body_int64(args, 0);
  unsigned char *data = memory_new(size, 1);
  for (size_t i = 0; i < size; i++) data[i] = (unsigned char)(i % 251);
  int r = brood_return(brood_bytes(data, size));
  free(data);
  return r;
}
BROOD_TASK(task_big);

/* A pointer deep inside: only sending sees it. */
static int task_unsendable(const brood_args *args) {
  return brood_return(BROOD_TUPLE(brood_pointer(args)));
}
BROOD_TASK(task_unsendable);

static int task_fail(const brood_args *args) {
  return brood_raise(BROOD_RUNTIME_ERROR, "%s", body_text(args, 0));
}
BROOD_TASK(task_fail);

static int task_raise_value(const brood_args *args) {
  return brood_raise(BROOD_VALUE_ERROR, "%s", body_text(args, 0));
}
BROOD_TASK(task_raise_value);

static int odd_fails(int64_t n) {
  if (n % 2 == 0) return answer_int64(n);
  return brood_raise(BROOD_VALUE_ERROR, "%" PRId64 " is odd", n);
}

static int task_odd_fails(const brood_args *args) {
  return odd_fails(body_int64(args, 0));
}
BROOD_TASK(task_odd_fails);

static int raise_kind(const char *kind) {
  int code = BROOD_VALUE_ERROR;
  while (strcmp(brood_error_name(code), kind) != 0) {
    if (--code < BROOD_ENCODING_ERROR) brood_fail("no such error");
  }
  return brood_raise(code, "raised on request");
}

/* ------------------------------------------------------------ The worker -- */

static int task_pid(const brood_args *args) {
  (void)args;
  return answer_int64(getpid());
}
BROOD_TASK(task_pid);

static int task_parent_pid(const brood_args *args) {
  (void)args;
  return answer_int64(body_must(brood_process_pid(brood_parent_process())));
}
BROOD_TASK(task_parent_pid);

static int task_daemonic(const brood_args *args) {
  (void)args;
  int daemon = body_must(brood_process_daemon(brood_current_process()));
  return brood_return(brood_bool(daemon > 0));
}
BROOD_TASK(task_daemonic);

static int task_worker_name(const brood_args *args) {
  (void)args;
  const char *name = brood_process_name(brood_current_process());
  return brood_return(brood_string(name));
}
BROOD_TASK(task_worker_name);

static int task_cell_of(const brood_args *args) {
  (void)args;
  return answer_int64(cell_value);
}
BROOD_TASK(task_cell_of);

static int task_keep_cell(const brood_args *args) {
  cell_value = body_int64(args, 0);
  return 0;
}
BROOD_TASK(task_keep_cell);

static int task_preloads(const brood_args *args) {
  (void)args;
  return answer_int64(preload_count());
}
BROOD_TASK(task_preloads);

/* Touches n bytes, which the process keeps. */
static int task_swell(const brood_args *args) {
  static void *kept;
  size_t size = (size_t)body_int64(args, 0);
  free(kept);
  kept = memory_new(size, 1);
  memset(kept, 'x', size);
  return answer_int64(getpid());
}
BROOD_TASK(task_swell);

/* ------------------------------------------------------- Files and gates -- */

static void append_number(const char *path, int64_t number) {
  char text[24];
  snprintf(text, sizeof text, "%" PRId64, number);
  body_note(path, text);
}

/* A text or an integer, as Python's str() has it. */
static void append_value(const char *path, const brood_args *args,
                         size_t index) {
  if (body_at(args, index)->type == BROOD_TYPE_STRING) {
    body_note(path, body_text(args, index));
  } else {
    append_number(path, body_int64(args, index));
  }
}

static int task_note_pid(const brood_args *args) {
  append_number(body_text(args, 0), getpid());
  return 0;
}
BROOD_TASK(task_note_pid);

static int task_note_echo(const brood_args *args) {
  append_value(body_text(args, 0), args, 1);
  return answer_argument(args, 1);
}
BROOD_TASK(task_note_echo);

static int task_note_odd_fails(const brood_args *args) {
  append_value(body_text(args, 0), args, 1);
  return odd_fails(body_int64(args, 1));
}
BROOD_TASK(task_note_odd_fails);

static int task_gate_echo(const brood_args *args) {
  body_gate(body_text(args, 0));
  return answer_argument(args, 1);
}
BROOD_TASK(task_gate_echo);

static int task_gate_raise(const brood_args *args) {
  body_gate(body_text(args, 0));
  return raise_kind(body_text(args, 1));
}
BROOD_TASK(task_gate_raise);

static int task_note_gate(const brood_args *args) {
  body_note(body_text(args, 0), body_text(args, 1));
  body_gate(body_text(args, 2));
  return answer_int64(getpid());
}
BROOD_TASK(task_note_gate);

static void append_both(const char *path, const char *word, const char *text) {
  char line[256];
  snprintf(line, sizeof line, "%s %s", word, text);
  body_note(path, line);
}

static int task_note_gate_note(const brood_args *args) {
  const char *path = body_text(args, 0), *text = body_text(args, 1);
  append_both(path, "begin", text);
  body_gate(body_text(args, 2));
  append_both(path, "end", text);
  return 0;
}
BROOD_TASK(task_note_gate_note);

static int task_note_gate_echo(const brood_args *args) {
  body_note(body_text(args, 0), "began");
  body_gate(body_text(args, 1));
  return answer_argument(args, 2);
}
BROOD_TASK(task_note_gate_echo);

/* The next two get all in a list, which is their only argument. */
static const char *text_in(const brood_value *list, size_t index) {
  const char *text = NULL;
  body_must(brood_value_string(&list->as.items[index], &text));
  return text;
}

static const brood_value *list_of(const brood_args *args, size_t size) {
  const brood_value *list = body_at(args, 0);
  bool is_good = list->type == BROOD_TYPE_TUPLE && list->num_items == size;
  if (!is_good) brood_fail("not the list that was expected");
  return list;
}

static int task_gate_item(const brood_args *args) {
  const brood_value *list = list_of(args, 2);
  body_gate(text_in(list, 0));
  return brood_return(list->as.items[1]);
}
BROOD_TASK(task_gate_item);

static int task_note_gate_item(const brood_args *args) {
  const brood_value *list = list_of(args, 3);
  body_note(text_in(list, 0), "began");
  body_gate(text_in(list, 1));
  return brood_return(list->as.items[2]);
}
BROOD_TASK(task_note_gate_item);

static int task_nap_echo(const brood_args *args) {
  nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
  return answer_argument(args, 0);
}
BROOD_TASK(task_nap_echo);

/* -------------------------------------------------------------- Channels -- */

/* Over a connection or into a queue. */
static int task_send_back(const brood_args *args) {
  struct value channel = arguments_value(args, 0);
  return channel_put(&channel, *body_at(args, 1));
}
BROOD_TASK(task_send_back);

static int task_write_back(const brood_args *args) {
  int descriptor = -1;
  const char *text = body_text(args, 1);
  body_must(brood_value_descriptor(body_at(args, 0), &descriptor));
  if (io_write(descriptor, text, strlen(text)) < 0) {
    return brood_raise(BROOD_OS_ERROR, "cannot write");
  }
  return 0;
}
BROOD_TASK(task_write_back);

/* ------------------------------------------------------------- The table -- */

static const struct {
  const char *name;
  brood_task function;
} tasks[] = {
    {"add", task_add},
    {"big", task_big},
    {"cell_of", task_cell_of},
    {"daemonic", task_daemonic},
    {"echo", task_echo},
    {"fail", task_fail},
    {"gate_echo", task_gate_echo},
    {"gate_item", task_gate_item},
    {"gate_raise", task_gate_raise},
    {"keep_cell", task_keep_cell},
    {"nap_echo", task_nap_echo},
    {"note_echo", task_note_echo},
    {"note_gate", task_note_gate},
    {"note_gate_echo", task_note_gate_echo},
    {"note_gate_item", task_note_gate_item},
    {"note_gate_note", task_note_gate_note},
    {"note_odd_fails", task_note_odd_fails},
    {"note_pid", task_note_pid},
    {"odd_fails", task_odd_fails},
    {"parent_pid", task_parent_pid},
    {"pid", task_pid},
    {"preloads", task_preloads},
    {"put_back", task_send_back},
    {"raise_value", task_raise_value},
    {"send_back", task_send_back},
    {"square", tasks_square},
    {"swell", task_swell},
    {"unsendable", task_unsendable},
    {"worker_name", task_worker_name},
    {"write_back", task_write_back},
};

brood_task tasks_find(const char *name) {
  for (size_t i = 0; i < sizeof tasks / sizeof tasks[0]; i++) {
    if (strcmp(tasks[i].name, name) == 0) return tasks[i].function;
  }
  brood_task ending = tasks_find_ending(name);
  return ending != NULL ? ending : functions_find_task(name);
}
