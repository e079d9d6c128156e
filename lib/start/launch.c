/* SPDX-License-Identifier: MIT
 *
 * Who may start a process, and the start as far as all methods agree: what a
 * fresh image cannot be given is refused, and a courier is sent with a record
 * and a table of descriptors. A start that fails leaves the handle as it was.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/share/end.h"
#include "lib/start/process.h"
#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/state/registry.h"
#include "lib/sync/self.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"
#include "lib/sys/sock.h"

/* In front of the table there is room for what couriers put there. */
enum { COURIERS_FDS = 2 };

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
    if (!end_is_closed_block(process->args.held[i])) continue;
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

/* What other children inherit, a forkserver's has to be told. The directory
 * itself travels: it may have lost its name, or forbid to go by that. */
static int fill_surroundings(struct wire_record *record, int *out_directory) {
  record->flags |= WIRE_RECORD_SURROUNDINGS;
  record->environment.texts =
      texts_copy((const char *const *)environ, SIZE_MAX);
  if (record->environment.texts == NULL) return -ENOMEM;
  *out_directory = sys_directory_open();
  if (*out_directory >= 0) return 0;
  error_set_os(*out_directory, "cannot open the current directory");
  return 1;
}

static void fill_record(struct wire_record *record,
                        const struct brood_process *process,
                        const brood_context *context) {
  record->flags |= process->daemon ? WIRE_RECORD_DAEMON : 0;
  record->method = context_number(context);
  record->name = process->name;
  record->identity = process->identity;
  record->home = sync_home();
  guard_lock(); /* another thread may set it */
  record->authkey = process->authkey;
  record->authkey_size = process->authkey_size;
  guard_unlock();
  record->log_level = atomic_load(&log_least_level);
  record->log_handlers = atomic_load(&log_num_handlers);
  if (context->own_image) record->argv.texts = brood_argv(NULL);
  record->args = process->args.body;
  record->args_size = process->args.size;
  if (process->setup.data != NULL) record->flags |= WIRE_RECORD_SETUP;
  record->setup = process->setup.data;
  record->setup_size = process->setup.size;
  record->setup_fds = process->setup.num_fds;
}

/* Lays out the table, with the record's own descriptors first, and behind it
 * the head, and delivers both. */
static int deliver(struct brood_process *process, const brood_context *context,
                   struct wire_record *record, int lifeline, int directory,
                   int line) {
  int creator = current_maker(process, record);
  if (creator < 0) return creator;
  if (lifeline >= 0) record->flags |= WIRE_RECORD_LIFELINE;
  record->num_fds = wire_record_own_fds(record) + process->args.num_fds;
  struct wire_writer count = {0};
  wire_record_encode(&count, record);
  if (count.bad) return -ENOMEM;
  int small[128]; /* for table and head of the usual size */
  size_t size = (COURIERS_FDS + record->num_fds) * sizeof(int) + count.used;
  int *block = size <= sizeof small ? small : malloc(size);
  if (block == NULL) return -ENOMEM;
  int *table = block + COURIERS_FDS;
  int *end = table;
  *end++ = creator;
  if (lifeline >= 0) *end++ = lifeline;
  for (uint32_t i = 0; i < process->setup.num_fds; i++) {
    *end++ = process->setup.fds[i];
  }
  if (directory >= 0) *end++ = directory;
  for (uint32_t i = 0; i < process->args.num_fds; i++) {
    *end++ = process->args.fds[i];
  }
  struct wire_writer head = {.data = (uint8_t *)end, .capacity = count.used};
  wire_record_encode(&head, record);
  struct delivery delivery = {.handle = process,
                              .data = head.data,
                              .size = head.used,
                              .args = process->args.body,
                              .args_size = process->args.size,
                              .setup_line = line,
                              .fds = table,
                              .num_fds = record->num_fds};
  int r = context->launch(&delivery, &process->launched);
  if (block != small) free(block);
  return r;
}

/* Lists the process and launches it, or neither. */
static int launch_and_list(struct brood_process *process,
                           const brood_context *context,
                           struct wire_record *record, int directory) {
  int lifeline = -1, line[2] = {-1, -1};
  int r = record->setup == NULL ? 0 : sys_sock_pair(line);
  if (r < 0) return r;
  process->setup.fds[0] = line[1];
  r = children_add(process, &lifeline);
  if (r == 0) {
    r = deliver(process, context, record, lifeline, directory, line[0]);
  }
  sys_close(lifeline); /* the child's end */
  if (record->setup != NULL) r = setup_await(process, context, r, line[0]);
  if (r != 0) children_remove(process);
  return r;
}

/* Starts a process whose caller may do so; with the mutex held. */
static int launch_process(struct brood_process *process) {
  const brood_context *context =
      process->context == NULL ? context_default() : process->context;
  struct wire_record record = {.target = ""};
  int r = context->fresh_image ? check_fresh_image(process, &record.target) : 0;
  if (r == 0) r = check_descriptors(process);
  if (r == 0) r = setup_check(process, context->fresh_image);
  if (r < 0) return r;
  fill_record(&record, process, context);
  int directory = -1;
  if (context->of_server) r = fill_surroundings(&record, &directory);
  if (r == 0) r = launch_and_list(process, context, &record, directory);
  sys_close(directory);
  free((void *)record.environment.texts);
  if (r > 0) return brood_error();
  if (r < 0) {
    return error_set_os(r, "cannot start '%.100s' by %s", process->name,
                        context->name);
  }
  process->context = context;
  children_name(process);
  return 0;
}

static int check_startable(const struct brood_process *process) {
  int r = process_check(process);
  if (r < 0) return r;
  const struct brood_process *current = brood_current_process();
  const char *name = process->name;
  if (process->kind == PROCESS_CHILD && process_state(process) != PROCESS_NEW) {
    return error_set(BROOD_ASSERTION_ERROR,
                     "cannot start a process twice: '%.100s'", name);
  }
  if (!process_is_own_child(process)) {
    return error_set(BROOD_ASSERTION_ERROR,
                     "can only start a process object created by current "
                     "process, not '%.100s'",
                     name);
  }
  /* Only a pool's supervisor, which is daemonic, starts its workers. */
  if (current->daemon && !process->is_relay &&
      !(process->is_servant && current->is_servant)) {
    return error_set(BROOD_ASSERTION_ERROR,
                     "daemonic processes are not allowed to have children: "
                     "'%.100s'",
                     name);
  }
  return 0;
}

int brood_process_start(brood_process *process) {
  /* Before the mutex: in another process it may be locked for ever. */
  int r = check_startable(process);
  if (r < 0) return r;
  pthread_testcancel();
  children_before_start();
  guard_shield(); /* from here on nobody cancels it */
  child_flush();  /* may take long */
  /* A handler that calls exit would wait for this process, and its mutex. */
  guard_hold_signals();
  process_lock(process);
  r = check_startable(process);
  if (r == 0) r = launch_process(process);
  if (r == 0) atomic_store(&process->state, PROCESS_STARTED);
  process_unlock(process);
  guard_release_signals();
  guard_unshield();
  return r;
}
