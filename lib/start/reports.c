/* SPDX-License-Identifier: MIT
 *
 * See reports.h. Forkserver only: one thread.
 */
#include "lib/start/reports.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "lib/sys/clock.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"

/* A child that has not ended yet, and where to report it. The last entry is
 * the prepared one: its pid is 0. */
struct report {
  pid_t pid;
  int fd;
};

static struct report *reports;
static size_t num_reports;
static int child_signals = -1; /* -1: the kernel tells */

/* Does this kernel say how a process ended that has been reaped already? A
 * child that ends at once shows it. */
static int kernel_tells(void) {
  int pid = sys_fork();
  if (pid < 0) return pid;
  if (pid == 0) sys_exit(0);
  int pidfd = sys_pidfd_open(pid);
  sys_wait_pid(pid);
  int exitcode;
  int r = pidfd < 0 ? pidfd : sys_pidfd_exit_info(pidfd, &exitcode);
  sys_close(pidfd);
  return r == 1;
}

int reports_open(struct sys_signals *out_before) {
  int needed = kernel_tells() != 1;
  int r = sys_signals_serve(out_before, needed);
  if (r >= 0 && needed) child_signals = r;
  return r;
}

int reports_fd(void) {
  return child_signals;
}

bool reports_pending(void) {
  return num_reports > 0;
}

int reports_prepare(int *out_report) {
  *out_report = -1;
  if (child_signals < 0) {
    sys_signals_hold_children();
    return 0;
  }
  struct report *more = realloc(reports, (num_reports + 1) * sizeof *reports);
  if (more == NULL) return -ENOMEM;
  reports = more;
  int ends[2];
  int r = sys_pipe(ends);
  if (r < 0) return r;
  reports[num_reports++] = (struct report){.pid = 0, .fd = ends[1]};
  *out_report = ends[0];
  return 0;
}

void reports_settle(pid_t pid) {
  if (child_signals < 0) {
    /* Not each time: the kernel walks over all children to find one. */
    int exitcode;
    bool any = sys_signals_let_children();
    while (any && sys_reap_any(&exitcode) > 0) continue;
  } else if (pid > 0) {
    reports[num_reports - 1].pid = pid;
  } else {
    sys_close(reports[--num_reports].fd);
  }
}

static void report(pid_t pid, int32_t exitcode) {
  for (size_t i = 0; i < num_reports; i++) {
    if (reports[i].pid != pid) continue;
    /* Four bytes fit into an empty pipe: this cannot wait. A client that has
     * gone is no error. */
    sys_write_full(reports[i].fd, &exitcode, sizeof exitcode);
    sys_close(reports[i].fd);
    reports[i] = reports[--num_reports];
    return;
  }
}

void reports_send(void) {
  sys_signals_drain(child_signals);
  int exitcode;
  int pid;
  while ((pid = sys_reap_any(&exitcode)) > 0) report(pid, exitcode);
}

void reports_close(void) {
  if (child_signals < 0) return;
  for (size_t i = 0; i < num_reports; i++) sys_close(reports[i].fd);
  free(reports);
  reports = NULL;
  num_reports = 0;
  child_signals = sys_close(child_signals);
}
