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
#include <stdlib.h>
#include <string.h>

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

int sys_spawn_close_from(posix_spawn_file_actions_t *actions, int first) {
  return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

#else

const char *sys_error_text(int error) {
  return strerror(error);
}

int sys_spawn_close_from(posix_spawn_file_actions_t *actions, int first) {
  DIR *open_ones = opendir("/proc/self/fd");
  if (open_ones == NULL) return errno;
  int r = 0;
  for (struct dirent *entry; r == 0 && (entry = readdir(open_ones)) != NULL;) {
    int fd = atoi(entry->d_name); /* of "." and "..": 0 */
    if (fd >= first) r = posix_spawn_file_actions_addclose(actions, fd);
  }
  closedir(open_ones);
  return r;
}

#endif
