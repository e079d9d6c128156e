/* SPDX-License-Identifier: MIT
 *
 * How the clients of a forkserver learn how their processes ended. From Linux
 * 6.15 on the kernel tells them itself, and the server has its children reaped
 * without ever waking up. On older kernels the server waits, and reports
 * through a pipe for each child.
 */
#ifndef BROOD_START_REPORTS_H
#define BROOD_START_REPORTS_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib/names.h"
#include "lib/sys/proc.h"

/* reports_open finds out which it is, and sets the server's signals. */
int reports_open(struct sys_signals *out_before);

/* reports_fd is readable when reports_send has something to do; -1: never. */
int reports_fd(void);
void reports_send(void);

/* reports_pending: somebody is still to be told of an end. */
bool reports_pending(void);

/* reports_prepare comes before each fork. It makes the child's pipe and writes
 * the client's end, -1 if there is no need; and it keeps the child's pid from
 * being reaped, and so from meaning nothing, until reports_settle says which
 * pid it is (negative: there is no child). */
int reports_prepare(int *out_report);
void reports_settle(pid_t pid);

/* reports_close closes everything, in a child of the server. */
void reports_close(void);

#endif /* BROOD_START_REPORTS_H */
