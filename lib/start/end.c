/* SPDX-License-Identifier: MIT
 *
 * The end of a process, as its creator sees it, and how to bring it about. It
 * ends once: whichever thread sees it first writes the exit code under the
 * handle's mutex, and all others read it there. Waiting happens outside of the
 * mutex; the descriptors stay open until the last waiter left.
 */
#include <errno.h>
#include <signal.h>

#include "lib/start/process.h"
#include "lib/state/error.h"
#include "lib/sys/clock.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"

/* The status of our own child may be gone: the program waits for any child, or
 * ignores SIGCHLD. A kernel from 6.15 on tells it all the same. */

int reap_watch(pid_t pid, struct launched *out) {
  int r = sys_pidfd_open(pid);
  if (r < 0 && r != -ESRCH) {
    sys_discard_child(pid);
    return r;
  }
  *out = LAUNCHED_NONE;
  out->pid = pid;
  /* It ended, and somebody else took its status before we could name it. It did
   * run: that is no failure to start. */
  out->gone = r < 0;
  if (r >= 0) out->pidfd = sys_keep(r);
  return 0;
}

/* The exit code of a process of which nobody can tell. */
enum { LOST = 255 };

/* 1 and the exit code of an ended process, 0 if the kernel does not tell. Waits
 * a moment for whoever is about to reap it. */
static int ask_kernel(int pidfd, int *out_exitcode) {
  if (sys_pidfd_exit_info(pidfd, out_exitcode) == 1) return 1;
  /* Dead, and about to be reaped: POLLHUP says when. Without a poll it may just
   * have lost its program. */
  if (sys_poll_one(pidfd, 0, sys_clock_deadline(1000000)) < 0)
    sys_poll(NULL, 0, sys_clock_deadline(100000000));
  return sys_pidfd_exit_info(pidfd, out_exitcode) == 1;
}

/* Has it, as a poll says? Without one (the program has closed what there was,
 * or RLIMIT_NOFILE is 0) it lives as long as somebody has the number. */
static bool is_over(const struct launched *launched, int polled) {
  if (polled >= 0) return polled > 0;
  return sys_task_ended(launched->pid, 0, false) == 1;
}

/* These two return 1 and the exit code, or 0 while the process runs. */

static int reap_own_child(struct launched *launched, int *out_exitcode) {
  int pidfd = launched->pidfd.fd;
  *out_exitcode = LOST;
  if (launched->gone) return 1;
  int r = sys_pidfd_reap(pidfd, launched->pid, out_exitcode);
  if (r >= 0 || pidfd < 0) return r != 0;
  if (!is_over(launched, sys_pidfd_wait(pidfd, 0))) return 0;
  r = sys_pidfd_reap(pidfd, launched->pid, out_exitcode);
  if (r >= 0) return r > 0;
  /* Somebody else has its status, or we may not wait for it. */
  ask_kernel(pidfd, out_exitcode);
  return 1;
}

static int reap_servers_child(struct launched *launched, int *out_exitcode) {
  int report = launched->report.fd;
  if (report >= 0 && !launched->report_lost) {
    if (!is_over(launched, sys_poll_one(report, POLLIN, 0))) return 0;
    /* It stays open: other threads may be about to poll it. */
    int r = sys_read_full(report, out_exitcode, sizeof *out_exitcode);
    if (r == 0) return 1;
    launched->report_lost = true; /* the server died first */
  }
  int pidfd = launched->pidfd.fd;
  *out_exitcode = LOST;
  if (pidfd < 0) return is_over(launched, -EBADF);
  if (sys_pidfd_exit_info(pidfd, out_exitcode) == 1) return 1;
  if (!is_over(launched, sys_pidfd_wait(pidfd, 0))) return 0;
  if (ask_kernel(pidfd, out_exitcode) == 1) return 1;
  /* The server was killed: a zombie until whoever adopted it cares. */
  if (sys_zombie_exitcode(pidfd, launched->pid, out_exitcode) == 1) return 1;
  sys_pidfd_exit_info(pidfd, out_exitcode);
  return 1;
}

int process_poll(struct brood_process *process) {
  if (process_state(process) != PROCESS_STARTED) return 1;
  int exitcode;
  struct launched *launched = &process->launched;
  bool of_server = process->context->of_server;
  /* If the program has closed the pidfd, or there were too many, the number
   * alone tells, until a younger one has that: somebody else has waited for
   * this. */
  if (!launched->gone && !sys_kept_is_open(&launched->pidfd)) {
    launched->pidfd = SYS_KEPT_NONE;
    launched->gone = !of_server && children_has_younger(process);
  }
  if (!sys_kept_is_open(&launched->report)) launched->report = SYS_KEPT_NONE;
  if (!(of_server ? reap_servers_child : reap_own_child)(launched, &exitcode)) {
    return 0;
  }
  process->exitcode = exitcode;
  atomic_store(&process->state, PROCESS_ENDED);
  return 1;
}

/* Gives a process that has not ended, as process_poll has just found, a pidfd;
 * 0 or -errno: -EBADF if the program has closed the only one. */
static int name_again(struct brood_process *process) {
  if (process->launched.pidfd.fd >= 0) return 0;
  if (process->context->of_server) return -EBADF;
  int pidfd = sys_pidfd_open(process->launched.pid);
  if (pidfd < 0) return pidfd;
  process->launched.pidfd = sys_keep(pidfd);
  return 0;
}

/* The mutex keeps other threads from closing the descriptor, whose number would
 * soon be another process's. In a copy nobody may have the mutex, which may be
 * locked for ever, and the number alone says nothing. */
int process_signal(struct brood_process *process, int signal_number) {
  const struct launched *launched = &process->launched;
  bool is_own = process_is_own_child(process);
  if (process_state(process) != PROCESS_STARTED || launched->gone) return 0;
  if (is_own && process_poll(process) == 1) return 0;
  int r = -EBADF;
  if (sys_kept_is_open(&launched->pidfd)) {
    r = sys_pidfd_signal(launched->pidfd.fd, signal_number);
  } else if (is_own && !process->context->of_server) {
    r = sys_child_signal(launched->pid, signal_number);
  }
  return r == -ESRCH ? 0 : r;
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

/* Waits for something to happen to what was launched, or if that is NULL just
 * waits; with the mutex held but not meanwhile. The thread may be cancelled. */
static int wait_outside(struct brood_process *process,
                        const struct launched *launched, int64_t deadline_ns) {
  struct pollfd report = {.events = POLLIN};
  int r;
  process->num_waiters++;
  process_unlock(process);
  pthread_cleanup_push(stop_waiting, process);
  if (launched == NULL) {
    r = sys_poll(NULL, 0, deadline_ns);
  } else if (launched->report.fd >= 0 && !launched->report_lost) {
    report.fd = launched->report.fd;
    r = sys_poll_soon(&report, 1, deadline_ns);
  } else {
    r = sys_pidfd_wait(launched->pidfd.fd, deadline_ns);
  }
  pthread_cleanup_pop(1);
  process_lock(process);
  return r;
}

/* Returns 0 when the deadline passed, or there is nothing to poll; else 1:
 * process_poll will tell; or -errno. */
static int await_change(struct brood_process *process, int64_t deadline_ns) {
  int r = name_again(process);
  if (r == -EBADF || r == -EMFILE || r == -ENFILE) return 0;
  if (r == -ESRCH) return 1; /* just now */
  if (r < 0) return r;
  struct launched launched = process->launched;
  r = wait_outside(process, &launched, deadline_ns);
  return r == -EBADF ? 1 : r == -EINVAL ? 0 : r;
}

/* With the mutex held. 1 if it has ended, 0 if not in time, or -errno. */
static int await_end(struct brood_process *process, int64_t deadline_ns) {
  int64_t pause_ns = 10000;
  int r;
  while ((r = process_poll(process)) == 0 && sys_clock_ns() < deadline_ns) {
    r = await_change(process, deadline_ns);
    if (r > 0) r = process_poll(process);
    if (r != 0) break;
    /* There is nothing to poll, or a tracer has the status. */
    int64_t end_ns = sys_clock_ns() + pause_ns;
    wait_outside(process, NULL, end_ns < deadline_ns ? end_ns : deadline_ns);
    if (pause_ns < 20000000) pause_ns *= 2;
  }
  return r;
}

/* Looks once if the deadline has passed. */
static int join_child(struct brood_process *process, int64_t deadline_ns) {
  process_lock(process);
  int r = await_end(process, deadline_ns);
  bool ended = process_state(process) != PROCESS_STARTED;
  process_unlock(process);
  if (ended) children_remove(process);
  return ended ? 1 : r;
}

static int check_own_child(const struct brood_process *process,
                           const char *verb) {
  if (process_is_own_child(process)) return 0;
  return error_set(BROOD_ASSERTION_ERROR,
                   "can only %s a child process, not '%.100s'", verb,
                   process->name);
}

int brood_process_join(brood_process *process, int64_t timeout_ns) {
  int r = process_check(process);
  if (r == 0 && process->kind != PROCESS_PARENT) {
    r = check_own_child(process, "join");
  }
  if (r < 0) return r;
  if (process_state(process) == PROCESS_NEW) {
    return error_set(BROOD_ASSERTION_ERROR,
                     "can only join a started process, not '%.100s'",
                     process->name);
  }
  int64_t deadline_ns = sys_clock_deadline(timeout_ns);
  r = process->kind == PROCESS_PARENT ? current_await_parent(deadline_ns)
                                      : join_child(process, deadline_ns);
  if (r > 0) return 0;
  if (r < 0) return error_set_os(r, "cannot wait for '%.100s'", process->name);
  return error_set(BROOD_TIMEOUT, "process '%.100s' is still running",
                   process->name);
}

int brood_process_is_alive(brood_process *process) {
  int r = process_check(process);
  if (r < 0) return r;
  if (current_is(process)) return 1;
  if (process->kind == PROCESS_PARENT) return current_await_parent(0) == 0;
  r = check_own_child(process, "test");
  if (r < 0 || process_state(process) == PROCESS_NEW) return r;
  return !join_child(process, 0);
}

static int send_signal(struct brood_process *process, int signal_number) {
  int r = process_check(process);
  if (r < 0) return r;
  if (process->kind != PROCESS_CHILD || process_state(process) == PROCESS_NEW) {
    return error_set(BROOD_ATTRIBUTE_ERROR,
                     "process '%.100s' has not been started by this handle",
                     process->name);
  }
  bool is_own = process_is_own_child(process);
  if (is_own) process_lock(process);
  r = process_signal(process, signal_number);
  if (is_own) process_unlock(process);
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
  process_lock(process); /* another thread may be starting it */
  bool runs = !process_poll(process);
  if (!runs) atomic_store(&process->state, PROCESS_CLOSED);
  if (!runs && process->num_waiters == 0) process_release(process);
  process_unlock(process);
  if (runs) {
    return error_set(BROOD_VALUE_ERROR,
                     "cannot close process '%.100s' while it is still "
                     "running: call join or terminate first",
                     process->name);
  }
  children_remove(process);
  return 0;
}

int brood_process_exitcode(brood_process *process, int *out_exitcode) {
  int r = process_check(process);
  if (r == 0) r = error_check_out(out_exitcode);
  if (r < 0) return r;
  if (!process_is_own_child(process) || process_state(process) == PROCESS_NEW)
    return 0;
  if (!join_child(process, 0)) return 0;
  *out_exitcode = process->exitcode;
  return 1;
}

/* A pipe's end that can be read stands for the pidfd of one that has gone. */
static int watch_nothing(struct launched *out) {
  int ends[2];
  int r = sys_pipe(ends);
  if (r < 0) return r;
  sys_write_full(ends[1], "", 1); /* POLLHUP alone is not readable */
  sys_close(ends[1]);
  out->pidfd = sys_keep(ends[0]);
  out->gone = true;
  return 0;
}

/* With the mutex held. */
static int tell_sentinel(struct brood_process *process) {
  struct launched *launched = &process->launched;
  if (!sys_kept_is_open(&launched->pidfd)) launched->pidfd = SYS_KEPT_NONE;
  int r = launched->pidfd.fd < 0 ? process_poll(process) : 0;
  if (r == 0) r = name_again(process);
  if (r == 1) r = watch_nothing(launched);
  if (r < 0) return r;
  process->has_sentinel = true;
  int pidfd = launched->pidfd.fd;
  return sys_pidfd_pollable(pidfd) ? pidfd : -ENOSYS;
}

int brood_process_sentinel(brood_process *process) {
  int r = process_check(process);
  if (r < 0) return r;
  bool is_child = process_is_own_child(process);
  r = process->launched.pidfd.fd;
  bool is_any_child = process->kind == PROCESS_CHILD;
  if (is_any_child ? process_state(process) == PROCESS_NEW : r < 0) {
    return error_set(BROOD_VALUE_ERROR, "process '%.100s' not started",
                     process->name);
  }
  if (is_child) {
    process_lock(process);
    r = tell_sentinel(process);
    process_unlock(process);
  } else if (!sys_kept_is_open(&process->launched.pidfd)) {
    r = -EBADF; /* the program has closed it, or there was none to copy */
  }
  if (r >= 0) return r;
  return error_set_os(r, "no sentinel of '%.100s'", process->name);
}
