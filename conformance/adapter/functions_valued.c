/* SPDX-License-Identifier: MIT
 *
 * The functions of the protocol that answer something to a pool, or fail; see
 * functions.h. They may not touch what the adapter's other parts remember:
 * under fork that is a stale copy.
 */
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

static int answer_argument(const brood_args *args, size_t index) {
  return body_answer(*body_at(args, index));
}

static int task_echo(const brood_args *args) {
  size_t count = brood_args_count(args);
  if (count == 0) return 0;
  if (count == 1) return answer_argument(args, 0);
  return body_answer(brood_tuple(body_at(args, 0), count));
}
BODY_OF_TASK(task_echo);

int functions_square(const brood_args *args) {
  int64_t n = body_int64(args, 0);
  return body_answer_int64((int64_t)((uint64_t)n * (uint64_t)n));
}
BODY_OF_TASK(functions_square);

static int task_add(const brood_args *args) {
  int64_t a = body_int64(args, 0), b = body_int64(args, 1);
  return body_answer_int64((int64_t)((uint64_t)a + (uint64_t)b));
}
BODY_OF_TASK(task_add);

/* The bytes of os.blob. */
static int task_big(const brood_args *args) {
  size_t size = (size_t)body_int64(args, 0);
  int64_t seed = brood_args_count(args) > 1 ? body_int64(args, 1) : 0;
  unsigned char *data = memory_pattern(size, (unsigned)seed);
  int r = body_answer(brood_bytes(data, size));
  free(data);
  return r;
}
BODY_OF_TASK(task_big);

/* A pointer deep inside: only sending sees it. */
static int task_unsendable(const brood_args *args) {
  return body_answer(BROOD_TUPLE(brood_pointer(args)));
}
BODY_OF_TASK(task_unsendable);

static int task_fail(const brood_args *args) {
  return brood_raise(BROOD_RUNTIME_ERROR, "%s", body_text(args, 0));
}
BODY_OF_TASK(task_fail);

/* With a number of its own, after another error that was no reason. */
static int task_fail_bare(const brood_args *args) {
  (void)brood_get_context("no such method");
  return (int)body_int64(args, 0);
}
BODY_OF_TASK(task_fail_bare);

static int task_raise_value(const brood_args *args) {
  return brood_raise(BROOD_VALUE_ERROR, "%s", body_text(args, 0));
}
BODY_OF_TASK(task_raise_value);

static int odd_fails(int64_t n) {
  if (n % 2 == 0) return body_answer_int64(n);
  return brood_raise(BROOD_VALUE_ERROR, "%" PRId64 " is odd", n);
}

static int task_odd_fails(const brood_args *args) {
  return odd_fails(body_int64(args, 0));
}
BODY_OF_TASK(task_odd_fails);

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
  return body_answer_int64(getpid());
}
BODY_OF_TASK(task_pid);

static int task_parent_pid(const brood_args *args) {
  (void)args;
  return body_answer_int64(
      body_must(brood_process_pid(brood_parent_process())));
}
BODY_OF_TASK(task_parent_pid);

static int task_daemonic(const brood_args *args) {
  (void)args;
  int daemon = body_must(brood_process_daemon(brood_current_process()));
  return body_answer(brood_bool(daemon > 0));
}
BODY_OF_TASK(task_daemonic);

static int task_cell_of(const brood_args *args) {
  (void)args;
  return body_answer_int64(cell_value);
}
BODY_OF_TASK(task_cell_of);

static int task_keep_cell(const brood_args *args) {
  cell_value = body_int64(args, 0);
  return 0;
}
BODY_OF_TASK(task_keep_cell);

static int task_preloads(const brood_args *args) {
  (void)args;
  return body_answer_int64(preload_count());
}
BODY_OF_TASK(task_preloads);

/* Touches n bytes, which the process keeps. */
static int task_swell(const brood_args *args) {
  static void *kept;
  size_t size = (size_t)body_int64(args, 0);
  free(kept);
  kept = memory_new(size, 1);
  memset(kept, 'x', size);
  return body_answer_int64(getpid());
}
BODY_OF_TASK(task_swell);

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
BODY_OF_TASK(task_note_pid);

static int task_note_echo(const brood_args *args) {
  append_value(body_text(args, 0), args, 1);
  return answer_argument(args, 1);
}
BODY_OF_TASK(task_note_echo);

static int task_note_odd_fails(const brood_args *args) {
  append_value(body_text(args, 0), args, 1);
  return odd_fails(body_int64(args, 1));
}
BODY_OF_TASK(task_note_odd_fails);

static int task_gate_echo(const brood_args *args) {
  body_gate(body_text(args, 0));
  return answer_argument(args, 1);
}
BODY_OF_TASK(task_gate_echo);

static int task_gate_raise(const brood_args *args) {
  body_gate(body_text(args, 0));
  return raise_kind(body_text(args, 1));
}
BODY_OF_TASK(task_gate_raise);

static int task_note_gate(const brood_args *args) {
  body_note(body_text(args, 0), body_text(args, 1));
  body_gate(body_text(args, 2));
  return body_answer_int64(getpid());
}
BODY_OF_TASK(task_note_gate);

static int task_note_gate_echo(const brood_args *args) {
  body_note(body_text(args, 0), "began");
  body_gate(body_text(args, 1));
  return answer_argument(args, 2);
}
BODY_OF_TASK(task_note_gate_echo);

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
  return body_answer(list->as.items[1]);
}
BODY_OF_TASK(task_gate_item);

static int task_note_gate_item(const brood_args *args) {
  const brood_value *list = list_of(args, 3);
  body_note(text_in(list, 0), "began");
  body_gate(text_in(list, 1));
  return body_answer(list->as.items[2]);
}
BODY_OF_TASK(task_note_gate_item);

/* So that the worker is mostly in the middle of it when it is killed. */
static int task_nap_echo(const brood_args *args) {
  nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
  return answer_argument(args, 0);
}
BODY_OF_TASK(task_nap_echo);

/* -------------------------------------------------------------- Channels -- */

/* Over a connection or into a queue. */
static int task_send_back(const brood_args *args) {
  struct value channel = arguments_value(args, 0);
  return channel_put(&channel, *body_at(args, 1));
}
BODY_OF_TASK(task_send_back);

static int task_write_back(const brood_args *args) {
  int descriptor = -1;
  const char *text = body_text(args, 1);
  body_must(brood_value_descriptor(body_at(args, 0), &descriptor));
  if (io_write(descriptor, text, strlen(text)) < 0) {
    return brood_raise(BROOD_OS_ERROR, "cannot write");
  }
  return 0;
}
BODY_OF_TASK(task_write_back);

/* ------------------------------------------------------------- The table -- */

const struct function functions_valued[] = {
    {"add", task_add_target, task_add},
    {"big", task_big_target, task_big},
    {"cell_of", task_cell_of_target, task_cell_of},
    {"daemonic", task_daemonic_target, task_daemonic},
    {"echo", task_echo_target, task_echo},
    {"fail", task_fail_target, task_fail},
    {"gate_echo", task_gate_echo_target, task_gate_echo},
    {"gate_item", task_gate_item_target, task_gate_item},
    {"fail_bare", task_fail_bare_target, task_fail_bare},
    {"gate_raise", task_gate_raise_target, task_gate_raise},
    {"keep_cell", task_keep_cell_target, task_keep_cell},
    {"nap_echo", task_nap_echo_target, task_nap_echo},
    {"note_echo", task_note_echo_target, task_note_echo},
    {"note_gate", task_note_gate_target, task_note_gate},
    {"note_gate_echo", task_note_gate_echo_target, task_note_gate_echo},
    {"note_gate_item", task_note_gate_item_target, task_note_gate_item},
    {"note_odd_fails", task_note_odd_fails_target, task_note_odd_fails},
    {"note_pid", task_note_pid_target, task_note_pid},
    {"odd_fails", task_odd_fails_target, task_odd_fails},
    {"parent_pid", task_parent_pid_target, task_parent_pid},
    {"pid", task_pid_target, task_pid},
    {"preloads", task_preloads_target, task_preloads},
    {"raise_value", task_raise_value_target, task_raise_value},
    {"send_back", task_send_back_target, task_send_back},
    {"square", functions_square_target, functions_square},
    {"swell", task_swell_target, task_swell},
    {"unsendable", task_unsendable_target, task_unsendable},
    {"write_back", task_write_back_target, task_write_back},
    {NULL, NULL, NULL},
};
