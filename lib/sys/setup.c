/* SPDX-License-Identifier: MIT
 *
 * What a new process makes of itself before its target runs: one call of the
 * kernel each. lib/start/setup.c knows the order.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/sys/fault.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"

int sys_open_sink(void) {
  SYS_FAULT();
  return sys_fd_new(open("/dev/null", O_RDWR | O_CLOEXEC));
}

SYS_CALL(sys_session_new, (void), setsid())
SYS_CALL(sys_process_group_join, (pid_t group), setpgid(0, group))
SYS_CALL(sys_nice_set, (int value), setpriority(PRIO_PROCESS, 0, value))
SYS_CALL(sys_affinity_set, (const uint64_t *bits, size_t num_words),
         sched_setaffinity(0, num_words * sizeof *bits,
                           (const cpu_set_t *)bits))

int sys_limit_set(int resource, uint64_t soft, uint64_t hard) {
  SYS_FAULT();
  struct rlimit limit = {
      .rlim_cur = soft == UINT64_MAX ? RLIM_INFINITY : (rlim_t)soft,
      .rlim_max = hard == UINT64_MAX ? RLIM_INFINITY : (rlim_t)hard};
  return setrlimit(resource, &limit) < 0 ? -errno : 0;
}

void sys_umask_set(mode_t mask) {
  umask(mask);
}

_Static_assert(sizeof(gid_t) == sizeof(uint32_t), "a group's number");
SYS_CALL(sys_groups_set, (const uint32_t *groups, size_t num_groups),
         setgroups(num_groups, groups))
SYS_CALL(sys_group_id_set, (gid_t group), setresgid(group, group, group))
SYS_CALL(sys_user_id_set, (uid_t user), setresuid(user, user, user))
SYS_CALL(sys_directory_change, (const char *path), chdir(path))
SYS_CALL(sys_no_new_privileges, (void), prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
