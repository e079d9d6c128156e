// SPDX-License-Identifier: MIT
//
// What the parent and the crew of one measurement share: a mapping with the
// gate at which they meet, what they work on, the samples, and the raw objects
// that Brood's are measured against.
#ifndef BENCH_BOARD_H_
#define BENCH_BOARD_H_

#include <pthread.h>
#include <semaphore.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace bench {

constexpr int kMaxCrew = 4;
constexpr int64_t kMaxSamples = 4096;
// Nobody works this long, and nobody waits longer for somebody who died.
constexpr int kHungSeconds = 20;

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

  // Guarded by the object that is measured. The steps of an increment are
  // apart, so a lock that lets two in loses some, and the sums differ.
  alignas(kLineBytes) std::atomic<int64_t> counter = {0};
  int turn = 0;
  struct alignas(kLineBytes) {
    int64_t count = 0;
  } done[kMaxCrew];
  double samples[kMaxSamples] = {};

  alignas(kLineBytes) sem_t semaphore;
  alignas(kLineBytes) pthread_mutex_t mutex;
  alignas(kLineBytes) pthread_cond_t condition;
  struct alignas(kLineBytes) {
    std::atomic<uint32_t> word = {0};
  } futexes[2];
};
static_assert(std::atomic<int64_t>::is_always_lock_free &&
                  std::atomic<bool>::is_always_lock_free,
              "processes share them");

// Makes the board, and returns its descriptor, or -1 with errno set.
int MakeBoard(Board **out_board);

// Makes it as new: nobody works on it, `missing` are to meet at the gate.
// False with errno set on failure.
bool ResetBoard(Board *board, uint32_t missing);

// Maps the board of another process; nullptr with errno set on failure.
Board *AttachBoard(int fd);

// How many processors this process may run on.
int NumProcessors();

// The first act of each of the crew: ties it to a processor, and has it die if
// it hangs. False with errno set on failure.
bool JoinCrew(const Board *board, int index);

// Comes to the gate, and waits until nobody is missing. False if somebody
// still is after kHungSeconds.
bool MeetAtGate(Board *board);

// Those two system calls on a futex that processes share. The first returns
// at once if the word is not `expected`, and false if the time is over.
bool FutexWait(std::atomic<uint32_t> *word, uint32_t expected,
               const struct timespec *timeout);
void FutexWake(std::atomic<uint32_t> *word, int count);

}  // namespace bench

#endif  // BENCH_BOARD_H_
