/* SPDX-License-Identifier: MIT
 *
 * The end of a process, as its creator sees it, and how to bring it about.
 *
 * A process ends once: whichever thread sees it first writes the exit code
 * under the handle's mutex, and all others read it there. Waiting happens
 * outside of the mutex; the descriptors stay open until the last waiter left.
 */
#include <errno.h>
#include <signal.h>

#include "lib/error/error.h"
#include "lib/start/children.h"
#include "lib/start/current.h"
#include "lib/sys/clock.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"

/* process_poll for callers without the mutex. */
static int poll_now(struct brood_process *process) {
  pthread_mutex_lock(&process->mutex);
  int ended = process_poll(process);
  pthread_mutex_unlock(&process->mutex);
  if (ended) children_remove(process);
  return ended;
}

/* Waits for something to happen to a started process, without the mutex.
 * Returns 0 when the deadline passed, else 1, or -errno. */
static int wait_outside(struct brood_process *process, int64_t deadline_ns) {
  struct launched *launched = &process->launched;
  bool reports = launched->report >= 0 && !launched->report_lost;
  struct pollfd end = {.fd = reports ? launched->report : launched->pidfd,
                       .events = POLLIN};
  process->num_waiters++;
  pthread_mutex_unlock(&process->mutex);
  int r = sys_poll_soon(&end, 1, deadline_ns);
  pthread_mutex_lock(&process->mutex);
  process->num_waiters--;
  if (process_state(process) == PROCESS_CLOSED && process->num_waiters == 0) {
    process_release(process);
  }
  return r < 0 ? r : r != 0;
}

static int join_child(struct brood_process *process, int64_t deadline_ns) {
  int r = 1;
  pthread_mutex_lock(&process->mutex);
  while (!process_poll(process) && r > 0)
    r = wait_outside(process, deadline_ns);
  bool ended = process_state(process) != PROCESS_STARTED;
  pthread_mutex_unlock(&process->mutex);
  if (ended) {
    children_remove(process);
    return 0;
  }
  if (r < 0) return error_set_os(r, "cannot wait for '%.100s'", process->name);
  return error_set(BROOD_TIMEOUT, "process '%.100s' is still running",
                   process->name);
}

static int join_parent(struct brood_process *parent, int64_t deadline_ns) {
  int r = sys_poll_one(parent->launched.pidfd, POLLIN, deadline_ns);
  if (r > 0) return 0;
  if (r < 0) return error_set_os(r, "cannot wait for '%.100s'", parent->name);
  return error_set(BROOD_TIMEOUT, "parent process '%.100s' is still running",
                   parent->name);
}

int brood_process_join(brood_process *process, int64_t timeout_ns) {
  int r = process_check(process);
  if (r < 0) return r;
  int64_t deadline_ns = sys_clock_deadline(timeout_ns);
  if (process->kind == PROCESS_PARENT) return join_parent(process, deadline_ns);
  if (!process_is_own_child(process)) {
    return error_set(BROOD_ASSERTION_ERROR,
                     "can only join a child process, not '%.100s'",
                     process->name);
  }
  if (process_state(process) == PROCESS_NEW) {
    return error_set(BROOD_ASSERTION_ERROR,
                     "can only join a started process, not '%.100s'",
                     process->name);
  }
  return join_child(process, deadline_ns);
}

int brood_process_is_alive(brood_process *process) {
  int r = process_check(process);
  if (r < 0) return r;
  if (current_is(process)) return 1;
  if (process->kind == PROCESS_PARENT) {
    return sys_poll_one(process->launched.pidfd, POLLIN, 0) == 0;
  }
  if (!process_is_own_child(process)) {
    return error_set(BROOD_ASSERTION_ERROR,
                     "can only test a child process, not '%.100s'",
                     process->name);
  }
  return process_state(process) != PROCESS_NEW && !poll_now(process);
}

static int send_signal(struct brood_process *process, int signal_number) {
  int r = process_check(process);
  if (r < 0) return r;
  if (process->kind != PROCESS_CHILD || process_state(process) == PROCESS_NEW) {
    return error_set(BROOD_ATTRIBUTE_ERROR,
                     "process '%.100s' has not been started by this handle",
                     process->name);
  }
  if (process_state(process) == PROCESS_ENDED) return 0;
  if (process->launched.gone) return 0;
  r = sys_pidfd_signal(process->launched.pidfd, signal_number);
  if (r == 0 || r == -ESRCH) return 0;
  return error_set_os(r, "cannot send signal %d to '%.100s'", signal_number,
                      process->name);
}

int brood_process_terminate(brood_process *process) {
  return send_signal(process, SIGTERM);
}

int brood_process_kill(brood_process *process) {
  return send_signal(process, SIGKILL);
}

int brood_process_close(brood_process *process) {
  if (process == NULL) return process_refuse_null();
  if (process->kind != PROCESS_CHILD) return 0;
  if (process_state(process) == PROCESS_CLOSED) return 0;
  if (!process_is_own_child(process)) { /* only our copies of the descriptors */
    atomic_store(&process->state, PROCESS_CLOSED);
    process_release(process);
    return 0;
  }
  if (process_state(process) == PROCESS_STARTED && !poll_now(process)) {
    return error_set(BROOD_VALUE_ERROR,
                     "cannot close process '%.100s' while it is still "
                     "running: call join or terminate first",
                     process->name);
  }
  children_remove(process);
  pthread_mutex_lock(&process->mutex);
  atomic_store(&process->state, PROCESS_CLOSED);
  if (process->num_waiters == 0) process_release(process);
  pthread_mutex_unlock(&process->mutex);
  return 0;
}

int brood_process_exitcode(brood_process *process, int *out_exitcode) {
  int r = process_check(process);
  if (r == 0) r = error_check_out(out_exitcode);
  if (r < 0) return r;
  if (!process_is_own_child(process) || process_state(process) == PROCESS_NEW)
    return 0;
  if (!poll_now(process)) return 0;
  *out_exitcode = process->exitcode;
  return 1;
}

int brood_process_sentinel(brood_process *process) {
  int r = process_check(process);
  if (r < 0) return r;
  if (process->launched.pidfd >= 0) return process->launched.pidfd;
  return error_set(BROOD_VALUE_ERROR, "process '%.100s' not started",
                   process->name);
}
