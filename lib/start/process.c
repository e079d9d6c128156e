/* SPDX-License-Identifier: MIT
 *
 * Process handles: making one, giving it back, and what the rest of the room
 * asks of it. start.c and end.c are what happens to them.
 */
#include "lib/start/process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/start/children.h"
#include "lib/start/current.h"
#include "lib/start/reap.h"
#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"

enum process_state process_state(const struct brood_process *process) {
  return atomic_load(&process->state);
}

int process_refuse_null(void) {
  return error_set(BROOD_TYPE_ERROR, "expected a process, not NULL");
}

static int refuse_closed_process(const struct brood_process *process) {
  return error_set(BROOD_VALUE_ERROR, "process object '%.100s' is closed",
                   process->name);
}

/* 0 if the handle can be asked at all. */
int process_check(const struct brood_process *process) {
  if (process == NULL) return process_refuse_null();
  return process_state(process) == PROCESS_CLOSED
             ? refuse_closed_process(process)
             : 0;
}

bool process_is_own_child(const struct brood_process *process) {
  return process->kind == PROCESS_CHILD && process->creator == sys_getpid();
}

void process_lock(struct brood_process *process) {
  guard_shield();
  pthread_mutex_lock(&process->mutex);
}

void process_unlock(struct brood_process *process) {
  pthread_mutex_unlock(&process->mutex);
  guard_unshield();
}

/* Closes what the launch opened, when nobody can poll it any more. */
void process_release(struct brood_process *process) {
  sys_kept_close(&process->pidfd_file);
  sys_kept_close(&process->report_file);
  process->launched.pidfd = process->launched.report = -1;
}

char *process_keep_text(struct brood_process *process, const void *bytes,
                        size_t size) {
  struct process_text *text = malloc(sizeof *text + size + 1);
  if (text == NULL) return NULL;
  memcpy(text->bytes, bytes, size);
  text->bytes[size] = '\0';
  guard_lock();
  text->next = process->texts;
  process->texts = text;
  guard_unlock();
  return text->bytes;
}

static int check_options(const brood_process_options *options) {
  if (options->group != NULL) {
    return error_set(BROOD_ASSERTION_ERROR,
                     "group argument must be None for now, not %p",
                     options->group);
  }
  if ((unsigned)options->daemon > BROOD_NOT_DAEMON) {
    return error_set(BROOD_TYPE_ERROR, "unknown daemon flag %u",
                     (unsigned)options->daemon);
  }
  return 0;
}

int process_check_name(const char *name) {
  size_t size = strlen(name);
  if (size <= BROOD_MAX_NAME) return 0;
  return error_set(BROOD_VALUE_ERROR,
                   "name '%.40s...' of %zu bytes is over the maximum of %d",
                   name, size, BROOD_MAX_NAME);
}

static int fill_name(struct brood_process *process, const char *name) {
  const char *above = current_process()->identity;
  const char *class = process->context == NULL
                          ? "Process"
                          : process->context->method->process_class;
  int number = current_next_number();
  int r = asprintf(&process->identity, "%s%s%d", above,
                   *above == '\0' ? "" : ":", number);
  if (r < 0) {
    process->identity = NULL;
    return -ENOMEM;
  }
  char *own = NULL;
  if (name == NULL || *name == '\0') {
    if (asprintf(&own, "%s-%s", class, process->identity) < 0) return -ENOMEM;
    name = own;
  }
  process->name = process_keep_text(process, name, strlen(name));
  free(own);
  return process->name == NULL ? -ENOMEM : 0;
}

static int fill_process(struct brood_process *process,
                        const brood_process_options *options) {
  int r = check_options(options);
  if (r == 0 && options->name != NULL) r = process_check_name(options->name);
  if (r < 0) return r;
  r = args_pack(&process->args, options->args, options->num_args);
  if (r < 0) return r;
  process->target = options->target;
  process->daemon = options->daemon == BROOD_DAEMON_INHERIT
                        ? current_process()->daemon
                        : options->daemon == BROOD_DAEMON;
  r = current_copy_authkey(process);
  if (r < 0) return error_set_os(r, "cannot make an authkey");
  r = fill_name(process, options->name);
  return r < 0 ? error_set_os(r, "cannot make a process") : 0;
}

brood_process *brood_process_new(const brood_context *context,
                                 const brood_process_options *options) {
  static const brood_process_options nothing;
  struct brood_process *process = malloc(sizeof *process);
  if (process == NULL) {
    error_set_os(-ENOMEM, "cannot make a process");
    return NULL;
  }
  *process = (struct brood_process){
      .num_handles = 1,
      .creator = sys_getpid(),
      .context = context,
      .mutex = PTHREAD_MUTEX_INITIALIZER,
      .launched = {.pidfd = -1, .report = -1},
      .pidfd_file = SYS_KEPT_NONE,
      .report_file = SYS_KEPT_NONE,
      .lifeline = SYS_KEPT_NONE,
  };
  if (fill_process(process, options == NULL ? &nothing : options) == 0)
    return process;
  return brood_process_free(process);
}

brood_process *brood_process_free(brood_process *process) {
  if (process == NULL || process->kind != PROCESS_CHILD) return NULL;
  if (atomic_fetch_sub(&process->num_handles, 1) > 1) return NULL;
  process_release(process);
  args_discard(&process->args);
  free(process->identity);
  while (process->texts != NULL) {
    struct process_text *text = process->texts;
    process->texts = text->next;
    free(text);
  }
  pthread_mutex_destroy(&process->mutex);
  free(process);
  return NULL;
}

bool process_is_waited_for(const struct brood_process *process) {
  return process->context->method->reap == reap_own_child;
}

/* Is it known by its number alone? Then the program has closed the pidfd, whose
 * number may be that of something else by now, or there were too many. */
static void check_pidfd(struct brood_process *process) {
  struct launched *launched = &process->launched;
  if (launched->gone || sys_kept_is_open(&process->pidfd_file)) return;
  launched->pidfd = -1;
  /* A younger one has the number: somebody else has waited for this one. */
  launched->gone =
      process_is_waited_for(process) && children_has_younger(process);
}

int process_poll(struct brood_process *process) {
  if (process_state(process) != PROCESS_STARTED) return 1;
  int exitcode;
  check_pidfd(process);
  if (!sys_kept_is_open(&process->report_file)) process->launched.report = -1;
  const struct start_method *method = process->context->method;
  if (method->reap(&process->launched, &exitcode) != 1) return 0;
  process->exitcode = exitcode;
  atomic_store(&process->state, PROCESS_ENDED);
  return 1;
}

int process_name_again(struct brood_process *process) {
  if (process->launched.pidfd >= 0) return 0;
  if (!process_is_waited_for(process)) return -EBADF;
  int pidfd = sys_pidfd_open(process->launched.pid);
  if (pidfd < 0) return pidfd;
  process->launched.pidfd = pidfd;
  process->pidfd_file = sys_keep(pidfd);
  return 0;
}

/* The mutex keeps other threads from closing the descriptor, whose number would
 * soon be another process's. */
int process_signal(struct brood_process *process, int signal_number) {
  if (process_state(process) != PROCESS_STARTED || process->launched.gone) {
    return 0;
  }
  int r = process_poll(process);
  if (r == 1) return 0;
  if (r == 0) r = process_name_again(process);
  if (r == 0) r = sys_pidfd_signal(process->launched.pidfd, signal_number);
  return r == -ESRCH ? 0 : r;
}
