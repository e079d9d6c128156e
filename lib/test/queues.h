// What the tests of queues stand on, beside the fixture.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "lib/test/objects.h"

// A queue that is gone with it.
class Queue {
 public:
  explicit Queue(const char *method = "fork", int64_t maxsize = 0)
      : queue_(brood_queue_new(brood_get_context(method), maxsize)) {
    EXPECT_NE(queue_, nullptr) << brood_error_message();
  }
  explicit Queue(brood_queue *queue) : queue_(queue) {
    EXPECT_NE(queue_, nullptr) << brood_error_message();
  }
  Queue(const Queue &) = delete;
  ~Queue() {
    brood_queue_free(queue_);
  }

  operator brood_queue *() const {
    return queue_;
  }
  brood_value Argument() const {
    return brood_object(queue_);
  }

  int Put(const std::string &text, int64_t timeout_ns = kLong) {
    return brood_queue_put(queue_, brood_string(text.c_str()), timeout_ns);
  }
  int Put(int64_t number, int64_t timeout_ns = kLong) {
    return brood_queue_put(queue_, brood_int64(number), timeout_ns);
  }
  // What is got, or the name of the error.
  std::string Get(int64_t timeout_ns = kLong);
  int64_t Number(int64_t timeout_ns = kLong);

 private:
  brood_queue *queue_;
};

inline brood_queue *NewJoinable(const char *method, int64_t maxsize = 0) {
  return brood_joinable_queue_new(brood_get_context(method), maxsize);
}

// A value as text that tells its type too; the value is cleared.
std::string TextOf(brood_value *value);

// Bytes of which each part tells where it is.
std::vector<char> Pattern(size_t size, uint32_t seed);

// Whether a value, which is cleared, is such bytes.
bool IsPattern(brood_value *value, size_t size, uint32_t seed);

// The queue that a target received; the queue as an argument.
brood_queue *QueueAt(const brood_args *args, size_t index);
