/* SPDX-License-Identifier: MIT
 *
 * The signals of a forkserver: it must not die of the user's Ctrl-C, and its
 * children must find every signal as the server itself found it. And signals
 * that wait, while a handler could not do what it wants.
 */
#ifndef BROOD_SYS_SIGNAL_H
#define BROOD_SYS_SIGNAL_H

#include <signal.h>

#include "lib/names.h"

/* sys_signals_block has the calling thread's signals wait, and writes which
 * waited before; sys_signals_unblock undoes it. */
void sys_signals_block(sigset_t *out_before);
void sys_signals_unblock(const sigset_t *before);

struct sys_signals {
  struct sigaction on_int;
  struct sigaction on_child;
  struct sigaction on_pipe;
  sigset_t mask;
};

/* sys_signals_serve ignores SIGINT and SIGPIPE and remembers how they were.
 * With reports the ends of children are collected through the returned
 * descriptor (readable when there may be one); without, the kernel reaps them
 * by itself and 0 is returned. */
int sys_signals_serve(struct sys_signals *out_before, int reports);

/* sys_signals_restore undoes it, in a child of the server. */
void sys_signals_restore(const struct sys_signals *before);

/* sys_signals_hold_children keeps the ends of children from being reaped by
 * the kernel; sys_signals_let_children has it reap them again, and tells
 * whether one ended in between, which is for sys_reap_any. For a server without
 * reports. */
void sys_signals_hold_children(void);
int sys_signals_let_children(void);

/* sys_signals_drain empties the descriptor. */
void sys_signals_drain(int fd);

#endif /* BROOD_SYS_SIGNAL_H */
