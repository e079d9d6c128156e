/* SPDX-License-Identifier: MIT
 *
 * The functions without a value, and the tables of all; see functions.h. None
 * may touch what the adapter's other parts remember: under fork that is a stale
 * copy.
 */
#include "conformance/adapter/functions.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conformance/adapter/agent.h"
#include "conformance/adapter/arguments.h"
#include "conformance/adapter/body.h"
#include "conformance/adapter/channel.h"
#include "conformance/adapter/lockable.h"
#include "conformance/adapter/memory.h"
#include "conformance/adapter/number.h"
#include "conformance/adapter/shared.h"
#include "conformance/adapter/signal_name.h"

static void leave(const brood_args *args) {
  const brood_value *code = brood_args_get(args, 0);
  switch (code == NULL ? BROOD_TYPE_NONE : code->type) {
    case BROOD_TYPE_NONE: brood_exit(0);
    case BROOD_TYPE_STRING:
      fprintf(stderr, "%s\n", body_text(args, 0));
      brood_exit(1);
    default: brood_exit((int)body_int64(args, 0));
  }
}
BODY_OF_PROCESS(leave);

static void leave_now(const brood_args *args) {
  _exit((int)body_int64(args, 0));
}
BODY_OF_PROCESS(leave_now);

static void die(const brood_args *args) {
  int number = signal_number(body_text(args, 0));
  if (number < 0) brood_fail("no such signal");
  kill(getpid(), number);
}
BODY_OF_PROCESS(die);

static void gate(const brood_args *args) {
  body_gate(body_text(args, 0));
}
BODY_OF_PROCESS(gate);

static void note(const brood_args *args) {
  body_note(body_text(args, 0), body_text(args, 1));
}
BODY_OF_PROCESS(note);

static void gate_note(const brood_args *args) {
  body_gate(body_text(args, 0));
  body_note(body_text(args, 1), body_text(args, 2));
}
BODY_OF_PROCESS(gate_note);

static void note_size(const brood_args *args) {
  const void *data = NULL;
  size_t size_bytes = 0;
  body_must(brood_value_bytes(brood_args_get(args, 1), &data, &size_bytes));
  char text[32];
  snprintf(text, sizeof text, "%zu", size_bytes);
  body_note(body_text(args, 0), text);
}
BODY_OF_PROCESS(note_size);

/* Two digits for each byte; to be freed. */
static char *hexadecimal(const void *data, size_t size_bytes) {
  const unsigned char *bytes = data;
  char *digits = memory_new(2 * size_bytes + 1, 1);
  for (size_t i = 0; i < size_bytes; i++) {
    snprintf(digits + 2 * i, 3, "%02x", bytes[i]);
  }
  return digits;
}

static void note_authkey(const brood_args *args) {
  size_t size_bytes = 0;
  const void *key = brood_process_authkey(brood_current_process(), &size_bytes);
  if (key == NULL) body_must(brood_error());
  char *digits = hexadecimal(key, size_bytes);
  body_note(body_text(args, 0), digits);
  free(digits);
}
BODY_OF_PROCESS(note_authkey);

/* Type and value; to be freed. */
static char *described(const brood_value *value) {
  char *text = NULL, *digits = NULL, bits[NUMBER_BITS];
  int r = -1;
  switch (value->type) {
    case BROOD_TYPE_NONE: r = asprintf(&text, "null"); break;
    case BROOD_TYPE_BOOL:
      r = asprintf(&text, "%s", value->as.boolean ? "true" : "false");
      break;
    case BROOD_TYPE_INT64:
      r = asprintf(&text, "int %" PRId64, value->as.int64);
      break;
    case BROOD_TYPE_DOUBLE:
      number_bits(value->as.real, bits);
      r = asprintf(&text, "float %s", bits);
      break;
    case BROOD_TYPE_STRING:
      r = asprintf(&text, "text %s", (const char *)value->as.data);
      break;
    case BROOD_TYPE_BYTES:
      digits = hexadecimal(value->as.data, value->size_bytes);
      r = asprintf(&text, "bytes %s", digits);
      free(digits);
      break;
    default: brood_fail("an argument that is no plain data");
  }
  return memory_must(r < 0 ? NULL : text);
}

static void note_values(const brood_args *args) {
  for (size_t i = 1; i < brood_args_count(args); i++) {
    char *text = described(body_at(args, i));
    body_note(body_text(args, 0), text);
    free(text);
  }
}
BODY_OF_PROCESS(note_values);

static void tell(const brood_args *args) {
  fputs(body_text(args, 0), stdout);
}
BODY_OF_PROCESS(tell);

/* Two accesses, as Python makes them of an addition: each takes the Value's own
 * lock, and between them another process can come, if nothing else stops it. */
static void add_one(const struct value *value) {
  struct call call = {.self = value};
  struct shared shared;
  body_must(shared_begin(&call, &shared));
  if (shared.typecode != 'i') brood_fail("not a Value of code i");
  int number = *(volatile int *)shared.memory;
  body_must(shared_end(&call, &shared, 0));
  body_must(shared_begin(&call, &shared));
  *(volatile int *)shared.memory = number + 1;
  body_must(shared_end(&call, &shared, 0));
}

static void hammer(const brood_args *args) {
  struct value lock = arguments_value(args, 0);
  struct value value = arguments_value(args, 1);
  for (int64_t n = body_int64(args, 2); n > 0; n--) {
    body_must(lockable_acquire(&lock, BROOD_FOREVER));
    add_one(&value);
    body_must(lockable_release(&lock));
  }
}
BODY_OF_PROCESS(hammer);

static void wait_note(const brood_args *args) {
  brood_condition *condition = body_object(args, 0, BROOD_KIND_CONDITION);
  body_must(brood_condition_acquire(condition, BROOD_FOREVER));
  body_note(body_text(args, 1), "waits");
  body_must(brood_condition_wait(condition, BROOD_FOREVER));
  body_note(body_text(args, 1), "woken");
  body_must(brood_condition_release(condition));
}
BODY_OF_PROCESS(wait_note);

static void meet(const brood_args *args) {
  brood_barrier *barrier = body_object(args, 0, BROOD_KIND_BARRIER);
  for (int64_t i = body_int64(args, 2); i > 0; i--) {
    char text[16];
    snprintf(text, sizeof text, "%d",
             body_must(brood_barrier_wait(barrier, BROOD_FOREVER)));
    body_note(body_text(args, 1), text);
  }
}
BODY_OF_PROCESS(meet);

/* A copy of the id and a number, with dots behind up to a size. */
static char *numbered_text(const char *id, int64_t number, int64_t size) {
  char *text = NULL;
  int length = asprintf(&text, "%s:%lld", id, (long long)number);
  memory_must(length < 0 ? NULL : text);
  if (length >= size) return text;
  text = memory_must(realloc(text, (size_t)size + 1));
  memset(text + length, '.', (size_t)(size - length));
  text[size] = '\0';
  return text;
}

static void produce(const brood_args *args) {
  struct value channel = arguments_value(args, 0);
  const char *id = body_text(args, 1);
  int64_t n = body_int64(args, 2);
  int64_t size = brood_args_count(args) > 3 ? body_int64(args, 3) : 0;
  for (int64_t i = 0; i < n; i++) {
    char *text = numbered_text(id, i, size);
    body_must(channel_put(&channel, brood_string(text)));
    free(text);
  }
}
BODY_OF_PROCESS(produce);

/* Notes a text with the number of the dots at its end in their place. */
static void note_item(const char *path, const char *text) {
  size_t size = strlen(text), length = size;
  while (length > 0 && text[length - 1] == '.') length--;
  char *line = NULL;
  int r = length == size
              ? asprintf(&line, "%s", text)
              : asprintf(&line, "%.*s+%zu", (int)length, text, size - length);
  memory_must(r < 0 ? NULL : line);
  body_note(path, line);
  free(line);
}

static void consume(const brood_args *args) {
  struct value channel = arguments_value(args, 0);
  brood_value item = brood_none();
  while (true) {
    int r = channel_get(&channel, &item);
    if (r == BROOD_EOF) return;
    body_must(r);
    if (item.type == BROOD_TYPE_NONE) return;
    if (item.type != BROOD_TYPE_STRING) brood_fail("an item is no text");
    note_item(body_text(args, 1), item.as.data);
    brood_value_clear(&item);
  }
}
BODY_OF_PROCESS(consume);

static void take_note(const brood_args *args) {
  struct value channel = arguments_value(args, 0);
  brood_value item = brood_none();
  body_note(body_text(args, 1), "takes");
  body_must(channel_get(&channel, &item));
  brood_value_clear(&item);
  body_note(body_text(args, 1), "taken");
}
BODY_OF_PROCESS(take_note);

static void put_all(const brood_args *args) {
  struct value channel = arguments_value(args, 0);
  for (size_t i = 1; i < brood_args_count(args); i++) {
    body_must(channel_put(&channel, *brood_args_get(args, i)));
  }
}
BODY_OF_PROCESS(put_all);

static void agent(const brood_args *args) {
  agent_run(body_text(args, 0), args);
}
BROOD_TARGET(agent);

/* Not registered, on purpose: what a fresh process cannot find. */
static void unregistered(const brood_args *args) {
  (void)args;
}

static int unregistered_task(const brood_args *args) {
  unregistered(args);
  return 0;
}

/* functions_ending.c has another one of this name, on purpose. */
static void shadowed(const brood_args *args) {
  body_note(body_text(args, 0), "the one that was meant");
}
BODY_OF_PROCESS(shadowed);

const struct function functions_plain[] = {
    {"agent", agent, NULL},
    {"consume", consume, consume_task},
    {"die", die, die_task},
    {"gate", gate, gate_task},
    {"gate_note", gate_note, gate_note_task},
    {"hammer", hammer, hammer_task},
    {"leave", leave, leave_task},
    {"leave_now", leave_now, leave_now_task},
    {"meet", meet, meet_task},
    {"note", note, note_task},
    {"note_authkey", note_authkey, note_authkey_task},
    {"note_size", note_size, note_size_task},
    {"note_values", note_values, note_values_task},
    {"produce", produce, produce_task},
    {"put_all", put_all, put_all_task},
    {"shadowed", shadowed, shadowed_task},
    {"take_note", take_note, take_note_task},
    {"tell", tell, tell_task},
    {"unregistered", unregistered, unregistered_task},
    {"wait_note", wait_note, wait_note_task},
    {NULL, NULL, NULL},
};

static const struct function *find_in(const struct function *table,
                                      const char *name) {
  while (table->name != NULL && strcmp(table->name, name) != 0) table++;
  return table->name != NULL ? table : NULL;
}

static const struct function *find(const char *name) {
  const struct function *found = find_in(functions_plain, name);
  if (found == NULL) found = find_in(functions_valued, name);
  if (found == NULL) found = find_in(functions_far, name);
  return found != NULL ? found : find_in(functions_ending, name);
}

brood_target functions_find(const char *name) {
  const struct function *found = find(name);
  return found != NULL ? found->target : NULL;
}

brood_task functions_find_task(const char *name) {
  const struct function *found = find(name);
  return found != NULL ? found->task : NULL;
}
