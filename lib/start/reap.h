/* SPDX-License-Identifier: MIT
 *
 * Watching and reaping processes whose kernel parent this one is.
 */
#ifndef BROOD_START_REAP_H
#define BROOD_START_REAP_H

#include "lib/names.h"
#include "lib/start/method.h"

/* reap_check_room is 0 if there is a descriptor left for reap_watch, and this
 * process may have one of this number; asked before a process exists, because
 * afterwards it could only be killed. */
int reap_check_room(int any_open_fd, size_t number);

/* reap_watch describes a new child of this process, even one that has ended by
 * now and was reaped by somebody else. On failure the child is killed and
 * gone. Returns 0 or -errno. */
int reap_watch(pid_t pid, struct launched *out);

/* reap_watch_nothing describes a process that has gone without a trace. */
int reap_watch_nothing(pid_t pid, struct launched *out);

/* reap_own_child is start_method.reap for a child of this process. */
int reap_own_child(struct launched *launched, int *out_exitcode);

/* reap_ask_kernel is 1 and the exit code of an ended process, 0 if the kernel
 * does not tell. It waits a moment for whoever is about to reap it. */
int reap_ask_kernel(int pidfd, int *out_exitcode);

/* The exit code of a process of which nobody can tell. */
enum { REAP_LOST = 255 };

#endif /* BROOD_START_REAP_H */
