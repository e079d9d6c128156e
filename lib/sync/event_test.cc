// Proves what an event promises: that nobody misses a flag that was up for a
// moment only, that set may come from a signal handler, that counts wrap, and
// that the killed are in nobody's way.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <thread>
#include <vector>

#include "lib/test/fixture.h"
#include "lib/test/victim.h"

#include "lib/test/cells.h"

namespace {

// A thread that waits for an event, and sleeps by now.
class Waiter {
 public:
  explicit Waiter(sync_event *event)
      : thread_([this, event] {
          number_ = (pid_t)(uint32_t)sync_self_thread();
          EXPECT_EQ(sync_event_wait(event, SYS_CLOCK_NEVER), 0);
        }) {
    EXPECT_TRUE(WaitUntil([&] { return SleepsOn(number_, &event->word); }));
  }
  ~Waiter() {
    thread_.join();
  }

 private:
  std::atomic<pid_t> number_{0};
  std::thread thread_;
};

TEST(Event, IsSetAndCleared) {
  sync_event event = {};
  EXPECT_FALSE(sync_event_is_set(&event));
  sync_event_clear(&event);
  EXPECT_FALSE(sync_event_is_set(&event));
  for (int i = 0; i < 3; i++) {
    sync_event_set(&event);
    EXPECT_TRUE(sync_event_is_set(&event));
    sync_event_set(&event);
    EXPECT_TRUE(sync_event_is_set(&event));
    EXPECT_EQ(sync_event_wait(&event, INT64_MIN), 0);
    EXPECT_EQ(sync_event_wait(&event, SYS_CLOCK_NEVER), 0);
    sync_event_clear(&event);
    EXPECT_FALSE(sync_event_is_set(&event));
    for (int64_t deadline : {INT64_MIN, INT64_C(-1), INT64_C(0), INT64_C(1)}) {
      EXPECT_EQ(sync_event_wait(&event, deadline), -ETIMEDOUT);
    }
  }
}

TEST(Event, TimeIsNeverOverEarly) {
  sync_event event = {};
  for (int64_t ns : {INT64_C(1), kMillisecond, SYNC_SLICE_NS,
                     SYNC_SLICE_NS + kMillisecond, 2 * SYNC_SLICE_NS}) {
    int64_t deadline = sys_clock_ns() + ns;
    EXPECT_EQ(sync_event_wait(&event, deadline), -ETIMEDOUT);
    EXPECT_GE(sys_clock_ns(), deadline);
  }
}

TEST(Event, LetsAllGo) {
  sync_event event = {};
  std::vector<std::unique_ptr<Waiter>> waiters;
  for (int i = 0; i < 4; i++) {
    waiters.push_back(std::make_unique<Waiter>(&event));
  }
  sync_event_set(&event);
}

// All sleep through it.
TEST(Event, APulseLetsAllGo) {
  for (int i = 0; i < 10; i++) {
    sync_event event = {};
    std::vector<std::unique_ptr<Waiter>> waiters;
    for (int j = 0; j < 3; j++) {
      waiters.push_back(std::make_unique<Waiter>(&event));
    }
    sync_event_set(&event);
    sync_event_clear(&event);
  }
}

TEST(Event, ClearingADownFlagLetsNobodyGo) {
  sync_event event = {};
  uint32_t before = Load32(&event.word);
  sync_event_clear(&event);
  EXPECT_EQ(Load32(&event.word), before);
}

TEST(Event, ItsCountWraps) {
  for (uint32_t last : {UINT32_MAX - 1, UINT32_MAX - 3}) {
    sync_event event = {};
    Store32(&event.word, last);
    EXPECT_FALSE(sync_event_is_set(&event));
    for (int i = 0; i < 3; i++) {
      Waiter waiter(&event);
      sync_event_set(&event);
      sync_event_clear(&event);
    }
    sync_event_set(&event);
    EXPECT_TRUE(sync_event_is_set(&event));
  }
}

TEST(Event, ShowsWhatWasDoneBefore) {
  for (int i = 0; i < 100; i++) {
    sync_event event = {};
    int done = 0;  // not atomic: the event orders it
    std::thread other([&] {
      EXPECT_EQ(sync_event_wait(&event, SYS_CLOCK_NEVER), 0);
      EXPECT_EQ(done, 1);
    });
    done = 1;
    sync_event_set(&event);
    other.join();
  }
}

sync_event handled;

void HandleSignal(int) {
  sync_event_set(&handled);
}

TEST(Event, IsSetByASignalHandler) {
  struct sigaction action = {}, before;
  action.sa_handler = HandleSignal;
  ASSERT_EQ(sigaction(SIGUSR1, &action, &before), 0);
  Waiter waiter(&handled);
  errno = EXDEV;
  raise(SIGUSR1);
  EXPECT_EQ(errno, EXDEV);
  EXPECT_TRUE(sync_event_is_set(&handled));
  EXPECT_EQ(sigaction(SIGUSR1, &before, nullptr), 0);
}

// Whoever set it was killed before it could wake anybody.
TEST(EventDeath, OfASetterBeforeTheWake) {
  sync_event event = {};
  Waiter waiter(&event);
  Store32(&event.word, 3);
}

TEST(EventDeath, AKilledWaiterIsInNobodysWay) {
  Shared<sync_event> event;
  Victim victim([&] { sync_event_wait(event.get(), SYS_CLOCK_NEVER); });
  victim.AwaitSleep(&event->word);
  {
    Waiter waiter(event.get());
    victim.Kill();
    sync_event_set(event.get());
  }
  victim.Reap();
  EXPECT_EQ(sync_event_wait(event.get(), 0), 0);
}

}  // namespace
