/* SPDX-License-Identifier: MIT
 *
 * The processes of others. Everything is one line of /proc/NUMBER/stat
 * (proc(5)), whose second field is a name that may hold anything, but no later
 * field does.
 */
#include "lib/sys/proc.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/sys/fault.h"
#include "lib/sys/fd.h"

enum field {
  STATE = 3,
  NUM_THREADS = 20,
  STARTTIME = 22,
  RSS_PAGES = 24,
  STARTCODE = 26,
  STARTSTACK = 28,
  EXIT_CODE = 52
};

enum { LINE = 1024 };

static int read_stat(pid_t task, char line[LINE]) {
  char path[32];
  snprintf(path, sizeof path, "/proc/%d/stat", (int)task);
  return sys_read_text(path, line, LINE);
}

/* Where a field begins; "" if there is none. */
static const char *find_field(const char *line, enum field field) {
  const char *at = strrchr(line, ')');
  int number = STATE - 1;
  while (at != NULL && number < (int)field) {
    at = strchr(at + 1, ' ');
    number++;
  }
  return at == NULL ? "" : at + 1;
}

static uint64_t number_at(const char *line, enum field field) {
  return strtoull(find_field(line, field), NULL, 10);
}

enum { IMAGE_BITS = 12 };

/* Code and stack of a program lie at random; a fork keeps them, and an exec
 * does not. Without the right to see them the kernel says 1 and 0. */
static uint32_t mark_of(const char *line) {
  uint64_t stack = number_at(line, STARTSTACK);
  uint64_t place = number_at(line, STARTCODE) ^ stack;
  uint32_t image = (uint32_t)(place * UINT64_C(0x9e3779b97f4a7c15) >> 52);
  if (stack == 0) image = 0;
  return (uint32_t)number_at(line, STARTTIME) << IMAGE_BITS | image;
}

static int is_other(uint32_t mark, uint32_t now) {
  if ((mark ^ now) >> IMAGE_BITS != 0) return mark != 0;
  uint32_t image = mark & SYS_TASK_IMAGE, image_now = now & SYS_TASK_IMAGE;
  return image != 0 && image_now != 0 && image != image_now;
}

static int is_ended(const char *line) {
  char state = *find_field(line, STATE);
  return state == 'Z' || state == 'X';
}

/* A leader that has gone before its threads looks like a zombie. */
static int is_dead(const char *line) {
  return is_ended(line) && atoi(find_field(line, NUM_THREADS)) <= 1;
}

int sys_task_home(uint64_t *out_home) {
  SYS_FAULT();
  struct stat pids, times = {0};
  if (stat("/proc/self/ns/pid", &pids) < 0) return -errno;
  /* Kernels without time namespaces have one time. */
  if (stat("/proc/self/ns/time", &times) < 0 && errno != ENOENT) return -errno;
  *out_home = (uint64_t)pids.st_ino << 32 | (uint32_t)times.st_ino;
  return 0;
}

int64_t sys_resident_bytes(void) {
  char line[LINE];
  if (read_stat(getpid(), line) < 0) return 0;
  return (int64_t)number_at(line, RSS_PAGES) * sysconf(_SC_PAGESIZE);
}

int sys_task_mark(pid_t task, uint32_t *out_mark) {
  SYS_FAULT();
  char line[LINE];
  int r = read_stat(task, line);
  if (r == 0) *out_mark = mark_of(line);
  return r;
}

/* Our own child says so itself, and needs neither /proc nor a descriptor. */
static int is_own_zombie(pid_t task) {
  siginfo_t info = {0};
  int flags = WEXITED | WNOHANG | WNOWAIT;
  return waitid(P_PID, (id_t)task, &info, flags) == 0 && info.si_pid == task;
}

/* Without a descriptor: a zombie has no program any more. A leader that has
 * gone before its threads has none either, but more than one task. */
static int looks_gone(pid_t task) {
  char path[32], name[1];
  struct stat tasks;
  snprintf(path, sizeof path, "/proc/%d/exe", (int)task);
  if (readlink(path, name, sizeof name) >= 0 || errno != ENOENT) return 0;
  snprintf(path, sizeof path, "/proc/%d/task", (int)task);
  return stat(path, &tasks) == 0 && tasks.st_nlink <= 3;
}

/* The number is asked for last: what was read may have gone meanwhile. */
int sys_task_ended(pid_t task, uint32_t mark, bool is_thread) {
  SYS_FAULT();
  if (is_own_zombie(task)) return 1;
  char line[LINE];
  int r = read_stat(task, line);
  if (r == 0) {
    if (is_thread ? is_ended(line) : is_dead(line)) return 1;
    return is_other(mark, mark_of(line)) ? SYS_TASK_OTHER : 0;
  }
  if ((r == -EMFILE || r == -ENFILE) && looks_gone(task)) return 1;
  return kill(task, 0) < 0 && errno == ESRCH;
}

/* To compare its memory with ours needs the same right. */
static int may_see(pid_t task) {
  enum { COMPARE_MEMORY = 1 }; /* KCMP_VM of linux/kcmp.h */
  return syscall(SYS_kcmp, getpid(), task, COMPARE_MEMORY, 0, 0) >= 0;
}

int sys_zombie_exitcode(int pidfd, pid_t pid, int *out_exitcode) {
  SYS_FAULT();
  char line[LINE];
  if (read_stat(pid, line) < 0) return 0;
  /* Still there, so it was the same process all the time. */
  if (sys_pidfd_signal(pidfd, 0) < 0) return 0;
  const char *text = find_field(line, EXIT_CODE);
  if (!is_dead(line) || *text == '\0') return 0;
  int status = atoi(text);
  /* A process that may not see it is told 0; may we? */
  if (status == 0 && !may_see(pid)) return 0;
  *out_exitcode = sys_exitcode_of_status(status);
  return 1;
}
