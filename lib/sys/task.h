/* SPDX-License-Identifier: MIT
 *
 * What the kernel says of a process or thread that is not ours to wait for.
 * Where it says nothing (no /proc, hidepid, a full table of descriptors),
 * nothing is known: then nobody has ended.
 */
#ifndef BROOD_SYS_TASK_H
#define BROOD_SYS_TASK_H

#include <stdint.h>
#include <sys/types.h>

/* sys_gettid returns the number of the calling thread. */
pid_t sys_gettid(void);

/* sys_task_home writes what all numbers and times of processes are relative to:
 * the calling process's PID and time namespaces. */
int sys_task_home(uint64_t *out_home);

/* sys_task_mark writes what tells a process or thread from later ones that have
 * its number, and from the program that it becomes by exec:
 *
 *   bits 31..12  when it began, in ticks since the machine did
 *   bits 11..0   a hash of where its program lies; 0: not ours to see */
int sys_task_mark(pid_t task, uint32_t *out_mark);

/* sys_task_birth writes the part of the mark that a process keeps when it runs
 * another program. */
int sys_task_birth(pid_t task, uint32_t *out_mark);

/* sys_task_ended tells whether a process or thread of this mark is no more:
 *
 *   1              it has been seen that it ended, waited for or not
 *   0              it lives, or nothing can be known
 *   SYS_TASK_OTHER the number has another mark now: it has ended, if the marks
 *                  were taken by the same clock
 *
 * With mark 0 any that has the number is taken for it. */
int sys_task_ended(pid_t task, uint32_t mark);

enum { SYS_TASK_OTHER = 2 };

/* sys_zombie_exitcode tells how a process ended that nobody has waited for
 * yet: 1 and the exit code, 0 if there is no such zombie, or it is not ours to
 * see. pidfd and pid name the same process. */
int sys_zombie_exitcode(int pidfd, pid_t pid, int *out_exitcode);

#endif /* BROOD_SYS_TASK_H */
