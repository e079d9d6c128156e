/* SPDX-License-Identifier: MIT
 *
 * See fd.h. Closing never fails as far as callers are concerned: on Linux the
 * descriptor is gone whatever close answers, and trying again could close
 * somebody else's.
 */
#include "lib/sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/sys/clock.h"
#include "lib/sys/fault.h"
#include "lib/sys/proc.h"

/* How long sys_poll_soon looks: an answer, or the next of several starts, comes
 * sooner. */
#define POLL_SOON_NS INT64_C(200000)

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U
#endif

/* How often those are looked at that the kernel does not let us wait for. */
#define PIECES_NS INT64_C(10000000)

/* A thread that is cancelled closes what it is about to close. */
static void close_whole(int fd) {
  int before;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
  close(fd);
  pthread_setcancelstate(before, &before);
}

int sys_close(int fd) {
  if (fd >= 0) close_whole(fd);
  return -1;
}

int sys_fd_new(int fd) {
  if (fd < 0 || fd > STDERR_FILENO) return fd;
  int high = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  int r = high < 0 ? -errno : high;
  close_whole(fd);
  return r;
}

int sys_fds_new(int out_fds[], size_t num_fds) {
  int r = 0;
  for (size_t i = 0; i < num_fds; i++) {
    out_fds[i] = sys_fd_new(out_fds[i]);
    if (out_fds[i] < 0) r = out_fds[i];
  }
  for (size_t i = 0; r < 0 && i < num_fds; i++) sys_close(out_fds[i]);
  return r;
}

/* fstat, but for where the C library's has its empty name: among constants that
 * a new process would have to fetch first. */
static int status_of(int fd, struct stat *out) {
  const char name = '\0';
  return fstatat(fd, &name, out, AT_EMPTY_PATH);
}

struct sys_kept sys_keep(int fd) {
  struct stat status = {0};
  if (fd >= 0) status_of(fd, &status);
  return (struct sys_kept){
      .fd = fd, .device = status.st_dev, .file = status.st_ino};
}

bool sys_kept_is_open(const struct sys_kept *kept) {
  struct stat status;
  return kept->fd >= 0 && status_of(kept->fd, &status) == 0 &&
         status.st_dev == kept->device && status.st_ino == kept->file;
}

void sys_kept_close(struct sys_kept *kept) {
  if (sys_kept_is_open(kept)) close_whole(kept->fd);
  kept->fd = -1;
}

int sys_open_null(void) {
  SYS_FAULT();
  int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    fd = memfd_create("brood-null", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    /* A process that wrote to it would be read by others. */
    if (fd >= 0) fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW);
  }
  return sys_fd_new(fd < 0 ? -errno : fd);
}

int sys_stdin(int fd) {
  SYS_FAULT();
  return dup2(fd, STDIN_FILENO) < 0 ? -errno : 0;
}

int sys_directory_open(void) {
  SYS_FAULT();
  int fd = open(".", O_PATH | O_CLOEXEC);
  /* Who is inside needs no right to go in, but "." asks for one. */
  if (fd < 0) fd = open("/proc/thread-self/cwd", O_PATH | O_CLOEXEC);
  return sys_fd_new(fd < 0 ? -errno : fd);
}

int sys_directory_enter(int fd) {
  SYS_FAULT();
  if (fchdir(fd) == 0) return 0;
  int r = -errno;
  struct stat here, there;
  bool is_here = fstatat(AT_FDCWD, "", &here, AT_EMPTY_PATH) == 0 &&
                 fstat(fd, &there) == 0 && here.st_dev == there.st_dev &&
                 here.st_ino == there.st_ino;
  return is_here ? 0 : r;
}

int sys_fd_valid(int fd) {
  SYS_FAULT();
  return fcntl(fd, F_GETFD) < 0 ? -errno : 0;
}

int sys_cloexec(int fd) {
  SYS_FAULT();
  return fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? -errno : 0;
}

int sys_fd_copy(int fd) {
  SYS_FAULT();
  int copy = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  return copy < 0 ? -errno : copy;
}

int sys_fd_room(int fd, size_t number) {
  SYS_FAULT();
  int copy = fcntl(fd, F_DUPFD_CLOEXEC, (int)number);
  if (copy < 0) return errno == EINVAL ? -EMFILE : -errno;
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
  return pipe2(out_ends, O_CLOEXEC) < 0 ? -errno : sys_fds_new(out_ends, 2);
}

int sys_die_at_hangup(int fd) {
  SYS_FAULT();
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETOWN, getpid()) < 0 ||
      fcntl(fd, F_SETSIG, SIGKILL) < 0 ||
      fcntl(fd, F_SETFL, flags | O_ASYNC) < 0) {
    return -errno;
  }
  /* The writer may have gone before O_ASYNC was set; nobody signals that. */
  struct pollfd hangup = {.fd = fd, .events = POLLIN};
  if (poll(&hangup, 1, 0) != 0) raise(SIGKILL);
  return 0;
}

int sys_read_full(int fd, void *out_data, size_t size) {
  SYS_FAULT();
  char *at = out_data;
  while (size > 0) {
    ssize_t n = read(fd, at, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -errno;
    if (n == 0) return -EPIPE;
    at += n;
    size -= (size_t)n;
  }
  return 0;
}

int sys_write_full(int fd, const void *data, size_t size) {
  SYS_FAULT();
  const char *at = data;
  while (size > 0) {
    ssize_t n = write(fd, at, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -errno;
    at += n;
    size -= (size_t)n;
  }
  return 0;
}

int sys_read_at(int fd, void *out_data, size_t size, size_t offset) {
  SYS_FAULT();
  char *at = out_data;
  while (size > 0) {
    ssize_t n = pread(fd, at, size, (off_t)offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -errno;
    if (n == 0) return -ENODATA;
    at += n;
    offset += (size_t)n;
    size -= (size_t)n;
  }
  return 0;
}

int sys_write_at(int fd, const void *data, size_t size, size_t offset) {
  SYS_FAULT();
  int r = sys_file_room(offset + size);
  if (r < 0) return r;
  const char *at = data;
  while (size > 0) {
    ssize_t n = pwrite(fd, at, size, (off_t)offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -errno;
    at += n;
    offset += (size_t)n;
    size -= (size_t)n;
  }
  return 0;
}

int64_t sys_file_size(int fd) {
  SYS_FAULT();
  struct stat status;
  if (fstat(fd, &status) < 0) return -errno;
  return S_ISREG(status.st_mode) ? status.st_size : -EINVAL;
}

int sys_file_room(size_t size) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) < 0) return -errno;
  return size > limit.rlim_cur ? -EFBIG : 0;
}

int sys_memfd_sealed(const char *name, size_t length, int seals) {
  int fd = memfd_create(name, MFD_CLOEXEC | MFD_NOEXEC_SEAL);
  if (fd < 0 && errno == EINVAL) { /* before Linux 6.3 */
    fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  }
  fd = sys_fd_new(fd < 0 ? -errno : fd);
  if (fd < 0) return fd;
  if (ftruncate(fd, (off_t)length) == 0 &&
      fcntl(fd, F_ADD_SEALS, seals | F_SEAL_SEAL) == 0) {
    return fd;
  }
  int r = -errno;
  sys_close(fd);
  return r;
}

int sys_memfd_new(const char *name, size_t size) {
  SYS_FAULT();
  int r = sys_file_room(size);
  return r < 0 ? r : sys_memfd_sealed(name, 0, 0);
}

int sys_map_file(int fd, const void **out_data, size_t *out_size) {
  SYS_FAULT();
  struct stat status;
  if (fstat(fd, &status) < 0) return -errno;
  if (status.st_size <= 0) return -EINVAL;
  size_t size = (size_t)status.st_size;
  void *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (data == MAP_FAILED) return -errno;
  *out_data = data;
  *out_size = size;
  return 0;
}

/* ppoll's timeout for a deadline; NULL waits without limit. */
static const struct timespec *remaining(int64_t deadline_ns,
                                        struct timespec *storage) {
  if (deadline_ns == SYS_CLOCK_NEVER) return NULL;
  int64_t left = deadline_ns <= 0 ? 0 : deadline_ns - sys_clock_ns();
  if (left < 0) left = 0;
  storage->tv_sec = left / 1000000000;
  storage->tv_nsec = left % 1000000000;
  return storage;
}

static int poll_in_pieces(struct pollfd *fds, size_t num_fds,
                          int64_t deadline_ns);

static int poll_until(struct pollfd *fds, size_t num_fds, int64_t deadline_ns) {
  int n;
  do {
    struct timespec storage;
    n = ppoll(fds, num_fds, remaining(deadline_ns, &storage), NULL);
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
  int64_t sleep_ns = sys_clock_ns() + POLL_SOON_NS;
  if (sleep_ns > deadline_ns) sleep_ns = deadline_ns;
  do {
    int n = poll_until(fds, num_fds, 0);
    if (n != 0) return n;
    sys_yield();
  } while (sys_clock_ns() < sleep_ns);
  return poll_until(fds, num_fds, deadline_ns);
}
