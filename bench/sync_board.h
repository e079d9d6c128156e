// SPDX-License-Identifier: MIT
//
// The board of //bench:sync: what its crews count, and the raw objects that
// Brood's are measured against.
#pragma once

#include <pthread.h>
#include <semaphore.h>

#include <atomic>
#include <cstdint>

#include "bench/board.h"
#include "bench/crew.h"

namespace bench {

constexpr int kMaxCrew = 4;

struct SyncBoard : Board {
  // Guarded by the object that is measured. The steps of an increment are
  // apart, so a lock that lets two in loses some, and the sums differ.
  alignas(kLineBytes) std::atomic<int64_t> counter = {0};
  int turn = 0;
  struct alignas(kLineBytes) {
    int64_t count = 0;
  } done[kMaxCrew];

  alignas(kLineBytes) sem_t semaphore;
  alignas(kLineBytes) pthread_mutex_t mutex;
  alignas(kLineBytes) pthread_cond_t condition;
  struct alignas(kLineBytes) {
    std::atomic<uint32_t> word = {0};
  } futexes[2];
};

// The names in the records of //tools:compare.
constexpr char kPair[] = "lock_pair";
constexpr char kContended[] = "lock_contended";
constexpr char kCondition[] = "condition_round_trip";
constexpr char kEvent[] = "event_round_trip";

// Adds those of the raw objects, which live on the board.
void AddRawCrews(SyncBoard *board, Crews *crews);

}  // namespace bench
