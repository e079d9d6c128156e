/* SPDX-License-Identifier: MIT
 *
 * What the C libraries of Linux do not all have: glibc has it, musl has not.
 */
#pragma once

#include <spawn.h>
#include <stdint.h>
#include <sys/socket.h>

#include "lib/names.h"

/* Of linux/futex.h, which a compiler for musl does not find on a machine whose
 * own library is glibc. */
enum { SYS_FUTEX_WAKE = 1, SYS_FUTEX_WAIT_BITSET = 9 };
#define SYS_FUTEX_ANY_BIT UINT32_MAX

/* sys_error_text says in English what an errno value means, sys_signal_name
 * what a signal is called, without its SIG, or "?". */
const char *sys_error_text(int error);
const char *sys_signal_name(int number);

/* sys_spawn_close_from has the new process close every descriptor from `first`
 * on; the actions so far have opened none from `last` on. Returns 0 or an errno
 * value. */
int sys_spawn_close_from(posix_spawn_file_actions_t *actions, int first,
                         int last);

/* sys_sendmsg is sendmsg, with as many descriptors as the kernel allows. */
ssize_t sys_sendmsg(int sock, const struct msghdr *message, int flags);

/* sys_cpus_online returns how many processors there are, whichever of them the
 * calling process may run on; less than 1 if that is not to be found out. */
long sys_cpus_online(void);
