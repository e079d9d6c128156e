// SPDX-License-Identifier: MIT
//
// What the parent and the crew of one measurement share: a mapping with the
// task, the gate at which they meet, and the samples. A benchmark adds what its
// crews work on.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <new>

namespace bench {

constexpr int64_t kMaxSamples = 4096;
// Nobody works this long, and nobody waits longer for somebody who died. An
// object that hangs does so in two benchmarks, by each of three methods: all of
// it is to be over before //tools:compare ends the program, in 120 seconds.
constexpr int kHungSeconds = 15;

// Each on cache lines of its own: no two of them are written by one step.
constexpr size_t kLineBytes = 64;

struct Board {
  // The task; written before the crew starts.
  int64_t num_samples = 0;
  // The crew is spread over so many, each process tied to one of them; 0: each
  // runs wherever the scheduler likes.
  int num_processors = 0;

  // How many have not come to the gate yet, the parent among them.
  alignas(kLineBytes) std::atomic<uint32_t> missing = {0};
  alignas(kLineBytes) std::atomic<bool> stop = {false};
  alignas(kLineBytes) double samples[kMaxSamples] = {};
};
static_assert(std::atomic<int64_t>::is_always_lock_free &&
                  std::atomic<bool>::is_always_lock_free,
              "processes share them");

// Maps memory that processes share; nullptr with errno set on failure. The
// first makes it, and writes its descriptor.
void *MakeMemory(size_t size_bytes, int *out_fd);
void *AttachMemory(int fd, size_t size_bytes);

// Makes a board of either benchmark, and returns its descriptor, or -1 with
// errno set.
template <class AnyBoard>
int MakeBoard(AnyBoard **out_board) {
  int fd = -1;
  void *memory = MakeMemory(sizeof(AnyBoard), &fd);
  if (memory == nullptr) return -1;
  *out_board = new (memory) AnyBoard;
  return fd;
}

// Makes it as new: nobody works on it, `missing` are to meet at the gate.
template <class AnyBoard>
void RenewBoard(AnyBoard *board, uint32_t missing) {
  new (board) AnyBoard;
  board->missing.store(missing, std::memory_order_relaxed);
}

// Maps the board of another process; nullptr with errno set on failure.
template <class AnyBoard>
AnyBoard *AttachBoard(int fd) {
  return static_cast<AnyBoard *>(AttachMemory(fd, sizeof(AnyBoard)));
}

// How many processors this process may run on.
int NumProcessors();

// The first act of each of the crew: ties it to a processor, and has it die if
// it hangs. False with errno set on failure.
bool JoinCrew(const Board *board, int index);

// Comes to a gate, and waits until nobody is missing. False if somebody still
// is after kHungSeconds.
bool MeetAt(std::atomic<uint32_t> *missing);
bool MeetAtGate(Board *board);

// Those two system calls on a futex that processes share. The first returns
// at once if the word is not `expected`, and false if the time is over.
bool FutexWait(std::atomic<uint32_t> *word, uint32_t expected,
               const timespec *timeout);
void FutexWake(std::atomic<uint32_t> *word, int count);

}  // namespace bench
