// SPDX-License-Identifier: MIT
//
// What each process of a crew does, the same code whatever carries the
// messages. Templates, as in sync_work.h.
//
// An Out sends: char *Room() is where the next message is to be written, bool
// Send() sends it, bool Flush() sends what Send kept back. An In receives:
// const char *Receive(size_t *out_size) returns a message that is valid until
// the next call. All return false, or nullptr, on failure.
#pragma once

#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "bench/board.h"
#include "bench/clock.h"
#include "bench/ipc_board.h"
#include "bench/stamp.h"

namespace bench {

constexpr int64_t kTripsUntimed = 100;
// So few of these arrive in the time that is looked at that it must begin and
// end with one. The look at the clock is a hundredth of what such a one takes.
constexpr size_t kLargeBytes = 1 << 16;
// A message that has not come after so long is lost.
constexpr int64_t kLostNs = INT64_C(10000000000);

// Out and In of a channel that copies from and to memory of the caller, with
// bool Put(const char *message, size_t size) and
// bool Get(char *room, size_t capacity, size_t *out_size).
template <class Channel>
class Copying {
 public:
  Copying(Channel channel, size_t size) : channel_(channel), buffer_(size) {
  }
  char *Room() {
    return buffer_.data();
  }
  bool Send() {
    return channel_.Put(buffer_.data(), buffer_.size());
  }
  bool Flush() {
    return true;
  }
  const char *Receive(size_t *out_size) {
    bool done = channel_.Get(buffer_.data(), buffer_.size(), out_size);
    return done ? buffer_.data() : nullptr;
  }

 private:
  Channel channel_;
  std::vector<char> buffer_;
};

inline int64_t NumProduced(const IpcBoard &board) {
  int64_t count = 0;
  for (int i = 0; i < board.num_producers; i++)
    count += board.produced[i].tally.count;
  return count;
}

inline int64_t NumConsumed(const IpcBoard &board) {
  int64_t count = 0;
  for (int i = 0; i < board.num_consumers; i++)
    count += board.consumed[i].count.load(std::memory_order_acquire);
  return count;
}

// Tells the consumers, one after the other, that there is no more. Not before
// all has arrived, so that whichever way a message goes, none is overtaken; one
// at a time, because one consumer could take two.
template <class Out>
bool EndConsumers(Out &out, IpcBoard *board) {
  int64_t lost_ns = bench_now_ns() + kLostNs;
  while (NumConsumed(*board) < NumProduced(*board) && bench_now_ns() < lost_ns)
    usleep(50);
  for (int i = 0; i < board->num_consumers; i++) {
    Stamp(out.Room(), board->size_bytes, kEndProducer, i);
    if (!out.Send() || !out.Flush()) return false;
    while (board->ended.load(std::memory_order_relaxed) <= i) usleep(50);
  }
  return true;
}

template <class Out>
bool Produce(Out out, IpcBoard *board, int index) {
  if (!MeetAtGate(board)) return false;
  const size_t size = board->size_bytes;
  Tally tally;
  while (!board->stop.load(std::memory_order_relaxed)) {
    tally.sum += Stamp(out.Room(), size, index, tally.count++);
    if (!out.Send()) return false;
  }
  if (!out.Flush()) return false;
  board->produced[index].tally = tally;
  // Release and acquire: the last one sees what all have produced.
  if (board->producing.fetch_sub(1, std::memory_order_acq_rel) > 1) return true;
  return EndConsumers(out, board);
}

template <class In>
bool Consume(In in, IpcBoard *board, int index) {
  Consumed *mine = &board->consumed[index];
  Ledger ledger(mine, board->size_bytes, board->num_consumers == 1);
  bool large = board->size_bytes >= kLargeBytes;
  if (!MeetAtGate(board)) return false;
  for (int64_t count = 1;; count++) {
    size_t size = 0;
    const char *message = in.Receive(&size);
    if (message == nullptr) return false;
    if (!ledger.Enter(message, size)) break;
    if (large)
      mine->arrived_ns.store(bench_now_ns(), std::memory_order_relaxed);
    // Release: whoever sees the count sees the time.
    mine->count.store(count, std::memory_order_release);
  }
  board->ended.fetch_add(1, std::memory_order_relaxed);
  return true;
}

template <class Out, class In>
bool Stream(Out out, In in, IpcBoard *board, int index) {
  int consumer = index - board->num_producers;
  return consumer < 0 ? Produce(std::move(out), board, index)
                      : Consume(std::move(in), board, consumer);
}

// Two processes pass a message of each to and fro; a sample is one round trip
// in microseconds, with all that both do to make and verify their messages.
template <class Out, class In>
bool Trips(Out out, In in, IpcBoard *board, int index) {
  Ledger ledger(&board->consumed[index], board->size_bytes, true);
  if (!MeetAtGate(board)) return false;
  int64_t begin_ns = bench_now_ns();
  for (int64_t i = -kTripsUntimed; i < board->num_samples; i++) {
    for (bool sends : {index == 0, index != 0}) {
      if (sends) {
        Tally *tally = &board->produced[index].tally;
        tally->sum +=
            Stamp(out.Room(), board->size_bytes, index, tally->count++);
        if (!out.Send() || !out.Flush()) return false;
      } else {
        size_t size = 0;
        const char *message = in.Receive(&size);
        if (message == nullptr || !ledger.Enter(message, size)) return false;
      }
    }
    int64_t now_ns = bench_now_ns();
    if (index == 0 && i >= 0) board->samples[i] = (now_ns - begin_ns) / 1e3;
    begin_ns = now_ns;
  }
  return true;
}

}  // namespace bench
