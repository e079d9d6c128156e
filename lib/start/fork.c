/* SPDX-License-Identifier: MIT
 *
 * Fork: the courier is memory itself. Record, arguments and descriptors are
 * already where the child is, under the same addresses and numbers.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <unistd.h>

#include "lib/start/process.h"
#include "lib/state/guard.h"
#include "lib/sys/fd.h"
#include "lib/sys/libc.h"
#include "lib/sys/proc.h"

/* Every child's standard input; under the guard. Kept, also across forks: a
 * child that opened it by itself would take a tenth longer to fork and join. */
static struct sys_kept null_input = {.fd = -1};

static int open_null_input(void) {
  int r = 0;
  guard_lock();
  /* The program may have closed it, and opened the same to write. */
  if (!sys_kept_is_open(&null_input) ||
      sys_read_full(null_input.fd, &(char){0}, 1) == -EBADF) {
    r = sys_open_null();
    null_input = sys_keep(r < 0 ? -1 : r);
  }
  guard_unlock();
  return r < 0 ? r : 0;
}

/* What other threads have printed since the flush, and what has been read
 * ahead, is the creator's. By a pointer, since each child would look it up. */
static __typeof__(__fpurge) *const volatile purge = __fpurge;

static void purge_streams(void) {
  if (__fpending(stdout) > 0) purge(stdout);
  if (__fpending(stderr) > 0) purge(stderr);
  purge(stdin);
}

__attribute__((noreturn)) static void run_forked_child(
    const struct delivery *delivery) {
  guard_release_all();
  /* glibc's fork copies that this thread is being cancelled. */
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &(int){0});
  purge_streams();
  sys_close(delivery->setup_line);
  int r = child_free_number(delivery->fds, delivery->num_fds, STDIN_FILENO);
  if (r == 0) r = sys_stream(null_input.fd, STDIN_FILENO);
  if (r < 0)
    child_refuse("cannot empty standard input: %s", sys_error_text(-r));
  child_main(delivery);
}

int launch_by_fork(const struct delivery *delivery, struct launched *out) {
  int r = open_null_input();
  /* For the pidfd: without one the child could only be killed. */
  if (r == 0) r = sys_fd_room(delivery->fds[0], 0);
  if (r < 0) return r;
  int pid = sys_fork();
  if (pid == 0) run_forked_child(delivery);
  return pid < 0 ? pid : reap_watch(pid, out);
}
