/* SPDX-License-Identifier: MIT
 *
 * See fd.h. Closing never fails as far as callers are concerned: on Linux the
 * descriptor is gone whatever close answers, and trying again could close
 * somebody else's.
 */
#include "lib/sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/sys/clock.h"
#include "lib/sys/fault.h"
#include "lib/sys/proc.h"

/* How often those are looked at that the kernel does not let us wait for. */
#define PIECES_NS INT64_C(10000000)

/* A thread that is cancelled closes what it is about to close. */
int sys_close(int fd) {
  int before;
  if (fd < 0) return -1;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
  close(fd);
  pthread_setcancelstate(before, &before);
  return -1;
}

static int copy_above(int fd, int least) {
  int copy = fcntl(fd, F_DUPFD_CLOEXEC, least);
  return copy < 0 ? -errno : copy;
}

int sys_fd_new(int fd) {
  if (fd < 0) return -errno;
  if (fd > STDERR_FILENO) return fd;
  int high = copy_above(fd, STDERR_FILENO + 1);
  sys_close(fd);
  return high;
}

int sys_fds_new(int result, int out_fds[2]) {
  if (result < 0) return -errno;
  for (int i = 0; i < 2; i++) {
    out_fds[i] = sys_fd_new(out_fds[i]);
    if (out_fds[i] < 0) result = out_fds[i];
  }
  for (int i = 0; result < 0 && i < 2; i++) sys_close(out_fds[i]);
  return result;
}

int sys_fd_unless(int fd, int r) {
  if (r >= 0) return fd;
  sys_close(fd);
  return r;
}

/* By fstat, but for where the C library's has its empty name: among constants
 * that a new process would have to fetch first. */
struct sys_kept sys_keep(int fd) {
  struct stat status = {0};
  const char name = '\0';
  if (fd >= 0 || fd == AT_FDCWD) fstatat(fd, &name, &status, AT_EMPTY_PATH);
  return (struct sys_kept){
      .fd = fd, .device = status.st_dev, .file = status.st_ino};
}

bool sys_kept_is_open(const struct sys_kept *kept) {
  struct sys_kept now = sys_keep(kept->fd);
  return now.file != 0 && now.file == kept->file && now.device == kept->device;
}

void sys_kept_close(struct sys_kept *kept) {
  if (sys_kept_is_open(kept)) sys_close(kept->fd);
  kept->fd = -1;
}

SYS_CALL(sys_stream, (int fd, int number), dup2(fd, number))

int sys_directory_open(void) {
  SYS_FAULT();
  int fd = open(".", O_PATH | O_CLOEXEC);
  /* A process that is inside needs no right to go in, but "." asks for one. */
  if (fd < 0) fd = open("/proc/thread-self/cwd", O_PATH | O_CLOEXEC);
  return sys_fd_new(fd);
}

int sys_directory_enter(int fd) {
  SYS_FAULT();
  if (fchdir(fd) == 0) return 0;
  int r = -errno;
  struct sys_kept here = sys_keep(AT_FDCWD);
  here.fd = fd;
  return sys_kept_is_open(&here) ? 0 : r; /* it is where we are */
}

SYS_CALL(sys_fd_valid, (int fd), fcntl(fd, F_GETFD))
SYS_CALL(sys_cloexec, (int fd), fcntl(fd, F_SETFD, FD_CLOEXEC))

int sys_fd_copy(int fd) {
  SYS_FAULT();
  return copy_above(fd, STDERR_FILENO + 1);
}

int sys_fd_room(int fd, size_t number) {
  SYS_FAULT();
  int copy = copy_above(fd, (int)number);
  if (copy < 0) return copy == -EINVAL ? -EMFILE : copy;
  close(copy);
  return 0;
}

struct rlimit sys_fd_limit_raise(void) {
  struct rlimit before, most;
  getrlimit(RLIMIT_NOFILE, &before);
  most = before;
  most.rlim_cur = before.rlim_max;
  setrlimit(RLIMIT_NOFILE, &most);
  return before;
}

void sys_fd_limit_restore(const struct rlimit *before) {
  if (before->rlim_cur != before->rlim_max) setrlimit(RLIMIT_NOFILE, before);
}

int sys_pipe(int out_ends[2]) {
  SYS_FAULT();
  return sys_fds_new(pipe2(out_ends, O_CLOEXEC), out_ends);
}

int sys_die_at_hangup(int fd) {
  SYS_FAULT();
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETOWN, getpid()) < 0 ||
      fcntl(fd, F_SETSIG, SIGKILL) < 0 ||
      fcntl(fd, F_SETFL, flags | O_ASYNC | O_NONBLOCK) < 0) {
    return -errno;
  }
  /* The writer may have gone before O_ASYNC was set; nobody signals that. No
   * poll: with a limit of no descriptors that fails. */
  char ignored;
  if (read(fd, &ignored, 1) >= 0) raise(SIGKILL);
  return 0;
}

static int poll_in_pieces(struct pollfd *fds, size_t num_fds,
                          int64_t deadline_ns);

static int poll_until(struct pollfd *fds, size_t num_fds, int64_t deadline_ns) {
  int n;
  do {
    int64_t left_ns = sys_clock_left(deadline_ns);
    struct timespec left = {left_ns / 1000000000, left_ns % 1000000000};
    bool is_endless = deadline_ns == SYS_CLOCK_NEVER;
    n = ppoll(fds, num_fds, is_endless ? NULL : &left, NULL);
  } while (n < 0 && errno == EINTR);
  if (n < 0 && errno == EINVAL) {
    return poll_in_pieces(fds, num_fds, deadline_ns);
  }
  return n < 0 ? -errno : n;
}

/* The kernel polls no more descriptors than may be opened, which may be fewer
 * than are open. */
static int poll_in_pieces(struct pollfd *fds, size_t num_fds,
                          int64_t deadline_ns) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  size_t most = limit.rlim_cur;
  if (most == 0 || most >= num_fds) return -EINVAL;
  int64_t now_ns;
  do {
    int count = 0;
    for (size_t at = 0; at < num_fds; at += most) {
      int n =
          poll_until(fds + at, most < num_fds - at ? most : num_fds - at, 0);
      if (n < 0) return n;
      count += n;
    }
    if (count > 0) return count;
    now_ns = sys_clock_ns();
    int64_t next_ns = now_ns + PIECES_NS;
    poll_until(fds, most, next_ns < deadline_ns ? next_ns : deadline_ns);
  } while (now_ns < deadline_ns);
  return 0;
}

int sys_poll(struct pollfd *fds, size_t num_fds, int64_t deadline_ns) {
  SYS_FAULT();
  return poll_until(fds, num_fds, deadline_ns);
}

int sys_poll_one(int fd, short events, int64_t deadline_ns) {
  struct pollfd one = {.fd = fd, .events = events};
  int n = sys_poll(&one, 1, deadline_ns);
  return n < 0 ? n : one.revents;
}

/* However often it looks, it is one call that may fail: a sweep over all calls
 * would never end on a machine where the child is slow. */
int sys_poll_soon(struct pollfd *fds, size_t num_fds, int64_t deadline_ns) {
  SYS_FAULT();
  int64_t sleep_ns = sys_clock_ns() + SYS_SOON_NS;
  if (sleep_ns > deadline_ns) sleep_ns = deadline_ns;
  do {
    int n = poll_until(fds, num_fds, 0);
    if (n != 0) return n;
  } while (sys_try_yield() && sys_clock_ns() < sleep_ns);
  return poll_until(fds, num_fds, deadline_ns);
}

/* ------------------------------------------------------ Many at once -- */

int sys_epoll_new(void) {
  SYS_FAULT();
  return sys_fd_new(epoll_create1(EPOLL_CLOEXEC));
}

SYS_CALL(sys_epoll_add, (int epoll, int fd, void *who),
         epoll_ctl(epoll, EPOLL_CTL_ADD, fd,
                   &(struct epoll_event){.events = EPOLLIN, .data.ptr = who}))

void sys_epoll_remove(int epoll, int fd) {
  epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
}

static int wait_for_events(int epoll, struct epoll_event *out, int capacity,
                           int64_t deadline_ns) {
  int n;
  do {
    int64_t left_ms = (sys_clock_left(deadline_ns) + 999999) / 1000000;
    if (left_ms > INT_MAX) left_ms = INT_MAX;
    if (deadline_ns == SYS_CLOCK_NEVER) left_ms = -1;
    n = epoll_wait(epoll, out, capacity, (int)left_ms);
  } while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : n;
}

int sys_epoll_soon(int epoll, struct epoll_event *out_events, int capacity,
                   bool yields_first, int64_t deadline_ns) {
  SYS_FAULT();
  int64_t sleep_ns = 0;
  bool looks = !yields_first || sys_try_yield();
  while (looks) {
    int n = wait_for_events(epoll, out_events, capacity, 0);
    if (n != 0) return n;
    int64_t now_ns = sys_clock_ns();
    if (sleep_ns == 0) sleep_ns = now_ns + SYS_SOON_NS;
    looks = now_ns < sleep_ns && now_ns < deadline_ns && sys_try_yield();
  }
  return wait_for_events(epoll, out_events, capacity, deadline_ns);
}
