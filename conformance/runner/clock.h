// Monotonic time, deadlines and the back-off of short polls. Upper bounds are
// scaled by their users; nothing here sleeps longer than it must.
// SPDX-License-Identifier: MIT
#pragma once

#include <time.h>

#include <algorithm>

namespace conformance {

// Seconds on the monotonic clock.
inline double Now() {
  timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return static_cast<double>(ts.tv_sec) + static_cast<double>(ts.tv_nsec) / 1e9;
}

class Deadline {
 public:
  explicit Deadline(double seconds) : end_(Now() + seconds) {
  }
  double Left() const {
    return std::max(0.0, end_ - Now());
  }
  bool Over() const {
    return Now() >= end_;
  }
  Deadline Sooner(const Deadline &other) const {
    return end_ < other.end_ ? *this : other;
  }
  // For poll(2): rounded up, so that a wait never spins at its end.
  int Milliseconds(int at_most) const {
    double left = Left() * 1000 + 1;
    return left < at_most ? static_cast<int>(left) : at_most;
  }

 private:
  double end_;
};

// Waits 1, 2, 4, ... up to 20 ms: for what the kernel cannot announce.
class Backoff {
 public:
  void Wait() {
    timespec ts = {0, ms_ * 1000000L};
    nanosleep(&ts, nullptr);
    ms_ = std::min(20L, ms_ * 2);
  }

 private:
  long ms_ = 1;
};

}  // namespace conformance
