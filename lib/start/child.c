/* SPDX-License-Identifier: MIT
 *
 * See child.h. Order matters at two places. The lifeline comes first of all:
 * from then on the creator's death is ours. And the default start method is
 * set before the target can ask for it.
 */
#include "lib/start/child.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/start/args.h"
#include "lib/start/children.h"
#include "lib/start/context.h"
#include "lib/start/current.h"
#include "lib/start/registry.h"
#include "lib/start/settings.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"

/* Whether exit handlers in memory are this process's own. */
static bool leaves_by_exit;

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

char **child_texts(const struct wire_texts *texts) {
  char **array = malloc((texts->count + 1) * sizeof *array);
  if (array == NULL) child_refuse("out of memory");
  const char *text = texts->first;
  for (uint32_t i = 0; i < texts->count; i++) {
    array[i] = (char *)text;
    text = wire_texts_next(text);
  }
  array[texts->count] = NULL;
  return array;
}

static void take_surroundings(const struct wire_record *record) {
  sys_set_environment(child_texts(&record->environment));
  int r = sys_chdir(record->cwd);
  if (r < 0) {
    child_refuse("cannot change to directory '%.300s': %s", record->cwd,
                 strerrordesc_np(-r));
  }
}

/* Everything of the record that is not the target. */
static void become(const struct delivery *delivery,
                   const struct wire_record *record) {
  int r = 0;
  if (record->flags & WIRE_RECORD_LIFELINE) {
    r = sys_die_at_hangup(delivery->fds[WIRE_RECORD_FD_LIFELINE]);
  }
  if (r == 0) {
    r = current_become(delivery->handle, record,
                       delivery->fds[WIRE_RECORD_FD_CREATOR]);
  }
  const brood_context *context = context_by_number(record->method);
  if (r < 0 || context == NULL) {
    child_refuse("cannot take over '%.100s' by method %u: %s", record->name,
                 record->method, r < 0 ? strerrordesc_np(-r) : "unknown");
  }
  context_set_default(context);
  log_set(record->log_level, record->log_handlers);
  if (record->argv.count > 0) {
    settings_set_argv((const char *const *)child_texts(&record->argv),
                      (int)record->argv.count);
  }
  if (record->flags & WIRE_RECORD_SURROUNDINGS) take_surroundings(record);
}

static brood_target find_target(const struct wire_record *record) {
  if (*record->target == '\0') {
    return (brood_target)(uintptr_t)record->target_address;
  }
  brood_target target = registry_target(record->target);
  if (target == NULL) {
    child_refuse("no target is registered as '%.200s' in this program",
                 record->target);
  }
  return target;
}

void child_main(const struct delivery *delivery) {
  struct wire_record record;
  leaves_by_exit = delivery->own_image;
  if (!wire_record_decode(&record, delivery->data, delivery->size,
                          delivery->args) ||
      record.num_fds != delivery->num_fds) {
    child_refuse("the launch record of %zu bytes with %zu descriptors is "
                 "broken",
                 delivery->size, delivery->num_fds);
  }
  become(delivery, &record);
  size_t own_fds = wire_record_own_fds(&record);
  const brood_args *args = args_unpack(&record, delivery->fds + own_fds,
                                       delivery->num_fds - own_fds);
  if (args == NULL) {
    child_refuse("cannot unpack %u arguments of %zu bytes", record.num_args,
                 record.args_size);
  }
  brood_target target = find_target(&record);
  log_info("child process calling self.run()");
  if (target != NULL) target(args);
  child_leave(0);
}

void child_leave(int code) {
  code &= 0xff;
  log_info("process shutting down");
  children_finish();
  log_info("process exiting with exitcode %d", code);
  if (leaves_by_exit) exit(code);
  fflush(NULL);
  sys_exit(code);
}

void brood_exit(int code) {
  if (current_is_child()) child_leave(code);
  exit(code & 0xff);
}

void brood_fail(const char *text) {
  fflush(stdout);
  fprintf(stderr, "Process %s:\n%s\n",
          brood_process_name(brood_current_process()),
          text == NULL ? "" : text);
  brood_exit(1);
}
