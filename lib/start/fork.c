/* SPDX-License-Identifier: MIT
 *
 * Fork: the courier is memory itself. Record, arguments and descriptors are
 * already where the child is, under the same addresses and numbers.
 */
#include <stdatomic.h>

#include "lib/error/error.h"
#include "lib/start/child.h"
#include "lib/start/method.h"
#include "lib/start/process.h"
#include "lib/start/reap.h"
#include "lib/state/guard.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"

/* Every child's standard input. Opened once and kept, also across forks: a
 * child that opened it by itself would take a tenth longer to fork and join. */
static _Atomic int null_input = -1;

/* Returns 0 or -errno. */
static int open_null_input(void) {
  if (atomic_load(&null_input) >= 0) return 0;
  int fd = sys_open_null();
  int nobodys = -1;
  if (fd >= 0 && !atomic_compare_exchange_strong(&null_input, &nobodys, fd)) {
    sys_close(fd);
  }
  return fd < 0 ? fd : 0;
}

__attribute__((noreturn)) static void run_child(const struct launch *launch) {
  guard_release_all();
  int r = sys_stdin(atomic_load(&null_input));
  if (r < 0) child_refuse("cannot make /dev/null standard input");
  child_main(&(struct delivery){.handle = launch->process,
                                .data = launch->head,
                                .size = launch->head_size,
                                .args = launch->args,
                                .fds = launch->fds,
                                .num_fds = launch->num_fds});
}

static int launch_by_fork(const struct launch *launch, struct launched *out) {
  const char *name = launch->process->name;
  int r = open_null_input();
  if (r == 0) r = reap_check_room(launch->fds[0]);
  if (r < 0) return error_set_os(r, "cannot fork '%.100s'", name);
  int pid = sys_fork();
  if (pid < 0) return error_set_os(pid, "cannot fork '%.100s'", name);
  if (pid == 0) run_child(launch);
  r = reap_watch(pid, out);
  return r < 0 ? error_set_os(r, "cannot watch '%.100s'", name) : 0;
}

const struct start_method start_fork = {
    .name = "fork",
    .process_class = "ForkProcess",
    .launch = launch_by_fork,
    .reap = reap_own_child,
};
