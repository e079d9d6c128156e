// What workers did, in the order of one counter, and judges of it. A worker
// writes an event down after it got something and before it gives it back, so
// that two who had it at once are seen to overlap.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

enum class Did : uint16_t {
  kEnter,   // took a lock or semaphore
  kLeave,   // is about to give it back
  kWait,    // is about to wait on a condition, under its lock
  kNotify,  // notified as many as its number says, under the lock
  kWoken,   // came back from the wait, under the lock
  kArrive,  // is about to wait at a barrier; the number is the round
  kPass     // passed it
};

struct Event {
  uint16_t worker;
  Did did;
  uint32_t number;
};

using History = std::vector<Event>;

// A log in memory that workers share: all zero is an empty one.
class Log {
 public:
  static constexpr uint32_t kCapacity = 1 << 16;

  void Append(int worker, Did did, uint32_t number = 0);

  // What was appended, when all who append have ended.
  History Read() const;

 private:
  std::atomic<uint32_t> count_;
  std::atomic<uint64_t> events_[kCapacity];
};

// Each judge returns what is wrong first, or "".

// At no time were more than `most` inside, each worker once; all left.
std::string JudgeHolders(const History &history, uint32_t most);

// Each notification woke as many as it could of those who waited before it,
// nobody else was woken, and nobody waits for ever. Without timeouts.
std::string JudgeWakeUps(const History &history);

// Nobody passed a round before all parties had arrived at it, and each party
// was in all rounds, one after the other.
std::string JudgeRounds(const History &history, uint32_t parties);
