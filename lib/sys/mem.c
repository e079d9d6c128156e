/* SPDX-License-Identifier: MIT
 *
 * Files and shared memory, as fd.h has them. The kernel hands out pages until
 * the machine, or a cgroup, has none left, and then kills somebody: more than
 * there is has to be refused before. Where nothing can be read of that, nothing
 * is refused.
 */
#include "lib/sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/sys/fault.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* --------------------------------------------------------------- Files -- */

enum moving { READ, WRITE };

/* Moves what the kernel moves at once; with an offset of -1, where the file
 * stands. */
static ssize_t move_some(enum moving how, int fd, char *at, size_t size,
                         off_t offset) {
  if (offset < 0) return how == READ ? read(fd, at, size) : write(fd, at, size);
  return how == READ ? pread(fd, at, size, offset)
                     : pwrite(fd, at, size, offset);
}

static int move_all(enum moving how, int fd, void *data, size_t size,
                    off_t offset) {
  char *at = data;
  while (size > 0) {
    ssize_t n = move_some(how, fd, at, size, offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -errno;
    if (n == 0) return offset < 0 ? -EPIPE : -ENODATA;
    at += n;
    size -= (size_t)n;
    if (offset >= 0) offset += n;
  }
  return 0;
}

int sys_read_full(int fd, void *out_data, size_t size) {
  SYS_FAULT();
  return move_all(READ, fd, out_data, size, -1);
}

int sys_write_full(int fd, const void *data, size_t size) {
  SYS_FAULT();
  return move_all(WRITE, fd, (void *)data, size, -1);
}

int sys_read_at(int fd, void *out_data, size_t size, size_t offset) {
  SYS_FAULT();
  return move_all(READ, fd, out_data, size, (off_t)offset);
}

/* How large this process may make a file. */
static size_t largest_file(void) {
  struct rlimit limit;
  return getrlimit(RLIMIT_FSIZE, &limit) < 0 ? SIZE_MAX : limit.rlim_cur;
}

int sys_write_at(int fd, const void *data, size_t size, size_t offset) {
  SYS_FAULT();
  if (offset + size > largest_file()) return -EFBIG;
  return move_all(WRITE, fd, (void *)data, size, (off_t)offset);
}

int sys_read_text(const char *path, char *out_text, size_t capacity) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd < 0 ? -1 : read(fd, out_text, capacity - 1);
  int r = n < 0 ? -errno : 0;
  sys_close(fd);
  out_text[n < 0 ? 0 : n] = '\0';
  return r;
}

int64_t sys_file_size(int fd) {
  SYS_FAULT();
  struct stat status;
  if (fstat(fd, &status) < 0) return -errno;
  return S_ISREG(status.st_mode) ? status.st_size : -EINVAL;
}

int64_t sys_mem_size(int fd) {
  int seals = fcntl(fd, F_GET_SEALS);
  bool is_sealed = seals >= 0 && (seals & F_SEAL_SHRINK) != 0;
  return is_sealed ? sys_file_size(fd) : -EINVAL;
}

int sys_map_file(int fd, const void **out_data, size_t *out_size) {
  int64_t size = sys_file_size(fd);
  if (size <= 0) return size < 0 ? (int)size : -EINVAL;
  void *data = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (data == MAP_FAILED) return -errno;
  *out_data = data;
  *out_size = (size_t)size;
  return 0;
}

/* A memfd that nobody can seal any further than this. */
static int make_memfd(const char *name, size_t length, int seals) {
  int fd = memfd_create(name, MFD_CLOEXEC | MFD_NOEXEC_SEAL);
  if (fd < 0 && errno == EINVAL) { /* before Linux 6.3 */
    fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  }
  fd = sys_fd_new(fd);
  if (fd < 0) return fd;
  bool is_made = ftruncate(fd, (off_t)length) == 0 &&
                 fcntl(fd, F_ADD_SEALS, seals | F_SEAL_SEAL) == 0;
  return sys_fd_unless(fd, is_made ? 0 : -errno);
}

int sys_open_null(void) {
  SYS_FAULT();
  int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (fd >= 0) return sys_fd_new(fd);
  /* Sealed: a process that wrote to it would be read by others. */
  return make_memfd("brood-null", 0, F_SEAL_WRITE | F_SEAL_GROW);
}

int sys_memfd_new(const char *name, size_t size) {
  SYS_FAULT();
  return size > largest_file() ? -EFBIG : make_memfd(name, 0, 0);
}

/* ---------------------------------------------------------------- Room -- */

enum { TEXT = 2048 };

#define CGROUPS "/sys/fs/cgroup"

/* The number behind a name in a small file; another if there is none. */
static uint64_t number_in(const char *folder, const char *file,
                          const char *name, uint64_t otherwise) {
  char path[TEXT], text[TEXT];
  int n = snprintf(path, sizeof path, "%s/%s", folder, file);
  if (n >= TEXT) return otherwise;
  sys_read_text(path, text, sizeof text);
  const char *at = strstr(text, name);
  if (at == NULL) return otherwise;
  at += strlen(name);
  char *end;
  uint64_t number = strtoull(at, &end, 10);
  return end == at ? otherwise : number;
}

/* What a cgroup has left: it gives up the pages of files, and swaps. */
static uint64_t room_of_group(const char *group, uint64_t swap_free) {
  uint64_t all = number_in(group, "memory.max", "", UINT64_MAX);
  if (all == UINT64_MAX) return all;
  uint64_t swap = number_in(group, "memory.swap.max", "", UINT64_MAX);
  all += swap < swap_free ? swap : swap_free;
  all += number_in(group, "memory.stat", "\ninactive_file ", 0);
  all += number_in(group, "memory.stat", "\nactive_file ", 0);
  uint64_t used = number_in(group, "memory.current", "", 0);
  return used < all ? all - used : 0;
}

/* The least that this process's cgroup and those above it have left. */
static uint64_t room_of_groups(uint64_t swap_free) {
  char text[TEXT], path[TEXT];
  uint64_t least = UINT64_MAX;
  sys_read_text("/proc/self/cgroup", text, sizeof text);
  const char *own = strstr(text, "0::/");
  if (own == NULL) return least;
  own += strlen("0::");
  int length = (int)strcspn(own, "\n");
  int n = snprintf(path, TEXT, CGROUPS "%.*s", length, own);
  if (n >= TEXT) return least;
  for (char *end = path + n; end != NULL;
       end = strrchr(path + strlen(CGROUPS), '/')) {
    *end = '\0';
    uint64_t room = room_of_group(path, swap_free);
    if (room < least) least = room;
  }
  return least;
}

/* Small amounts are not worth the look. */
#define WORTH_A_LOOK ((size_t)1 << 24)

int sys_mem_room(size_t size) {
  SYS_FAULT();
  if (size < WORTH_A_LOOK) return 0;
  uint64_t swap_free = number_in("/proc", "meminfo", "SwapFree:", 0) * 1024;
  uint64_t free =
      number_in("/proc", "meminfo", "MemAvailable:", INT64_MAX / 1024) * 1024;
  if (size > free + swap_free) return -ENOMEM;
  return size > room_of_groups(swap_free) ? -ENOMEM : 0;
}

/* --------------------------------------------------------------- Pages -- */

/* fallocate gives back what it has got when a signal comes. */
enum { PIECE = 1 << 24 };

static int fill_file(int fd, size_t offset, size_t size) {
  while (size > 0) {
    size_t piece = size < PIECE ? size : PIECE;
    if (fallocate(fd, 0, (off_t)offset, (off_t)piece) == 0) {
      offset += piece;
      size -= piece;
    } else if (errno != EINTR) {
      return -errno;
    }
  }
  return 0;
}

int sys_mem_new(const char *name, size_t least, size_t *size) {
  SYS_FAULT();
  if (*size > largest_file()) *size = largest_file();
  if (*size < least) return -EFBIG;
  int r = sys_mem_room(least);
  if (r < 0) return r;
  int fd = make_memfd(name, *size, F_SEAL_SHRINK | F_SEAL_GROW);
  return fd < 0 ? fd : sys_fd_unless(fd, fill_file(fd, 0, least));
}

int sys_mem_reserve(const struct sys_kept *file, void *memory, size_t offset,
                    size_t size) {
  SYS_FAULT();
  int r = sys_mem_room(size);
  if (r < 0) return r;
  size_t before = offset % (size_t)sysconf(_SC_PAGESIZE);
  void *begin = (char *)memory + offset - before;
  if (madvise(begin, before + size, MADV_POPULATE_WRITE) == 0) return 0;
  if (errno != EINVAL) return errno == EFAULT ? -ENOMEM : -errno;
  /* Before Linux 5.14. */
  return sys_kept_is_open(file) ? fill_file(file->fd, offset, size) : -EBADF;
}

int sys_mem_release(void *memory, size_t offset, size_t size) {
  SYS_FAULT();
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  size_t begin = (offset + page - 1) / page * page;
  size_t end = (offset + size) / page * page;
  if (end <= begin) return 0;
  int r = madvise((char *)memory + begin, end - begin, MADV_REMOVE);
  return r < 0 ? -errno : 0;
}

/* Where nothing may be accessed yet, mlockall(MCL_FUTURE) finds nothing to give
 * pages to. */
int sys_mem_map(int fd, size_t size, void **out_memory) {
  SYS_FAULT();
  void *memory = mmap(NULL, size, PROT_NONE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return -errno;
  if (mprotect(memory, size, PROT_READ | PROT_WRITE) < 0) {
    int r = -errno;
    munmap(memory, size);
    return r;
  }
  *out_memory = memory;
  return 0;
}

void sys_mem_unmap(void *memory, size_t size) {
  munmap(memory, size);
}
