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
#include <new>

namespace bench {
namespace {

void *Map(int fd) {
  void *memory =
      mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

bool InitRaw(Board *board) {
  if (sem_init(&board->semaphore, 1, 1) < 0) return false;
  pthread_mutexattr_t mutex;
  pthread_condattr_t condition;
  if ((errno = pthread_mutexattr_init(&mutex)) != 0 ||
      (errno = pthread_mutexattr_setpshared(&mutex, 1)) != 0 ||
      (errno = pthread_mutex_init(&board->mutex, &mutex)) != 0 ||
      (errno = pthread_condattr_init(&condition)) != 0 ||
      (errno = pthread_condattr_setpshared(&condition, 1)) != 0 ||
      (errno = pthread_cond_init(&board->condition, &condition)) != 0)
    return false;
  return true;
}

}  // namespace

int MakeBoard(Board **out_board) {
  int fd = memfd_create("board", MFD_CLOEXEC);
  if (fd < 0 || ftruncate(fd, sizeof(Board)) < 0) return -1;
  void *memory = Map(fd);
  if (memory == nullptr) return -1;
  *out_board = new (memory) Board;
  return fd;
}

bool ResetBoard(Board *board, uint32_t missing) {
  // What a crew that was killed has left in the raw objects goes with them;
  // destroying them would wait for it.
  new (board) Board;
  board->missing.store(missing, std::memory_order_relaxed);
  return InitRaw(board);
}

Board *AttachBoard(int fd) {
  return static_cast<Board *>(Map(fd));
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

bool MeetAtGate(Board *board) {
  std::atomic<uint32_t> *missing = &board->missing;
  // Release and acquire: what anybody did before the gate, all see behind it.
  uint32_t left = missing->fetch_sub(1, std::memory_order_acq_rel) - 1;
  if (left == 0) FutexWake(missing, INT_MAX);
  struct timespec timeout = {kHungSeconds, 0};
  while (left != 0) {
    if (!FutexWait(missing, left, &timeout)) return false;
    left = missing->load(std::memory_order_acquire);
  }
  return true;
}

bool FutexWait(std::atomic<uint32_t> *word, uint32_t expected,
               const struct timespec *timeout) {
  return syscall(SYS_futex, word, FUTEX_WAIT, expected, timeout, nullptr, 0) ==
             0 ||
         errno != ETIMEDOUT;
}

void FutexWake(std::atomic<uint32_t> *word, int count) {
  syscall(SYS_futex, word, FUTEX_WAKE, count, nullptr, nullptr, 0);
}

}  // namespace bench
