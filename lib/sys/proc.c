/* SPDX-License-Identifier: MIT
 *
 * See proc.h. Fork is glibc's, not a bare clone: a child that runs the user's
 * code needs the C library's locks and thread id put right. The pidfd is
 * opened after the fact; the child cannot be reaped by anybody else before
 * that unless the program waits for any child, and then the pid may be gone
 * but not yet anybody else's: Linux hands pids out in turn.
 */
#include "lib/sys/proc.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/sys/fault.h"
#include "lib/sys/fd.h"

/* struct pidfd_info of Linux 6.15, which Debian 12's headers do not have. */
struct exit_info {
  uint64_t mask;
  uint8_t unused[52];
  int32_t exit_code;
};
#define EXIT_INFO_REQUEST _IOWR(0xff, 11, struct exit_info)
#define EXIT_INFO_MASK (UINT64_C(1) << 3)

/* More are not told apart. */
enum { MANY_GROUPS = 1024 };

_Static_assert(sizeof(struct exit_info) == 64, "PIDFD_INFO_SIZE_VER0");

int sys_fork(void) {
  SYS_FAULT();
  pid_t pid = fork();
  return pid < 0 ? -errno : pid;
}

void sys_discard_child(pid_t pid) {
  kill(pid, SIGKILL);
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
}

void sys_exit(int code) {
  _exit(code);
}

int sys_pidfd_open(pid_t pid) {
  SYS_FAULT();
  int fd = (int)syscall(SYS_pidfd_open, pid, 0);
  return sys_fd_new(fd < 0 ? -errno : fd);
}

int sys_pidfd_signal(int pidfd, int signal_number) {
  SYS_FAULT();
  long r = syscall(SYS_pidfd_send_signal, pidfd, signal_number, NULL, 0);
  return r < 0 ? -errno : 0;
}

static int exitcode_of_siginfo(const siginfo_t *info) {
  return info->si_code == CLD_EXITED ? info->si_status : -info->si_status;
}

int sys_pidfd_reap(int pidfd, int *out_exitcode) {
  SYS_FAULT();
  siginfo_t info = {0};
  if (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG) < 0) {
    return -errno;
  }
  if (info.si_pid == 0) return 0;
  *out_exitcode = exitcode_of_siginfo(&info);
  return 1;
}

int sys_exitcode_of_status(int status) {
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

int sys_pidfd_exit_info(int pidfd, int *out_exitcode) {
  SYS_FAULT();
  struct exit_info info = {.mask = EXIT_INFO_MASK};
  if (ioctl(pidfd, EXIT_INFO_REQUEST, &info) < 0) return 0;
  if ((info.mask & EXIT_INFO_MASK) == 0) return 0;
  *out_exitcode = sys_exitcode_of_status(info.exit_code);
  return 1;
}

bool sys_wait_pid(pid_t pid) {
  int status = 0; /* stays so if somebody else has waited for it */
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  return WIFSIGNALED(status);
}

int sys_reap_any(int *out_exitcode) {
  SYS_FAULT();
  siginfo_t info = {0};
  if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) < 0) {
    return errno == ECHILD ? 0 : -errno;
  }
  if (info.si_pid != 0) *out_exitcode = exitcode_of_siginfo(&info);
  return info.si_pid;
}

void sys_yield(void) {
  sched_yield();
}

pid_t sys_getpid(void) {
  return getpid();
}

pid_t sys_getppid(void) {
  return getppid();
}

int sys_cpu_count(void) {
  SYS_FAULT();
  long count = sysconf(_SC_NPROCESSORS_ONLN);
  return count < 1 ? -ENOSYS : (int)count;
}

/* Writes what a link names, or the link. */
static const char *read_name(const char *link, char *out_name,
                             size_t capacity) {
  ssize_t n = readlink(link, out_name, capacity - 1);
  if (n < 0) n = stpncpy(out_name, link, capacity - 1) - out_name;
  out_name[n] = '\0';
  return out_name;
}

/* The image is never run by its name: that may be of another file by now, and
 * who can have it so (a mount, another root, a folder that all may write to)
 * has rights that he would get by it. The link is followed in the child. Here
 * it is the thread's, which is there even when main has ended by pthread_exit.
 *
 * Valgrind, which is what such a link leads to under it, does not let itself be
 * run; of /proc/self/exe it says the program's name. */
const char *sys_own_image(char *out_name, size_t capacity) {
  static const char link[] = "/proc/thread-self/exe";
  read_name(link, out_name, capacity);
  if (strstr(out_name, "/valgrind/") == NULL) return link;
  char told[PATH_MAX];
  read_name("/proc/self/exe", told, sizeof told);
  if (strcmp(told, out_name) == 0) return link;
  return strncpy(out_name, told, capacity);
}

void sys_set_name(const char *path) {
  const char *slash = strrchr(path, '/');
  prctl(PR_SET_NAME, slash == NULL ? path : slash + 1);
}

bool sys_is_privileged(void) {
  return getauxval(AT_SECURE) != 0 || getuid() != geteuid() ||
         getgid() != getegid();
}

struct ids {
  uid_t user[3]; /* real, effective, saved */
  gid_t group[3];
  gid_t groups[MANY_GROUPS];
};

uint64_t sys_ids(void) {
  struct ids ids;
  getresuid(&ids.user[0], &ids.user[1], &ids.user[2]);
  getresgid(&ids.group[0], &ids.group[1], &ids.group[2]);
  int count = getgroups(MANY_GROUPS, ids.groups);
  if (count < 0) count = 0; /* so many are the same as none */
  size_t size = offsetof(struct ids, groups) + (size_t)count * sizeof(gid_t);
  uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
  for (size_t i = 0; i < size; i++) {
    hash = (hash ^ ((const uint8_t *)&ids)[i]) * UINT64_C(0x100000001b3);
  }
  return hash;
}

int sys_random(void *out_data, size_t size) {
  SYS_FAULT();
  return getentropy(out_data, size) < 0 ? -errno : 0;
}

char **sys_environment(void) {
  return environ;
}

void sys_set_environment(char **environment) {
  environ = environment;
}
