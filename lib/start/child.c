/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/share/pack.h"
#include "lib/start/process.h"
#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/state/registry.h"
#include "lib/sys/fd.h"
#include "lib/sys/libc.h"
#include "lib/sys/proc.h"

static bool leaves_by_exit; /* exit handlers in memory are its own */

void child_refuse(const char *format, ...) {
  char text[512];
  va_list values;
  va_start(values, format);
  vsnprintf(text, sizeof text, format, values);
  va_end(values);
  fprintf(stderr, "Process %s:\n%s\n",
          brood_process_name(brood_current_process()), text);
  sys_exit(1);
}

const char **child_texts(const struct wire_texts *texts, const char **few) {
  const char **array = few;
  if (few == NULL || texts->count >= CHILD_FEW_TEXTS) {
    array = malloc((texts->count + 1) * sizeof *array);
  }
  if (array == NULL) child_refuse("no memory for %u pointers", texts->count);
  struct wire_reader reader = texts->reader;
  for (uint32_t i = 0; i < texts->count; i++) {
    array[i] = wire_get_string(&reader);
  }
  array[texts->count] = NULL;
  return array;
}

/* Everything of the record that is not the target. The lifeline comes first:
 * from then on the creator's death is ours. */
static void become(const struct delivery *delivery,
                   const struct wire_record *record, const char **few_texts) {
  int r = record->flags & WIRE_RECORD_LIFELINE
              ? sys_die_at_hangup(delivery->fds[WIRE_RECORD_FD_LIFELINE])
              : 0;
  if (r < 0) {
    child_refuse("cannot hold on to the creator of '%.100s': %s", record->name,
                 sys_error_text(-r));
  }
  current_become(delivery->handle, record,
                 delivery->fds[WIRE_RECORD_FD_CREATOR]);
  atomic_store(&default_method, record->method);
  atomic_store(&log_least_level, record->log_level);
  atomic_store(&log_num_handlers, record->log_handlers);
  if (delivery->own_image) { /* never together with surroundings */
    settings_set_argv(child_texts(&record->argv, few_texts),
                      (int)record->argv.count);
  }
  if (record->flags & WIRE_RECORD_SURROUNDINGS) {
    int directory = delivery->fds[wire_record_own_fds(record) - 1];
    environ = (char **)child_texts(&record->environment, few_texts);
    r = sys_directory_enter(directory);
    if (r < 0) {
      child_refuse("cannot change to the directory of the creator: %s",
                   sys_error_text(-r));
    }
    sys_close(directory);
  }
}

int child_free_number(int *fds, size_t num_fds, int number) {
  int copy = -1;
  for (size_t i = 0; i < num_fds; i++) {
    if (fds[i] != number) continue;
    if (copy < 0) copy = sys_fd_copy(number);
    if (copy < 0) return copy;
    fds[i] = copy;
  }
  return 0;
}

/* A record names its target, and never says where it is: whoever can have this
 * program run in a role writes the record. */
static brood_target find_target(const struct delivery *delivery,
                                const struct wire_record *record) {
  if (delivery->target != NULL) return delivery->target;
  if (delivery->handle != NULL) return delivery->handle->target;
  if (*record->target == '\0') return NULL;
  brood_target target = registry_target(record->target);
  if (target == NULL) {
    child_refuse("no target is registered as '%.200s' in this program",
                 record->target);
  }
  return target;
}

/* Looking first is what makes it cheap: fflush takes a lock, and in a new child
 * that alone copies a page. */
static void flush_stream(FILE *stream) {
  if (__fpending(stream) > 0) fflush(stream);
}

void child_flush(void) {
  flush_stream(stdout);
  flush_stream(stderr);
}

/* ---------------------------------------------------------- Arguments -- */

/* Makes what the target reads from a record. fds are the arguments' part of the
 * table, and those that it has taken become -1. False if the record holds no
 * such arguments or memory is short. */
static bool unpack_args(struct brood_args *out,
                        const struct wire_record *record, int *fds,
                        size_t num_fds) {
  struct wire_values into = {.values = out->few,
                             .num_fds = (uint32_t)num_fds,
                             .has_pointers = true,
                             .depth = -1};
  out->tuple = brood_tuple(NULL, 0);
  if (record->args_size == 0) return true;
  if (record->args_size < WIRE_COUNTS ||
      !wire_get_counts(record->args, record->args_size, &into.num_values)) {
    return false;
  }
  if (into.num_values > sizeof out->few / sizeof out->few[0]) {
    into.values = malloc(into.num_values * sizeof into.values[0]);
  }
  brood_value *values = into.values;
  if (values == NULL ||
      !wire_get_tuple(&into, record->args, record->args_size, &out->tuple) ||
      unpack_values(values, into.num_values, fds, num_fds) < 0) {
    return false;
  }
  for (uint32_t i = 0; i < into.num_values; i++) {
    if (values[i].type == BROOD_TYPE_OBJECT) unpack_keep(values[i].as.data);
  }
  return true;
}

size_t brood_args_count(const brood_args *args) {
  return args == NULL ? 0 : args->tuple.num_items;
}

const brood_value *brood_args_get(const brood_args *args, size_t index) {
  if (args != NULL && index < args->tuple.num_items)
    return &args->tuple.as.items[index];
  error_set(BROOD_INDEX_ERROR, "no argument %zu: there are %zu", index,
            brood_args_count(args));
  return NULL;
}

/* ------------------------------------------------------------ The life -- */

static void leave_by_thread_end(void *nothing) {
  (void)nothing;
  child_leave(0);
}

/* With lazy binding each child would look up by itself what only children call
 * of the C library, and that takes longer than the calls. */
__attribute__((constructor)) static void look_up_for_children(void) {
  pthread_cleanup_push(leave_by_thread_end, NULL);
  pthread_cleanup_pop(0);
  child_flush();
  sys_stream(-1, 0);
  sys_directory_enter(-1);
}

/* A target that ends its thread has returned, as far as the process is
 * concerned: what else would run are the exit handlers of the creator. The
 * process leaves from here, and not when the thread is at its end, because the
 * launch record, names and environment may be on the stack below. */
static int run_target(void *argument) {
  const struct brood_args *args = argument;
  pthread_cleanup_push(leave_by_thread_end, NULL);
  args->target(args);
  pthread_cleanup_pop(0);
  return 0;
}

void child_main(const struct delivery *delivery) {
  struct wire_record record;
  const char *few_texts[CHILD_FEW_TEXTS];
  leaves_by_exit = delivery->own_image;
  if (!wire_record_decode(&record, delivery->data, delivery->size,
                          delivery->args) ||
      record.num_fds != delivery->num_fds) {
    child_refuse(
        "the launch record of %zu bytes with %zu descriptors is "
        "broken",
        delivery->size, delivery->num_fds);
  }
  become(delivery, &record, few_texts);
  struct sys_kept line = SYS_KEPT_NONE;
  if (record.flags & WIRE_RECORD_SETUP) line = setup_apply(delivery, &record);
  size_t own_fds = wire_record_own_fds(&record);
  struct brood_args args;
  if (!unpack_args(&args, &record, delivery->fds + own_fds,
                   delivery->num_fds - own_fds)) {
    child_refuse("cannot unpack arguments of %zu bytes", record.args_size);
  }
  args.target = find_target(delivery, &record);
  if (record.flags & WIRE_RECORD_SETUP) setup_finish(&line);
  log_info("child process calling self.run()");
  if (args.target != NULL) guard_call(run_target, &args);
  child_leave(0);
}

/* A thread that was cancelled on its way out would change the code. */
void child_leave(int code) {
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &(int){0});
  code &= 0xff;
  log_info("process shutting down");
  children_finish();
  log_info("process exiting with exitcode %d", code);
  if (leaves_by_exit) exit(code);
  child_flush();
  sys_exit(code);
}

void brood_exit(int code) {
  if (current_is_child()) child_leave(code);
  exit(code & 0xff);
}

void brood_fail(const char *text) {
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &(int){0});
  fflush(stdout);
  fprintf(stderr, "Process %s:\n%s\n",
          brood_process_name(brood_current_process()),
          text == NULL ? "" : text);
  brood_exit(1);
}
