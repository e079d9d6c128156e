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

#include "lib/start/children.h"
#include "lib/start/current.h"
#include "lib/start/reap.h"
#include "lib/state/error.h"
#include "lib/sys/clock.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"

/* process_poll for callers without the mutex. */
static int poll_now(struct brood_process *process) {
  process_lock(process);
  int ended = process_poll(process);
  process_unlock(process);
  if (ended) children_remove(process);
  return ended;
}

static void stop_waiting(void *argument) {
  struct brood_process *process = argument;
  process_lock(process);
  process->num_waiters--;
  if (process_state(process) == PROCESS_CLOSED && process->num_waiters == 0) {
    process_release(process);
  }
  process_unlock(process);
}

/* Waits for something to happen to a started process, with the mutex held but
 * not meanwhile; the thread may be cancelled. Returns 0 when the deadline
 * passed, else 1, or -errno. */
static int wait_outside(struct brood_process *process, int64_t deadline_ns) {
  int r = process_name_again(process);
  if (r == -EBADF) return 0; /* to be looked at from time to time */
  if (r == -ESRCH) return 1; /* just now: process_poll will tell */
  if (r < 0) return r;
  struct launched launched = process->launched;
  struct pollfd report = {.fd = launched.report, .events = POLLIN};
  process->num_waiters++;
  process_unlock(process);
  pthread_cleanup_push(stop_waiting, process);
  if (launched.report >= 0 && !launched.report_lost) {
    r = sys_poll_soon(&report, 1, deadline_ns);
  } else {
    r = sys_pidfd_wait(launched.pidfd, deadline_ns);
  }
  pthread_cleanup_pop(1);
  process_lock(process);
  return r == -EBADF ? 1 : r; /* process_poll knows what to do about it */
}

#define LONGEST_PAUSE_NS INT64_C(20000000)

/* It has ended, but its status is not to be had yet: a tracer has it. */
static void pause_a_little(int64_t *pause_ns, int64_t deadline_ns) {
  int64_t end_ns = sys_clock_ns() + *pause_ns;
  sys_poll(NULL, 0, end_ns < deadline_ns ? end_ns : deadline_ns);
  if (*pause_ns < LONGEST_PAUSE_NS) *pause_ns *= 2;
}

/* With the mutex held. 1 if it has ended, 0 if not in time, or -errno. */
static int await_end(struct brood_process *process, int64_t deadline_ns) {
  int64_t pause_ns = 10000;
  int r;
  while ((r = process_poll(process)) == 0) {
    r = wait_outside(process, deadline_ns);
    if (r > 0) r = process_poll(process);
    if (r != 0 || sys_clock_ns() >= deadline_ns) break;
    pause_a_little(&pause_ns, deadline_ns);
  }
  return r;
}

static int join_child(struct brood_process *process, int64_t deadline_ns) {
  process_lock(process);
  int r = await_end(process, deadline_ns);
  bool ended = process_state(process) != PROCESS_STARTED;
  process_unlock(process);
  if (ended) {
    children_remove(process);
    return 0;
  }
  if (r < 0) return error_set_os(r, "cannot wait for '%.100s'", process->name);
  return error_set(BROOD_TIMEOUT, "process '%.100s' is still running",
                   process->name);
}

static int join_parent(struct brood_process *parent, int64_t deadline_ns) {
  int r = current_await_parent(deadline_ns);
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
  if (process->kind == PROCESS_PARENT) return current_await_parent(0) == 0;
  if (!process_is_own_child(process)) {
    return error_set(BROOD_ASSERTION_ERROR,
                     "can only test a child process, not '%.100s'",
                     process->name);
  }
  if (process_state(process) == PROCESS_NEW) return 0;
  return !poll_now(process);
}

static int send_signal(struct brood_process *process, int signal_number) {
  int r = process_check(process);
  if (r < 0) return r;
  if (process->kind != PROCESS_CHILD || process_state(process) == PROCESS_NEW) {
    return error_set(BROOD_ATTRIBUTE_ERROR,
                     "process '%.100s' has not been started by this handle",
                     process->name);
  }
  process_lock(process);
  r = process_signal(process, signal_number);
  process_unlock(process);
  if (r == 0) return 0;
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
  process_lock(process);
  atomic_store(&process->state, PROCESS_CLOSED);
  if (process->num_waiters == 0) process_release(process);
  process_unlock(process);
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

/* With the mutex held. */
static int tell_sentinel(struct brood_process *process) {
  struct launched *launched = &process->launched;
  int r = launched->pidfd < 0 ? process_poll(process) : 0;
  if (r == 0) r = process_name_again(process);
  if (r == 1) {
    r = reap_watch_nothing(launched->pid, launched);
    process->pidfd_file = sys_keep(launched->pidfd);
  }
  if (r < 0) return r;
  process->has_sentinel = true;
  return sys_pidfd_pollable(launched->pidfd) ? launched->pidfd : -ENOSYS;
}

int brood_process_sentinel(brood_process *process) {
  int r = process_check(process);
  if (r < 0) return r;
  bool is_child = process_is_own_child(process);
  r = process->launched.pidfd;
  if (is_child ? process_state(process) == PROCESS_NEW : r < 0) {
    return error_set(BROOD_VALUE_ERROR, "process '%.100s' not started",
                     process->name);
  }
  if (is_child) {
    process_lock(process);
    r = tell_sentinel(process);
    process_unlock(process);
  }
  if (r >= 0) return r;
  return error_set_os(r, "no sentinel of '%.100s'", process->name);
}
