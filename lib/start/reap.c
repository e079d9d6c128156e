/* SPDX-License-Identifier: MIT
 *
 * See reap.h. The status of our own child may be gone before we ask: the
 * program waits for any child, or ignores SIGCHLD. A kernel from 6.15 on tells
 * it all the same; on an older one it is lost, but the end is not.
 */
#include "lib/start/reap.h"

#include <errno.h>

#include "lib/sys/clock.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"

int reap_check_room(int any_open_fd, size_t number) {
  return sys_fd_room(any_open_fd, number);
}

/* The child has ended and somebody else has taken its status before we could
 * name it. It did run: that is no failure to start. The end of a pipe that
 * nobody writes to stands for the pidfd. */
int reap_watch_nothing(pid_t pid, struct launched *out) {
  int ends[2];
  int r = sys_pipe(ends);
  if (r < 0) return r;
  sys_close(ends[1]);
  *out = (struct launched){
      .pid = pid, .pidfd = ends[0], .gone = true, .report = -1};
  return 0;
}

int reap_watch(pid_t pid, struct launched *out) {
  int pidfd = sys_pidfd_open(pid);
  if (pidfd == -ESRCH) return reap_watch_nothing(pid, out);
  if (pidfd < 0) {
    sys_discard_child(pid);
    return pidfd;
  }
  *out = (struct launched){.pid = pid, .pidfd = pidfd, .report = -1};
  return 0;
}

/* How long the kernel may take from a process's end to its reaping. */
#define REAPING_NS INT64_C(1000000)

int reap_ask_kernel(int pidfd, int *out_exitcode) {
  if (sys_pidfd_exit_info(pidfd, out_exitcode) == 1) return 1;
  /* Dead, and about to be reaped: POLLHUP says when. */
  sys_poll_one(pidfd, 0, sys_clock_deadline(REAPING_NS));
  return sys_pidfd_exit_info(pidfd, out_exitcode) == 1;
}

int reap_own_child(struct launched *launched, int *out_exitcode) {
  *out_exitcode = REAP_LOST;
  if (launched->gone) return 1;
  int r = launched->pidfd < 0 ? sys_child_reap(launched->pid, out_exitcode)
                              : sys_pidfd_reap(launched->pidfd, out_exitcode);
  if (r >= 0 || launched->pidfd < 0) return r != 0;
  if (sys_pidfd_wait(launched->pidfd, 0) <= 0) return 0;
  r = sys_pidfd_reap(launched->pidfd, out_exitcode);
  if (r >= 0) return r;
  /* Somebody else has its status, or we may not wait for it. */
  reap_ask_kernel(launched->pidfd, out_exitcode);
  return 1;
}
