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
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/sys/clock.h"
#include "lib/sys/fault.h"
#include "lib/sys/fd.h"
#include "lib/sys/libc.h"

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

SYS_CALL(sys_child_signal, (pid_t pid, int signal_number),
         kill(pid, signal_number))

void sys_discard_child(pid_t pid) {
  kill(pid, SIGKILL);
  sys_wait_pid(pid);
}

/* A pointer is looked up when the program is loaded; a call, with lazy binding,
 * by each child that a fork makes. */
static void (*const volatile leave)(int) = _exit;

void sys_exit(int code) {
  leave(code);
  __builtin_unreachable();
}

/* --------------------------------------- Descriptors that name processes -- */

/* What stands in for a pidfd, in a memfd. */
struct stand_in {
  uint64_t magic;
  int32_t pid;
  uint32_t mark; /* of sys_task_mark */
};

#define STAND_IN_MAGIC UINT64_C(0x6e692d646e617473)

static bool read_stand_in(int fd, struct stand_in *out) {
  return pread(fd, out, sizeof *out, 0) == (ssize_t)sizeof *out &&
         out->magic == STAND_IN_MAGIC;
}

static int make_stand_in(pid_t pid) {
  struct stand_in stand_in = {.magic = STAND_IN_MAGIC, .pid = pid};
  if (kill(pid, 0) < 0 && errno == ESRCH) return -ESRCH;
  sys_task_mark(pid, &stand_in.mark); /* stays 0 if it fails */
  stand_in.mark &= ~SYS_TASK_IMAGE;
  int fd = sys_memfd_new("brood-process", sizeof stand_in);
  if (fd < 0) return fd;
  return sys_fd_unless(fd, sys_write_full(fd, &stand_in, sizeof stand_in));
}

static int open_pidfd(pid_t pid) {
  return sys_fd_new((int)syscall(SYS_pidfd_open, pid, 0));
}

static int signal_pidfd(int pidfd, int signal_number) {
  long r = syscall(SYS_pidfd_send_signal, pidfd, signal_number, NULL, 0);
  return r < 0 ? -errno : 0;
}

/* Some know one of the calls and not the other. */
static bool find_out_about_pidfds(void) {
  int fd = open_pidfd(getpid());
  if (fd < 0) return fd != -ENOSYS && fd != -EPERM;
  siginfo_t info;
  bool works = signal_pidfd(fd, 0) == 0 &&
               (waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG) == 0 ||
                errno == ECHILD);
  sys_close(fd);
  return works;
}

static bool has_pidfds(void) {
  enum { UNKNOWN, NO, YES };
  static _Atomic int known = UNKNOWN;
  if (known == UNKNOWN) known = find_out_about_pidfds() ? YES : NO;
  return known == YES;
}

int sys_pidfd_open(pid_t pid) {
  SYS_FAULT();
  return has_pidfds() ? open_pidfd(pid) : make_stand_in(pid);
}

bool sys_pidfd_pollable(int pidfd) {
  struct stand_in stand_in;
  return has_pidfds() || !read_stand_in(pidfd, &stand_in);
}

int sys_pidfd_signal(int pidfd, int signal_number) {
  SYS_FAULT();
  struct stand_in process;
  if (has_pidfds()) return signal_pidfd(pidfd, signal_number);
  if (!read_stand_in(pidfd, &process)) return -EBADF;
  if (sys_task_ended(process.pid, process.mark, false) == SYS_TASK_OTHER) {
    return -ESRCH;
  }
  return kill(process.pid, signal_number) < 0 ? -errno : 0;
}

/* Looks from time to time. */
static int wait_for_stand_in(const struct stand_in *process,
                             int64_t deadline_ns) {
  for (int64_t pause_ns = 100000;; pause_ns *= 2) {
    if (sys_task_ended(process->pid, process->mark, false) != 0) return 1;
    if (sys_clock_ns() >= deadline_ns) return 0;
    if (pause_ns > 10000000) pause_ns = 10000000;
    struct timespec pause = {.tv_nsec = pause_ns};
    nanosleep(&pause, NULL);
  }
}

int sys_pidfd_wait(int pidfd, int64_t deadline_ns) {
  struct stand_in process;
  if (!has_pidfds() && read_stand_in(pidfd, &process)) {
    return wait_for_stand_in(&process, deadline_ns);
  }
  struct pollfd end = {.fd = pidfd, .events = POLLIN};
  int r = deadline_ns <= 0 ? sys_poll(&end, 1, 0)
                           : sys_poll_soon(&end, 1, deadline_ns);
  if (r > 0 && (end.revents & POLLNVAL) != 0) return -EBADF;
  return r < 0 ? r : r > 0;
}

/* The pid of a child whose status was taken, 0 if none has ended, or -errno. */
static pid_t reap(idtype_t how, id_t who, int *out_exitcode) {
  siginfo_t info = {0};
  if (waitid(how, who, &info, WEXITED | WNOHANG) < 0) return -errno;
  if (info.si_pid == 0) return 0;
  int status = info.si_status;
  *out_exitcode = info.si_code == CLD_EXITED ? status : -status;
  return info.si_pid;
}

int sys_pidfd_reap(int pidfd, pid_t pid, int *out_exitcode) {
  SYS_FAULT();
  if (pidfd < 0 || !has_pidfds()) return reap(P_PID, (id_t)pid, out_exitcode);
  return reap(P_PIDFD, (id_t)pidfd, out_exitcode);
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
  int status = SIGKILL; /* stays so if somebody else has waited for it */
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  return WIFSIGNALED(status);
}

int sys_reap_any(int *out_exitcode) {
  SYS_FAULT();
  return reap(P_ALL, 0, out_exitcode);
}

void sys_yield(void) {
  sched_yield();
}

/* How long a yield lasts where nobody computes, at most; and how many are left
 * out after one that lasted longer. */
#define SHORT_YIELD_NS INT64_C(400000)
enum { LEFT_OUT = 64 };

bool sys_try_yield(void) {
  static _Atomic int left_out;
  /* relaxed: a guess, that threads may spoil for each other. */
  int left = atomic_load_explicit(&left_out, memory_order_relaxed);
  int64_t begin_ns = left > 0 ? 0 : sys_clock_ns();
  if (left == 0) sched_yield();
  if (left == 0 && sys_clock_ns() - begin_ns > SHORT_YIELD_NS)
    left = LEFT_OUT + 1;
  if (left == 0) return true;
  atomic_store_explicit(&left_out, left - 1, memory_order_relaxed);
  return false;
}

pid_t sys_getpid(void) {
  return getpid();
}

pid_t sys_gettid(void) {
  return (pid_t)syscall(SYS_gettid);
}

int sys_cpu_count(void) {
  SYS_FAULT();
  long count = sys_cpus_online();
  return count < 1 ? -ENOSYS : (int)count;
}

int sys_affinity(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) < 0) return 1;
  return CPU_COUNT(&set);
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
  uid_t user[3];
  gid_t group[3];
  return getauxval(AT_SECURE) != 0 ||
         getresuid(&user[0], &user[1], &user[2]) < 0 || user[0] != user[1] ||
         getresgid(&group[0], &group[1], &group[2]) < 0 || group[0] != group[1];
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

SYS_CALL(sys_random, (void *out_data, size_t size), getentropy(out_data, size))

/* ----------------------------------------------- What a child is made of -- */

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

/* -------------------------------------------------------------- Signals -- */

void sys_signals_block(sigset_t *out_before) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, out_before);
}

/* By the system call: each child does this, and pthread_sigmask is on a page of
 * the C library that a child needs for nothing else. */
void sys_signals_unblock(const sigset_t *before) {
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, before, NULL, _NSIG / 8);
}

/* Never called, for the signal is blocked. But for SIG_IGN and SIG_DFL the
 * kernel would throw a pending one away at each change of disposition. */
static void stay_pending(int number) {
  (void)number;
}

static void set_reaping(int by_kernel) {
  struct sigaction action = {.sa_handler = stay_pending,
                             .sa_flags = by_kernel ? SA_NOCLDWAIT : 0};
  sigaction(SIGCHLD, &action, NULL);
}

static sigset_t only_signal(int number) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  return set;
}

void sys_signal_answer(int signal_number, void (*handler)(int)) {
  struct sigaction action = {.sa_handler = handler};
  sigaction(signal_number, &action, NULL);
}

void sys_signal_hold(int signal_number, bool hold) {
  sigset_t set = only_signal(signal_number);
  pthread_sigmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

int sys_signals_serve(struct sys_signals *out_before, int reports) {
  SYS_FAULT();
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  sigset_t set = only_signal(SIGCHLD);
  sigaction(SIGINT, &ignore, &out_before->on_int);
  sigaction(SIGPIPE, &ignore, &out_before->on_pipe);
  sigaction(SIGCHLD, NULL, &out_before->on_child);
  sigprocmask(SIG_BLOCK, &set, &out_before->mask);
  set_reaping(!reports);
  if (!reports) return 0;
  return sys_fd_new(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

void sys_signals_restore(const struct sys_signals *before) {
  sigaction(SIGINT, &before->on_int, NULL);
  sigaction(SIGPIPE, &before->on_pipe, NULL);
  sigaction(SIGCHLD, &before->on_child, NULL);
  sys_signals_unblock(&before->mask);
}

static int take_child_signal(void) {
  sigset_t set = only_signal(SIGCHLD);
  return sigtimedwait(&set, NULL, &(struct timespec){0}) == SIGCHLD;
}

/* One that ends before the disposition changes is reaped by the kernel, and
 * its signal at worst makes the caller look in vain. */
void sys_signals_hold_children(void) {
  take_child_signal();
  set_reaping(0);
}

int sys_signals_let_children(void) {
  set_reaping(1);
  return take_child_signal();
}

void sys_signals_drain(int fd) {
  struct signalfd_siginfo info;
  while (read(fd, &info, sizeof info) > 0) continue;
}
