// SPDX-License-Identifier: MIT
//
// See board.h.
#include "bench/board.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <ctime>

namespace bench {

void *MakeMemory(size_t size_bytes, int *out_fd) {
  *out_fd = memfd_create("board", MFD_CLOEXEC);
  if (*out_fd < 0 || ftruncate(*out_fd, size_bytes) < 0) return nullptr;
  return AttachMemory(*out_fd, size_bytes);
}

void *AttachMemory(int fd, size_t size_bytes) {
  void *memory =
      mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

int NumProcessors() {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) < 0) return 1;
  return CPU_COUNT(&allowed);
}

bool JoinCrew(const Board *board, int index) {
  alarm(kHungSeconds);
  if (board->num_processors == 0) return true;
  cpu_set_t allowed, chosen;
  if (sched_getaffinity(0, sizeof allowed, &allowed) < 0) return false;
  int skip = index % board->num_processors;
  for (int processor = 0; processor < CPU_SETSIZE; processor++) {
    if (!CPU_ISSET(processor, &allowed) || skip-- > 0) continue;
    CPU_ZERO(&chosen);
    CPU_SET(processor, &chosen);
    return sched_setaffinity(0, sizeof chosen, &chosen) == 0;
  }
  errno = EINVAL;
  return false;
}

bool MeetAt(std::atomic<uint32_t> *missing) {
  // Release and acquire: what anybody did before the gate, all see behind it.
  uint32_t left = missing->fetch_sub(1, std::memory_order_acq_rel) - 1;
  if (left == 0) FutexWake(missing, INT_MAX);
  timespec timeout = {kHungSeconds, 0};
  while (left != 0) {
    if (!FutexWait(missing, left, &timeout)) return false;
    left = missing->load(std::memory_order_acquire);
  }
  return true;
}

bool MeetAtGate(Board *board) {
  return MeetAt(&board->missing);
}

bool FutexWait(std::atomic<uint32_t> *word, uint32_t expected,
               const timespec *timeout) {
  return syscall(SYS_futex, word, FUTEX_WAIT, expected, timeout, nullptr, 0) ==
             0 ||
         errno != ETIMEDOUT;
}

void FutexWake(std::atomic<uint32_t> *word, int count) {
  syscall(SYS_futex, word, FUTEX_WAKE, count, nullptr, nullptr, 0);
}

}  // namespace bench
