/* SPDX-License-Identifier: MIT
 *
 * See signal.h.
 */
#include "lib/sys/signal.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "lib/sys/fault.h"
#include "lib/sys/fd.h"

void sys_signals_block(sigset_t *out_before) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, out_before);
}

void sys_signals_unblock(const sigset_t *before) {
  pthread_sigmask(SIG_SETMASK, before, NULL);
}

/* Never called, for the signal is blocked. But for SIG_IGN and SIG_DFL the
 * kernel would throw a pending one away at each change of disposition. */
static void stay_pending(int number) {
  (void)number;
}

static void set_reaping(int by_kernel) {
  struct sigaction action = {.sa_handler = stay_pending,
                             .sa_flags = by_kernel ? SA_NOCLDWAIT : 0};
  sigaction(SIGCHLD, &action, NULL);
}

static sigset_t child_signal(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  return set;
}

int sys_signals_serve(struct sys_signals *out_before, int reports) {
  SYS_FAULT();
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  sigset_t set = child_signal();
  sigaction(SIGINT, &ignore, &out_before->on_int);
  sigaction(SIGPIPE, &ignore, &out_before->on_pipe);
  sigaction(SIGCHLD, NULL, &out_before->on_child);
  sigprocmask(SIG_BLOCK, &set, &out_before->mask);
  set_reaping(!reports);
  if (!reports) return 0;
  int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  return sys_fd_new(fd < 0 ? -errno : fd);
}

void sys_signals_restore(const struct sys_signals *before) {
  sigaction(SIGINT, &before->on_int, NULL);
  sigaction(SIGPIPE, &before->on_pipe, NULL);
  sigaction(SIGCHLD, &before->on_child, NULL);
  sigprocmask(SIG_SETMASK, &before->mask, NULL);
}

static int take_child_signal(void) {
  sigset_t set = child_signal();
  return sigtimedwait(&set, NULL, &(struct timespec){0}) == SIGCHLD;
}

/* One that ends before the disposition changes is reaped by the kernel, and
 * its signal at worst makes the caller look in vain. */
void sys_signals_hold_children(void) {
  take_child_signal();
  set_reaping(0);
}

int sys_signals_let_children(void) {
  set_reaping(1);
  return take_child_signal();
}

void sys_signals_drain(int fd) {
  struct signalfd_siginfo info;
  while (read(fd, &info, sizeof info) > 0) continue;
}
