/* SPDX-License-Identifier: MIT
 *
 * See mem.h. The kernel hands out pages until the machine, or a cgroup, has
 * none left, and then kills somebody: what is more than there is has to be
 * refused before. Where nothing can be read of that, nothing is refused.
 */
#include "lib/sys/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/sys/fault.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* ---------------------------------------------------------------- Room -- */

enum { TEXT = 2048 };

#define CGROUPS "/sys/fs/cgroup"

/* The text of a small file; "" if it cannot be read. */
static void read_text(const char *path, char *text, size_t size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd < 0 ? 0 : read(fd, text, size - 1);
  sys_close(fd);
  text[n < 0 ? 0 : n] = '\0';
}

/* The number behind a name in a small file; another if there is none. */
static uint64_t number_in(const char *path, const char *name,
                          uint64_t otherwise) {
  char text[TEXT];
  read_text(path, text, sizeof text);
  const char *at = strstr(text, name);
  if (at == NULL) return otherwise;
  at += strlen(name);
  char *end;
  uint64_t number = strtoull(at, &end, 10);
  return end == at ? otherwise : number;
}

static uint64_t number_of_group(const char *group, const char *file,
                                const char *name, uint64_t otherwise) {
  char path[TEXT];
  int n = snprintf(path, sizeof path, "%s/memory.%s", group, file);
  return n >= TEXT ? otherwise : number_in(path, name, otherwise);
}

/* What a cgroup has left: it gives up the pages of files, and swaps. */
static uint64_t room_of_group(const char *group, uint64_t swap_free) {
  uint64_t all = number_of_group(group, "max", "", UINT64_MAX);
  if (all == UINT64_MAX) return all;
  uint64_t swap = number_of_group(group, "swap.max", "", UINT64_MAX);
  all += swap < swap_free ? swap : swap_free;
  all += number_of_group(group, "stat", "\ninactive_file ", 0);
  all += number_of_group(group, "stat", "\nactive_file ", 0);
  uint64_t used = number_of_group(group, "current", "", 0);
  return used < all ? all - used : 0;
}

/* The path of this process's cgroup; false if it is not known. */
static bool find_group(char path[TEXT]) {
  char text[TEXT];
  read_text("/proc/self/cgroup", text, sizeof text);
  const char *own = strstr(text, "0::/");
  if (own == NULL) return false;
  own += strlen("0::");
  int length = (int)strcspn(own, "\n");
  return snprintf(path, TEXT, CGROUPS "%.*s", length, own) < TEXT;
}

/* The least that this process's cgroup and those above it have left. */
static uint64_t room_of_groups(uint64_t swap_free) {
  char path[TEXT];
  uint64_t least = UINT64_MAX;
  if (!find_group(path)) return least;
  for (char *end = path + strlen(path); end != NULL;
       end = strrchr(path + strlen(CGROUPS), '/')) {
    *end = '\0';
    uint64_t room = room_of_group(path, swap_free);
    if (room < least) least = room;
  }
  return least;
}

/* Small amounts are not worth the look. */
#define WORTH_A_LOOK ((size_t)1 << 24)

static int refuse_more_than_all(size_t size) {
  if (size < WORTH_A_LOOK) return 0;
  const char *path = "/proc/meminfo";
  uint64_t swap_free = number_in(path, "SwapFree:", 0) * 1024;
  uint64_t free = number_in(path, "MemAvailable:", INT64_MAX / 1024) * 1024;
  if (size > free + swap_free) return -ENOMEM;
  return size > room_of_groups(swap_free) ? -ENOMEM : 0;
}

int sys_mem_room(size_t size) {
  SYS_FAULT();
  return refuse_more_than_all(size);
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
  struct rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) < 0) return -errno;
  if (*size > limit.rlim_cur) *size = limit.rlim_cur;
  if (*size < least) return -EFBIG;
  int r = refuse_more_than_all(least);
  if (r < 0) return r;
  int fd = sys_memfd_sealed(name, *size, F_SEAL_SHRINK | F_SEAL_GROW);
  if (fd < 0) return fd;
  r = fill_file(fd, 0, least);
  if (r == 0) return fd;
  sys_close(fd);
  return r;
}

static size_t page_size(void) {
  return (size_t)sysconf(_SC_PAGESIZE);
}

int sys_mem_reserve(const struct sys_kept *file, void *memory, size_t offset,
                    size_t size) {
  SYS_FAULT();
  int r = refuse_more_than_all(size);
  if (r < 0) return r;
  size_t before = offset % page_size();
  void *begin = (char *)memory + offset - before;
  if (madvise(begin, before + size, MADV_POPULATE_WRITE) == 0) return 0;
  if (errno != EINVAL) return errno == EFAULT ? -ENOMEM : -errno;
  /* Before Linux 5.14. */
  return sys_kept_is_open(file) ? fill_file(file->fd, offset, size) : -EBADF;
}

int sys_mem_release(void *memory, size_t offset, size_t size) {
  SYS_FAULT();
  size_t page = page_size();
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

int64_t sys_mem_size(int fd) {
  SYS_FAULT();
  struct stat status;
  int seals = fcntl(fd, F_GET_SEALS);
  if (seals < 0 || (seals & F_SEAL_SHRINK) == 0) return -EINVAL;
  return fstat(fd, &status) < 0 ? -errno : status.st_size;
}
