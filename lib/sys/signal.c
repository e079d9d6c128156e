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

int sys_signals_serve(struct sys_signals *out_before, int reports) {
  SYS_FAULT();
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  sigaction(SIGINT, &ignore, &out_before->on_int);
  sigaction(SIGPIPE, &ignore, &out_before->on_pipe);
  out_before->mask_changed = reports;
  sigaction(SIGCHLD, NULL, &out_before->on_child);
  if (!reports) {
    sigaction(SIGCHLD, &ignore, NULL);
    return 0;
  }
  struct sigaction standard = {.sa_handler = SIG_DFL};
  sigaction(SIGCHLD, &standard, NULL);
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  sigprocmask(SIG_BLOCK, &children, &out_before->mask);
  int fd = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  return sys_fd_new(fd < 0 ? -errno : fd);
}

void sys_signals_restore(const struct sys_signals *before) {
  sigaction(SIGINT, &before->on_int, NULL);
  sigaction(SIGPIPE, &before->on_pipe, NULL);
  sigaction(SIGCHLD, &before->on_child, NULL);
  if (before->mask_changed) sigprocmask(SIG_SETMASK, &before->mask, NULL);
}

void sys_signals_hold_children(int hold) {
  struct sigaction action = {.sa_handler = hold ? SIG_DFL : SIG_IGN};
  sigaction(SIGCHLD, &action, NULL);
}

void sys_signals_drain(int fd) {
  struct signalfd_siginfo info;
  while (read(fd, &info, sizeof info) > 0) continue;
}
