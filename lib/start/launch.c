/* SPDX-License-Identifier: MIT
 *
 * Start, as far as all methods agree: what a fresh image cannot be given is
 * refused, the record is written, the table of descriptors is laid out, and a
 * courier is sent with both. Whatever fails leaves the handle as it was.
 */
#include <errno.h>
#include <stdlib.h>

#include "lib/share/handle.h"
#include "lib/start/children.h"
#include "lib/start/current.h"
#include "lib/start/settings.h"
#include "lib/start/streams.h"
#include "lib/state/error.h"
#include "lib/state/registry.h"
#include "lib/sync/self.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"

/* Heads and tables of the usual size need no allocation. */
enum { SMALL_HEAD = 256, SMALL_TABLE = 8 };

/* What must be said before anything starts: a fresh image finds targets by
 * name only, and has no use for our addresses. */
static int check_fresh_image(const struct brood_process *process,
                             const char **out_target) {
  const char *name = process->name;
  if (sys_is_privileged()) {
    return error_set(BROOD_RUNTIME_ERROR,
                     "cannot start '%.100s' in a fresh process: this program "
                     "is set-uid or set-gid, or has capabilities of its file, "
                     "or its real user or group is not the effective one",
                     name);
  }
  if (!settings_initialised()) {
    return error_set(BROOD_RUNTIME_ERROR,
                     "cannot start '%.100s' in a fresh process: main does not "
                     "begin with brood_init(argc, argv)",
                     name);
  }
  if (process->args.has_pointer) {
    return error_set(BROOD_TYPE_ERROR,
                     "cannot pass a pointer to '%.100s': it means nothing "
                     "outside of a fork",
                     name);
  }
  if (process->target == NULL) return 0;
  return registry_target_name(process->target, out_target);
}

static int check_descriptors(const struct brood_process *process) {
  for (uint32_t i = 0; i < process->args.num_held; i++) {
    if (share_is_open(process->args.held[i])) continue;
    return error_set_os(-EBADF, "cannot pass a closed connection to '%.100s'",
                        process->name);
  }
  for (uint32_t i = 0; i < process->args.num_fds; i++) {
    int fd = process->args.fds[i];
    int r = sys_fd_valid(fd);
    if (r < 0) {
      return error_set_os(r, "cannot pass descriptor %d to '%.100s'", fd,
                          process->name);
    }
  }
  return 0;
}

/* Writes the record's own descriptors, then the arguments'; returns how
 * many. */
static size_t fill_table(int *table, const struct brood_process *process,
                         int creator, int lifeline, int directory) {
  size_t count = 0;
  table[count++] = creator;
  if (lifeline >= 0) table[count++] = lifeline;
  if (directory >= 0) table[count++] = directory;
  for (uint32_t i = 0; i < process->args.num_fds; i++) {
    table[count++] = process->args.fds[i];
  }
  return count;
}

/* What the other methods inherit from us, a forkserver's child has to be told.
 * The directory itself travels: it may have lost its name, or forbid to go by
 * that. */
static int fill_surroundings(struct wire_record *record, int *out_directory) {
  const char *const *texts = (const char *const *)sys_environment();
  size_t count = 0;
  while (texts != NULL && texts[count] != NULL) count++;
  record->flags |= WIRE_RECORD_SURROUNDINGS;
  record->environment.texts = texts_copy(texts, count);
  if (record->environment.texts == NULL) {
    return error_set_os(-ENOMEM, "cannot copy the environment");
  }
  *out_directory = sys_directory_open();
  if (*out_directory >= 0) return 0;
  return error_set_os(*out_directory, "cannot open the current directory");
}

static void fill_record(struct wire_record *record,
                        const struct brood_process *process,
                        const brood_context *context) {
  struct brood_process *creator = current_process();
  record->flags |= process->daemon ? WIRE_RECORD_DAEMON : 0;
  record->method = context_number(context);
  record->name = process->name;
  record->identity = process->identity;
  record->creator_name = creator->name;
  record->creator = sync_self_process();
  record->home = sync_home();
  record->authkey = process->authkey;
  record->authkey_size = process->authkey_size;
  log_get(&record->log_level, &record->log_handlers);
  if (context->method->own_image) record->argv.texts = brood_argv(NULL);
  record->num_args = process->args.count;
  record->args = process->args.data;
  record->args_size = process->args.size;
}

/* Encodes the head, in small if it fits, and delivers. */
static int deliver(const struct start_method *method,
                   const struct wire_record *record, struct launch *launch,
                   struct launched *out) {
  uint8_t small[SMALL_HEAD];
  struct wire_writer count = {0};
  wire_record_encode(&count, record);
  uint8_t *head = count.used <= sizeof small ? small : malloc(count.used);
  if (count.bad || head == NULL) {
    return error_set_os(-ENOMEM, "cannot start '%.100s'", record->name);
  }
  struct wire_writer writer = {.data = head, .capacity = count.used};
  wire_record_encode(&writer, record);
  launch->head = writer.data;
  launch->head_size = writer.used;
  streams_flush();
  int r = method->launch(launch, out);
  if (head != small) free(head);
  return r;
}

/* Lays out the table and delivers; the lifeline's end for the child, -1 if it
 * is to live on, stays the caller's. */
static int launch_listed(struct brood_process *process,
                         const struct start_method *method,
                         struct wire_record *record, int lifeline,
                         int directory) {
  int creator = current_pidfd();
  if (creator < 0) {
    return error_set_os(creator, "cannot start '%.100s'", process->name);
  }
  int small[SMALL_TABLE];
  size_t capacity = process->args.num_fds + 3;
  int *table =
      capacity <= SMALL_TABLE ? small : malloc(capacity * sizeof *table);
  if (table == NULL) {
    return error_set_os(-ENOMEM, "cannot start '%.100s'", process->name);
  }
  struct launch launch = {
      .process = process,
      .args = process->args.data,
      .args_size = process->args.size,
      .fds = table,
      .num_fds = fill_table(table, process, creator, lifeline, directory)};
  if (lifeline >= 0) record->flags |= WIRE_RECORD_LIFELINE;
  record->num_fds = (uint32_t)launch.num_fds;
  int r = deliver(method, record, &launch, &process->launched);
  if (table != small) free(table);
  return r;
}

/* Lists the process and launches it, or neither. */
static int launch_and_list(struct brood_process *process,
                           const struct start_method *method,
                           struct wire_record *record, int directory) {
  int lifeline = -1;
  int r = children_add(process, &lifeline);
  if (r < 0) return error_set_os(r, "cannot start '%.100s'", process->name);
  r = launch_listed(process, method, record, lifeline, directory);
  sys_close(lifeline);
  if (r < 0) children_remove(process);
  return r;
}

int launch_process(struct brood_process *process) {
  const brood_context *context =
      process->context == NULL ? context_default() : process->context;
  const struct start_method *method = context->method;
  struct wire_record record = {.target = ""};
  int r = method->fresh_image ? check_fresh_image(process, &record.target) : 0;
  if (r == 0) r = check_descriptors(process);
  if (r < 0) return r;
  fill_record(&record, process, context);
  int directory = -1;
  if (method->surroundings) r = fill_surroundings(&record, &directory);
  if (r == 0) r = launch_and_list(process, method, &record, directory);
  sys_close(directory);
  free((void *)record.environment.texts);
  if (r == 0) {
    process->context = context;
    process->pidfd_file = sys_keep(process->launched.pidfd);
    process->report_file = sys_keep(process->launched.report);
    children_name(process);
  }
  return r;
}
