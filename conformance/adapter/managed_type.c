/* SPDX-License-Identifier: MIT
 *
 * The types that every server knows: Counter, each object of which counts by
 * itself, and Board, of which there is one. Their functions run in the server.
 */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "brood.h"
#include "conformance/adapter/cell.h"
#include "conformance/adapter/io.h"
#include "conformance/adapter/memory.h"

struct counter {
  int64_t value;
  int64_t cell; /* of the server, when the counter was made */
  char *path;   /* to be noted in at the end, or NULL */
};

static int create_counter(void **out_self, const brood_args *args) {
  struct counter *counter = memory_new(1, sizeof *counter);
  counter->cell = cell_value;
  *out_self = counter;
  if (brood_args_count(args) == 0) return 0;
  return brood_value_int64(brood_args_get(args, 0), &counter->value);
}

static void destroy_counter(void *self) {
  struct counter *counter = self;
  if (counter->path != NULL) io_note(counter->path, "gone");
  free(counter->path);
  free(counter);
}

static int note_end(void *self, const brood_args *args) {
  struct counter *counter = self;
  const char *path = NULL;
  int r = brood_value_string(brood_args_get(args, 0), &path);
  if (r < 0) return r;
  free(counter->path);
  counter->path = memory_text(path);
  return 0;
}

static int add(void *self, const brood_args *args) {
  struct counter *counter = self;
  int64_t n = 0;
  int r = brood_value_int64(brood_args_get(args, 0), &n);
  if (r < 0) return r;
  counter->value += n;
  return brood_return(brood_int64(counter->value));
}

/* A pause between reading and writing, for whoever might come in between. */
static int slow_add(void *self, const brood_args *args) {
  struct counter *counter = self;
  int64_t n = 0, before = counter->value;
  int r = brood_value_int64(brood_args_get(args, 0), &n);
  if (r < 0) return r;
  nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
  counter->value = before + n;
  return 0;
}

static int value(void *self, const brood_args *args) {
  (void)args;
  return brood_return(brood_int64(((struct counter *)self)->value));
}

static int cell(void *self, const brood_args *args) {
  (void)args;
  return brood_return(brood_int64(((struct counter *)self)->cell));
}

static int server_pid(void *self, const brood_args *args) {
  (void)self, (void)args;
  return brood_return(brood_int64(getpid()));
}

static int echo(void *self, const brood_args *args) {
  (void)self;
  const brood_value *value = brood_args_get(args, 0);
  return value != NULL ? brood_return(*value) : BROOD_INDEX_ERROR;
}

static int fail(void *self, const brood_args *args) {
  (void)self;
  const char *text = NULL;
  int r = brood_value_string(brood_args_get(args, 0), &text);
  return r < 0 ? r : brood_raise(BROOD_VALUE_ERROR, "%s", text);
}

static int unsendable(void *self, const brood_args *args) {
  (void)args;
  return brood_return(BROOD_TUPLE(brood_pointer(self)));
}

static const struct brood_managed_method counter_methods[] = {
    {"add", add},   {"slow_add", slow_add},     {"value", value},
    {"cell", cell}, {"pid", server_pid},        {"echo", echo},
    {"fail", fail}, {"unsendable", unsendable}, {"note_end", note_end},
    {NULL, NULL},
};

static struct brood_managed_type counter_type = {
    .name = "Counter",
    .create = create_counter,
    .destroy = destroy_counter,
    .methods = counter_methods,
};
BROOD_MANAGED_TYPE(counter_type);

/* What stands on the board; the server's only one. */
static char *written;

static int write_text(void *self, const brood_args *args) {
  (void)self;
  const char *text = NULL;
  int r = brood_value_string(brood_args_get(args, 0), &text);
  if (r < 0) return r;
  free(written);
  written = memory_text(text);
  return 0;
}

static int read_text(void *self, const brood_args *args) {
  (void)self, (void)args;
  return brood_return(written != NULL ? brood_string(written) : brood_none());
}

static const struct brood_managed_method board_methods[] = {
    {"write", write_text},
    {"read", read_text},
    {NULL, NULL},
};

static struct brood_managed_type board_type = {
    .name = "Board",
    .methods = board_methods,
};
BROOD_MANAGED_TYPE(board_type);
