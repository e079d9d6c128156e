/* SPDX-License-Identifier: MIT
 *
 * Processes: making, watching, waiting. A process that ended is described by
 * one number, the field's exit code: 0 to 255, or minus the signal.
 */
#ifndef BROOD_SYS_PROC_H
#define BROOD_SYS_PROC_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/names.h"

/* sys_fork is fork with the C library's own preparations, so that the child
 * may use malloc and stdio whatever other threads held. */
int sys_fork(void);

/* sys_spawn starts a program by posix_spawn. In it standard input is empty, 1
 * and 2 are the caller's, fds[i] is 3 + i, and nothing else is open. Returns
 * the pid; -EMFILE if so many are not allowed. Its signal mask is the caller's,
 * unless one is given. */
int sys_spawn(const char *path, char *const argv[], const int *fds,
              size_t num_fds, const sigset_t *mask);

/* sys_discard_child kills a child of this process and reaps it. */
void sys_discard_child(pid_t pid);

/* sys_exit ends the process at once, by _exit. */
__attribute__((noreturn)) void sys_exit(int code);

/* sys_pidfd_open names an existing process by a descriptor. Where there are
 * none (Linux before 5.4, gVisor, valgrind, a filter of system calls), it is a
 * small file that says whose it is: it can be passed on, and serves the
 * functions below, but it cannot be polled. */
int sys_pidfd_open(pid_t pid);

/* sys_pidfd_pollable: is it a real one? */
bool sys_pidfd_pollable(int pidfd);

/* sys_pidfd_wait waits until the process ends: 1, 0 at a deadline of
 * sys_clock_ns, -EBADF if it is no open descriptor. It looks for a moment
 * before it sleeps, as sys_poll_soon. */
int sys_pidfd_wait(int pidfd, int64_t deadline_ns);

/* sys_pidfd_signal sends a signal; -ESRCH after the end. */
int sys_pidfd_signal(int pidfd, int signal_number);

/* sys_pidfd_reap asks for the end of a child of this process and takes its
 * status: 1 and the exit code, 0 while it runs, -ECHILD if it is not, or no
 * longer, ours to wait for. */
int sys_pidfd_reap(int pidfd, int *out_exitcode);

/* sys_child_reap does so for a child by its number, which nobody else gets
 * before it has been waited for. */
int sys_child_reap(pid_t pid, int *out_exitcode);

/* sys_pidfd_exit_info asks the kernel how a process ended that anybody has
 * waited for: 1 and the exit code, 0 if it does not (yet) say: not reaped, or
 * a kernel before Linux 6.15. */
int sys_pidfd_exit_info(int pidfd, int *out_exitcode);

/* sys_exitcode_of_status turns a status as waitpid has it into an exit code. */
int sys_exitcode_of_status(int status);

/* sys_wait_pid waits for one child; whether a signal has killed it. */
bool sys_wait_pid(pid_t pid);

/* sys_reap_any takes the status of one finished child: its pid and exit code,
 * or 0 if none has finished. Only for a process all of whose children are
 * Brood's: the forkserver. */
int sys_reap_any(int *out_exitcode);

/* sys_yield lets others have the processor for a moment. */
void sys_yield(void);

pid_t sys_getpid(void);
pid_t sys_getppid(void);

/* sys_cpu_count returns the number of configured processors. */
int sys_cpu_count(void);

/* sys_own_image returns what sys_spawn runs this very program by, whatever has
 * its name by now, and writes that name, or what is the next best. */
const char *sys_own_image(char *out_name, size_t capacity);

/* sys_set_name names this process, for ps and top, as the file of a path. */
void sys_set_name(const char *path);

/* sys_is_privileged: this image was given rights that its caller does not have
 * (set-uid, set-gid, capabilities of the file); or a fresh one would be: the
 * real user or group is not the effective one. */
bool sys_is_privileged(void);

/* sys_ids returns a number that stays the same as long as this process's users
 * and groups do. */
uint64_t sys_ids(void);

/* sys_random fills memory from the kernel's random source. */
int sys_random(void *out_data, size_t size);

/* sys_environment returns the environment, sys_set_environment replaces it by
 * one that must live as long as the process. */
char **sys_environment(void);
void sys_set_environment(char **environment);

#endif /* BROOD_SYS_PROC_H */
