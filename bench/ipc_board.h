// SPDX-License-Identifier: MIT
//
// The board of //bench:ipc: the task of its crews, what each process has sent
// or received, and the shared words that Brood's objects are measured against.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "bench/board.h"
#include "bench/crew.h"

namespace bench {

constexpr int kMaxProducers = 4;
constexpr int kMaxConsumers = 4;
constexpr size_t kTripBytes = 64;

// What every queue with a limit is made to hold. Boost's reserves as much, and
// was the quickest, or near to it, with this at all sizes that are measured.
constexpr size_t kQueueBytes = 16 << 20;
constexpr size_t QueueItems(size_t size_bytes) {
  return std::min<size_t>(4096, kQueueBytes / size_bytes);
}

// What a consumer may find wrong.
enum Fault { kSound, kWrongSize, kTorn, kForeign, kDisordered };

// Messages of one producer, and the sum of their first words.
struct Tally {
  int64_t count = 0;
  uint64_t sum = 0;
};

// Written by one consumer.
struct alignas(kLineBytes) Consumed {
  std::atomic<int64_t> count = {0};
  std::atomic<int64_t> arrived_ns = {0};  // the last large one
  Fault fault = kSound;                   // the first one
  Tally from[kMaxProducers];
};

// Room for a message, and a word that says whether one is in it.
struct Slot {
  alignas(kLineBytes) std::atomic<uint32_t> word = {0};
  alignas(kLineBytes) char message[kTripBytes];
};

struct IpcBoard : Board {
  // The task; written before the crew starts.
  int num_producers = 0;
  int num_consumers = 0;
  size_t size_bytes = 0;

  // Of those who need an address before the others come to the gate.
  alignas(kLineBytes) std::atomic<uint32_t> without_address = {0};
  // Producers that have not ended, consumers that have.
  alignas(kLineBytes) std::atomic<int> producing = {0};
  alignas(kLineBytes) std::atomic<int> ended = {0};

  struct alignas(kLineBytes) {
    Tally tally;
  } produced[kMaxProducers];
  Consumed consumed[kMaxConsumers];
  Slot slots[2];
};

// The names in the records of //tools:compare.
constexpr char kThroughput[] = "throughput";
constexpr char kRoundTrip[] = "round_trip";

// Adds the crews of pipe, socket pair, futex and word; of Boost.Interprocess;
// of ZeroMQ.
void AddRawCrews(IpcBoard *board, Crews *crews);
void AddBoostCrews(IpcBoard *board, Crews *crews);
void AddZeroMqCrews(IpcBoard *board, Crews *crews);

}  // namespace bench
