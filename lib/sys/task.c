/* SPDX-License-Identifier: MIT
 *
 * See task.h. Everything is one line of /proc/NUMBER/stat (proc(5)), whose
 * second field is a name that may hold anything, but no later field does.
 */
#include "lib/sys/task.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/sys/fault.h"
#include "lib/sys/proc.h"

enum field { STATE = 3, NUM_THREADS = 20, STARTTIME = 22, EXIT_CODE = 52 };

struct stat_line {
  char text[1024];
};

static int read_stat(pid_t task, struct stat_line *out) {
  char path[32];
  snprintf(path, sizeof path, "/proc/%d/stat", (int)task);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  ssize_t n = read(fd, out->text, sizeof out->text - 1);
  int r = n < 0 ? -errno : 0;
  close(fd);
  if (r == 0) out->text[n] = '\0';
  return r;
}

/* Where a field begins; "" if there is none. */
static const char *find(const struct stat_line *line, enum field field) {
  const char *at = strrchr(line->text, ')');
  int number = STATE - 1;
  while (at != NULL && number < (int)field) {
    at = strchr(at + 1, ' ');
    number++;
  }
  return at == NULL ? "" : at + 1;
}

static uint32_t birth_of(const struct stat_line *line) {
  return (uint32_t)strtoull(find(line, STARTTIME), NULL, 10);
}

/* A leader that has gone before its threads looks like a zombie. */
static int is_dead(const struct stat_line *line) {
  char state = *find(line, STATE);
  if (state != 'Z' && state != 'X') return 0;
  return atoi(find(line, NUM_THREADS)) <= 1;
}

pid_t sys_gettid(void) {
  return (pid_t)syscall(SYS_gettid);
}

int sys_task_birth(pid_t task, uint32_t *out_birth) {
  SYS_FAULT();
  struct stat_line line;
  int r = read_stat(task, &line);
  if (r == 0) *out_birth = birth_of(&line);
  return r;
}

int sys_task_ended(pid_t task, uint32_t birth) {
  SYS_FAULT();
  if (kill(task, 0) < 0 && errno == ESRCH) return 1;
  struct stat_line line;
  int r = read_stat(task, &line);
  if (r < 0) return r == -ENOENT || r == -ESRCH;
  return (birth != 0 && birth_of(&line) != birth) || is_dead(&line);
}

int sys_zombie_exitcode(int pidfd, pid_t pid, int *out_exitcode) {
  SYS_FAULT();
  struct stat_line line;
  if (read_stat(pid, &line) < 0) return 0;
  /* Still there, so it was the same process all the time. */
  if (syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) < 0) return 0;
  const char *exit_code = find(&line, EXIT_CODE);
  if (!is_dead(&line) || *exit_code == '\0') return 0;
  *out_exitcode = sys_exitcode_of_status(atoi(exit_code));
  return 1;
}
