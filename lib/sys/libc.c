/* SPDX-License-Identifier: MIT
 *
 * See libc.h. Without glibc, posix_spawn closes the descriptors that are open
 * when it is called. So one that another thread opens just then, and without
 * O_CLOEXEC, stays open in the new process.
 */
#include "lib/sys/libc.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const signal_names[] = {
    [SIGHUP] = "HUP",       [SIGINT] = "INT",       [SIGQUIT] = "QUIT",
    [SIGILL] = "ILL",       [SIGTRAP] = "TRAP",     [SIGABRT] = "ABRT",
    [SIGBUS] = "BUS",       [SIGFPE] = "FPE",       [SIGKILL] = "KILL",
    [SIGUSR1] = "USR1",     [SIGSEGV] = "SEGV",     [SIGUSR2] = "USR2",
    [SIGPIPE] = "PIPE",     [SIGALRM] = "ALRM",     [SIGTERM] = "TERM",
    [SIGSTKFLT] = "STKFLT", [SIGCHLD] = "CHLD",     [SIGCONT] = "CONT",
    [SIGSTOP] = "STOP",     [SIGTSTP] = "TSTP",     [SIGTTIN] = "TTIN",
    [SIGTTOU] = "TTOU",     [SIGURG] = "URG",       [SIGXCPU] = "XCPU",
    [SIGXFSZ] = "XFSZ",     [SIGVTALRM] = "VTALRM", [SIGPROF] = "PROF",
    [SIGWINCH] = "WINCH",   [SIGPOLL] = "POLL",     [SIGPWR] = "PWR",
    [SIGSYS] = "SYS",
};

const char *sys_signal_name(int number) {
  size_t count = sizeof signal_names / sizeof signal_names[0];
  const char *name =
      number > 0 && (size_t)number < count ? signal_names[number] : NULL;
  return name == NULL ? "?" : name;
}

#ifdef __GLIBC__

/* Unlike strerror's, this text is in no other language. */
const char *sys_error_text(int error) {
  return strerrordesc_np(error);
}

int sys_spawn_close_from(posix_spawn_file_actions_t *actions, int first,
                         int last) {
  (void)last;
  return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

ssize_t sys_sendmsg(int sock, const struct msghdr *message, int flags) {
  return sendmsg(sock, message, flags);
}

long sys_cpus_online(void) {
  return sysconf(_SC_NPROCESSORS_ONLN);
}

#else

const char *sys_error_text(int error) {
  return strerror(error);
}

int sys_spawn_close_from(posix_spawn_file_actions_t *actions, int first,
                         int last) {
  DIR *open_ones = opendir("/proc/self/fd");
  if (open_ones == NULL) return errno;
  int r = 0;
  for (int fd = first; r == 0 && fd < last; fd++) {
    r = posix_spawn_file_actions_addclose(actions, fd);
  }
  for (struct dirent *entry; r == 0 && (entry = readdir(open_ones)) != NULL;) {
    int fd = atoi(entry->d_name); /* of "." and "..": 0 */
    if (fd >= first && fd >= last)
      r = posix_spawn_file_actions_addclose(actions, fd);
  }
  closedir(open_ones);
  return r;
}

/* musl's has room for 252 descriptors. */
ssize_t sys_sendmsg(int sock, const struct msghdr *message, int flags) {
  return syscall(SYS_sendmsg, sock, message, flags);
}

/* musl's sysconf counts those that the process may run on. The file has ranges:
 * "0-3,6". */
long sys_cpus_online(void) {
  FILE *file = fopen("/sys/devices/system/cpu/online", "re");
  if (file == NULL) return sysconf(_SC_NPROCESSORS_ONLN);
  long count = 0, first, last;
  while (fscanf(file, "%ld", &first) == 1) {
    if (fscanf(file, "-%ld", &last) != 1) last = first;
    count += last - first + 1;
    if (fgetc(file) != ',') break;
  }
  fclose(file);
  return count;
}

#endif
