/* SPDX-License-Identifier: MIT
 *
 * What /proc says of a process or thread that is not ours to wait for. Number
 * and time of birth name it for ever: numbers come back, but not within one
 * tick of the clock.
 */
#ifndef BROOD_SYS_TASK_H
#define BROOD_SYS_TASK_H

#include <stdint.h>
#include <sys/types.h>

/* sys_gettid returns the number of the calling thread. */
pid_t sys_gettid(void);

/* sys_task_birth writes when a process or thread began, in ticks since the
 * machine did. */
int sys_task_birth(pid_t task, uint32_t *out_birth);

/* sys_task_ended returns 1 if a process or thread of this birth is no more,
 * waited for or not; 0 if it lives, or cannot be looked at. With birth 0 any
 * that has the number is taken for it. */
int sys_task_ended(pid_t task, uint32_t birth);

/* sys_zombie_exitcode tells how a process ended that nobody has waited for
 * yet: 1 and the exit code, 0 if there is no such zombie. pidfd and pid name
 * the same process. */
int sys_zombie_exitcode(int pidfd, pid_t pid, int *out_exitcode);

#endif /* BROOD_SYS_TASK_H */
