// SPDX-License-Identifier: MIT
//
// What the clients of //bench:manager do, the same whoever answers them.
#pragma once

#include <atomic>
#include <cstdint>

#include "bench/board.h"
#include "bench/clock.h"
#include "bench/crew.h"

namespace bench {

// The names in the records of //tools:compare.
constexpr char kTrip[] = "manager_trip";
constexpr char kSet[] = "manager_dict_set";
constexpr char kGet[] = "manager_dict_get";
constexpr char kAppend[] = "manager_list_append";
constexpr char kPair[] = "manager_lock_pair";
constexpr char kQueue[] = "manager_queue_trip";

constexpr int kMaxClients = 100;
constexpr int64_t kCallsUntimed = 3;

struct ManagerBoard : Board {
  int clients = 0;
  int64_t bytes = 0;  // of a value
  // How many of a client's samples are kept: the last ones.
  int64_t num_kept = 1;
  struct alignas(kLineBytes) {
    std::atomic<int64_t> count = {0};
  } done[kMaxClients];
};

// Calls, bool Call(), again and again, until the board says stop. Samples are
// microseconds.
template <class Call>
bool CallUntilStop(ManagerBoard *board, int client, Call call) {
  for (int64_t i = 0; i < kCallsUntimed; i++) {
    if (!call()) return false;
  }
  if (!MeetAtGate(board)) return false;
  double *samples = board->samples + client * board->num_kept;
  for (int64_t i = 0; !board->stop.load(std::memory_order_relaxed); i++) {
    int64_t begin_ns = bench_now_ns();
    if (!call()) return false;
    samples[i % board->num_kept] = (bench_now_ns() - begin_ns) / 1e3;
    board->done[client].count.store(i + 1, std::memory_order_relaxed);
  }
  return true;
}

// Adds the crew of the raw round trip; the board says how many clients it has.
void AddRawCrew(ManagerBoard *board, Crews *crews);

}  // namespace bench
