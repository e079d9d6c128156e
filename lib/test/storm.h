// Signals that interrupt what waits.
// SPDX-License-Identifier: MIT
#pragma once

#include <signal.h>
#include <time.h>

#include <cstdint>

// From its making to its end the process gets SIGUSR2 once per period, and
// handles it without SA_RESTART.
class Storm {
 public:
  explicit Storm(
      int64_t period_ns, void (*handler)(int) = [](int) {}) {
    struct sigaction action = {};
    action.sa_handler = handler;
    sigaction(SIGUSR2, &action, &before_);
    sigevent event = {};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGUSR2;
    timer_create(CLOCK_MONOTONIC, &event, &timer_);
    timespec period = {0, (long)period_ns};
    itimerspec times = {period, period};
    timer_settime(timer_, 0, &times, nullptr);
  }
  Storm(const Storm &) = delete;
  ~Storm() {
    timer_delete(timer_);
    // One may be pending still: it is ignored first.
    signal(SIGUSR2, SIG_IGN);
    sigaction(SIGUSR2, &before_, nullptr);
  }

 private:
  struct sigaction before_;
  timer_t timer_;
};
