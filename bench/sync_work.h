// SPDX-License-Identifier: MIT
//
// What each process of a crew does, the same code whatever is measured: an
// object is a type with the calls named here, all of which return false on
// failure. Templates, because a call through a pointer costs as much as a
// quarter of what is measured.
#pragma once

#include <atomic>
#include <cstdint>

#include "bench/clock.h"
#include "bench/sync_board.h"

namespace bench {

constexpr int64_t kPairsInBatch = 1000;
// Before the first sample: caches are filled, lazily bound calls are bound.
constexpr int64_t kBatchesUntimed = 2;
constexpr int64_t kTripsUntimed = 20;

// bool Acquire(), bool Release(). One process; a sample is the mean of a batch,
// in nanoseconds for a pair.
template <class Lock>
bool Pairs(Lock lock, SyncBoard *board, int /*index*/) {
  if (!MeetAtGate(board)) return false;
  for (int64_t i = -kBatchesUntimed; i < board->num_samples; i++) {
    int64_t begin_ns = bench_now_ns();
    for (int64_t pair = 0; pair < kPairsInBatch; pair++) {
      if (!lock.Acquire() || !lock.Release()) return false;
    }
    int64_t end_ns = bench_now_ns();
    if (i >= 0)
      board->samples[i] =
          static_cast<double>(end_ns - begin_ns) / kPairsInBatch;
  }
  return true;
}

// The same calls, until told to stop. The parent takes the time.
template <class Lock>
bool Contend(Lock lock, SyncBoard *board, int index) {
  if (!MeetAtGate(board)) return false;
  int64_t done = 0;
  for (; !board->stop.load(std::memory_order_relaxed); done++) {
    if (!lock.Acquire()) return false;
    // Not fetch_add: it would be right without any lock.
    int64_t count = board->counter.load(std::memory_order_relaxed);
    board->counter.store(count + 1, std::memory_order_relaxed);
    if (!lock.Release()) return false;
  }
  board->done[index].count = done;
  return true;
}

// bool Acquire(), bool Release(), bool Notify(), bool Wait(). Two processes
// pass the turn to each other; a sample is one round trip, in nanoseconds.
template <class Condition>
bool ConditionTrips(Condition condition, SyncBoard *board, int index) {
  if (!MeetAtGate(board)) return false;
  int64_t begin_ns = bench_now_ns();
  for (int64_t i = -kTripsUntimed; i <= board->num_samples; i++) {
    if (!condition.Acquire()) return false;
    while (board->turn != index) {
      if (!condition.Wait()) return false;
    }
    board->turn = 1 - index;
    if (!condition.Notify() || !condition.Release()) return false;
    int64_t now_ns = bench_now_ns();
    if (index == 0 && i > 0) board->samples[i - 1] = now_ns - begin_ns;
    begin_ns = now_ns;
    board->done[index].count++;
  }
  return true;
}

// bool Set(), bool Clear(), bool Wait(). Two processes, two events; a sample is
// one round trip, in nanoseconds.
template <class Event>
bool EventTrips(Event ping, Event pong, SyncBoard *board, int index) {
  if (!MeetAtGate(board)) return false;
  for (int64_t i = -kTripsUntimed; i < board->num_samples; i++) {
    int64_t begin_ns = bench_now_ns();
    if (index == 0) {
      if (!ping.Set() || !pong.Wait() || !pong.Clear()) return false;
      // An event that lets somebody go too early shows here.
      if (board->done[1].count != ++board->done[0].count) return false;
      if (i >= 0) board->samples[i] = bench_now_ns() - begin_ns;
    } else {
      if (!ping.Wait() || !ping.Clear()) return false;
      board->done[1].count++;
      if (!pong.Set()) return false;
    }
  }
  return true;
}

}  // namespace bench
