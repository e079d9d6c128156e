// SPDX-License-Identifier: MIT
//
// What the messages of //bench:ipc consist of, and how a consumer knows that
// each of them came once, whole and in order. A message of 64 bits is one word,
// its head, that tells producer and number. Larger ones have words that follow
// from the head at every page and at the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "bench/ipc_board.h"

namespace bench {

constexpr size_t kStampStride = 4096;

// The producer of the message that tells a consumer to end.
constexpr uint64_t kEndProducer = 0xfffe;

// A factor spreads producer and number over all bits of the head, and its
// inverse gives them back: of a head whose bytes are of two messages, nothing
// that makes sense.
constexpr uint64_t kSpread = 0x9e3779b97f4a7c15;
constexpr uint64_t Inverse(uint64_t odd) {
  uint64_t inverse = odd;  // right in three bits; each step doubles them
  for (int i = 0; i < 5; i++) inverse *= 2 - odd * inverse;
  return inverse;
}
static_assert(kSpread * Inverse(kSpread) == 1, "");
constexpr int kNumberBits = 48;

inline void PutWord(char *message, size_t at, uint64_t word) {
  memcpy(message + at, &word, sizeof word);
}

inline uint64_t GetWord(const char *message, size_t at) {
  uint64_t word;
  memcpy(&word, message + at, sizeof word);
  return word;
}

// Makes it this producer's message of this number, and returns the head.
// Producers count from 1 in there: memory that nobody wrote is no message.
inline uint64_t Stamp(char *message, size_t size, uint64_t producer,
                      int64_t number) {
  uint64_t head = ((producer + 1) << kNumberBits | number) * kSpread;
  for (size_t at = 0; at < size; at += kStampStride)
    PutWord(message, at, head + at);
  if (size > sizeof head)
    PutWord(message, size - sizeof head, head + size - sizeof head);
  return head;
}

// Whether all of it follows from its head.
inline bool IsWhole(const char *message, size_t size) {
  uint64_t head = GetWord(message, 0);
  for (size_t at = kStampStride; at < size; at += kStampStride) {
    if (GetWord(message, at) != head + at) return false;
  }
  size_t last = size - sizeof head;
  return GetWord(message, last) == head + last;
}

// The books of one consumer.
class Ledger {
 public:
  // A lone consumer gets all messages of a producer, one of several only some
  // of them; both in their order.
  Ledger(Consumed *consumed, size_t size, bool alone)
      : consumed_(*consumed), size_(size), alone_(alone) {
  }

  // Enters what was received. False if it tells the consumer to end.
  bool Enter(const char *message, size_t size) {
    if (size != size_) return Complain(kWrongSize);
    if (!IsWhole(message, size)) return Complain(kTorn);
    uint64_t head = GetWord(message, 0);
    uint64_t plain = head * Inverse(kSpread);
    uint64_t producer = (plain >> kNumberBits) - 1;
    if (producer == kEndProducer) return false;
    if (producer >= kMaxProducers) return Complain(kForeign);
    auto number =
        static_cast<int64_t>(plain & ((UINT64_C(1) << kNumberBits) - 1));
    int64_t *next = &next_[producer];
    if (alone_ ? number != *next : number < *next) Complain(kDisordered);
    *next = number + 1;
    consumed_.from[producer].count++;
    consumed_.from[producer].sum += head;
    return true;
  }

 private:
  bool Complain(Fault fault) {
    if (consumed_.fault == kSound) consumed_.fault = fault;
    return true;
  }

  Consumed &consumed_;
  const size_t size_;
  const bool alone_;
  int64_t next_[kMaxProducers] = {};
};

}  // namespace bench
