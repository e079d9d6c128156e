/* SPDX-License-Identifier: MIT
 *
 * See mem.h. fallocate hands out pages until the machine has none left, and
 * then the kernel kills somebody: what is more than there is has to be refused
 * before.
 */
#include "lib/sys/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/sys/fault.h"
#include "lib/sys/fd.h"

int sys_mem_new(const char *name, size_t size) {
  SYS_FAULT();
  int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  fd = sys_fd_new(fd < 0 ? -errno : fd);
  if (fd < 0) return fd;
  if (ftruncate(fd, (off_t)size) == 0 &&
      fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) == 0) {
    return fd;
  }
  int r = -errno;
  sys_close(fd);
  return r;
}

/* A line of /proc/meminfo, in bytes; 0 if there is none. */
static uint64_t meminfo(const char *text, const char *name) {
  const char *line = strstr(text, name);
  return line == NULL ? 0 : strtoull(line + strlen(name), NULL, 10) * 1024;
}

/* Small amounts are not worth the look. */
#define WORTH_A_LOOK ((size_t)1 << 24)

static int refuse_more_than_all(size_t size) {
  if (size < WORTH_A_LOOK) return 0;
  char text[4096];
  int fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  ssize_t n = read(fd, text, sizeof text - 1);
  sys_close(fd);
  if (n <= 0) return -EIO;
  text[n] = '\0';
  uint64_t all = meminfo(text, "MemAvailable:") + meminfo(text, "SwapFree:");
  return size > all ? -ENOMEM : 0;
}

int sys_mem_room(size_t size) {
  SYS_FAULT();
  return refuse_more_than_all(size);
}

int sys_mem_reserve(int fd, size_t offset, size_t size) {
  SYS_FAULT();
  int r = refuse_more_than_all(size);
  if (r < 0) return r;
  do {
    r = fallocate(fd, 0, (off_t)offset, (off_t)size) < 0 ? -errno : 0;
  } while (r == -EINTR);
  return r;
}

int sys_mem_release(int fd, size_t offset, size_t size) {
  SYS_FAULT();
  int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  return fallocate(fd, mode, (off_t)offset, (off_t)size) < 0 ? -errno : 0;
}

int sys_mem_map(int fd, size_t size, void **out_memory) {
  SYS_FAULT();
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return -errno;
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
