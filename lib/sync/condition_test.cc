// Proves what a condition promises between threads: who is woken, in which
// order, how many may wait; and that the killed take nothing from the living.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <thread>
#include <vector>

#include "lib/test/fixture.h"
#include "lib/test/victim.h"

#include "lib/test/cells.h"

namespace {

enum { kWaiting = 1, kNotified = 2 };  // of a place, as condition.c has them

class Condition : public testing::Test {
 protected:
  void Acquire() {
    ASSERT_EQ(
        sync_lock_acquire(lock_.get(), sync_self_thread(), SYS_CLOCK_NEVER), 0);
  }
  void Release() {
    ASSERT_EQ(sync_lock_release(lock_.get()), 0);
  }

  // Waits with the lock held.
  int Wait(int64_t deadline_ns) {
    return sync_condition_wait(condition_.get(), lock_.get(),
                               sync_self_thread(), deadline_ns);
  }

  // Starts a thread that waits; when this returns, it does.
  void StartWaiter() {
    int index = (int)threads_.size();
    threads_.emplace_back([this, index] {
      Acquire();
      num_waiting_++;
      EXPECT_EQ(Wait(SYS_CLOCK_NEVER), 0);
      woken_.push_back(index);
      Release();
      num_woken_++;
    });
    // It cannot give the lock up before it has a place.
    EXPECT_TRUE(WaitUntil([&] { return num_waiting_ == index + 1; }));
    Acquire();
    Release();
  }

  void Notify(uint32_t count) {
    Acquire();
    sync_condition_notify(condition_.get(), count);
    Release();
  }

  void AwaitWoken(int count) {
    EXPECT_TRUE(WaitUntil([&] { return num_woken_ >= count; }));
    EXPECT_EQ(num_woken_, count);
  }

  void TearDown() override {
    for (std::thread &thread : threads_) thread.join();
  }

  sync_waiter *Place(int index) {
    return &condition_->waiters[index];
  }

  // As if all places were taken, by whom the token says.
  void FillPlaces(uint64_t token, uint32_t state) {
    for (uint32_t i = 0; i < SYNC_CONDITION_WAITERS; i++) {
      Place((int)i)->thread = token;
      Place((int)i)->ticket = i;
      Store32(&Place((int)i)->state, state);
    }
    condition_->used = SYNC_CONDITION_WAITERS;
    condition_->tickets = SYNC_CONDITION_WAITERS;
  }

  uint64_t DeadToken() {
    Shared<uint64_t> token;
    Victim victim([&] { *token.get() = sync_self_thread(); });
    victim.AwaitDone();
    victim.Kill();
    return *token.get();
  }

  Shared<sync_condition> condition_;
  Shared<sync_lock> lock_;
  std::vector<std::thread> threads_;
  std::vector<int> woken_;  // under the lock
  std::atomic<int> num_waiting_{0}, num_woken_{0};
};

TEST_F(Condition, ANotificationIsNotRemembered) {
  Notify(1);
  Notify(UINT32_MAX);
  Acquire();
  EXPECT_EQ(Wait(sys_clock_ns() + kMillisecond), -ETIMEDOUT);
  EXPECT_TRUE(sync_lock_is_mine(lock_.get(), sync_self_thread()));
  Release();
}

TEST_F(Condition, TimeIsNeverOverEarly) {
  Acquire();
  for (int64_t ns : {INT64_C(1), kMillisecond, SYNC_SLICE_NS,
                     SYNC_SLICE_NS + kMillisecond, 2 * SYNC_SLICE_NS}) {
    int64_t deadline = sys_clock_ns() + ns;
    EXPECT_EQ(Wait(deadline), -ETIMEDOUT);
    EXPECT_GE(sys_clock_ns(), deadline);
    EXPECT_TRUE(sync_lock_is_mine(lock_.get(), sync_self_thread()));
  }
  for (int64_t deadline : {INT64_MIN, INT64_C(-1), INT64_C(0)}) {
    EXPECT_EQ(Wait(deadline), -ETIMEDOUT);
  }
  EXPECT_EQ(Load32(&Place(0)->state), 0u) << "the place is free again";
  EXPECT_EQ(condition_->used, 1u) << "one place was enough";
  Release();
}

// Also where the tickets begin anew.
TEST_F(Condition, WhoHasWaitedLongestIsWoken) {
  condition_->tickets = UINT32_MAX - 1;
  for (int i = 0; i < 4; i++) StartWaiter();
  for (int i = 0; i < 4; i++) {
    Notify(0);
    EXPECT_EQ(num_woken_, i);
    Notify(1);
    AwaitWoken(i + 1);
  }
  EXPECT_EQ(woken_, (std::vector<int>{0, 1, 2, 3}));
}

TEST_F(Condition, AsManyAreWokenAsWereAskedFor) {
  for (int i = 0; i < 5; i++) StartWaiter();
  Notify(2);
  AwaitWoken(2);
  Notify(UINT32_MAX);
  AwaitWoken(5);
}

// A place in front that has become free is not an earlier ticket.
TEST_F(Condition, OrderIsNotThatOfPlaces) {
  StartWaiter();
  StartWaiter();
  Notify(1);
  AwaitWoken(1);
  StartWaiter();  // in the first place
  EXPECT_EQ(Load32(&Place(0)->state), (uint32_t)kWaiting);
  Notify(1);
  AwaitWoken(2);
  Notify(1);
  AwaitWoken(3);
  EXPECT_EQ(woken_, (std::vector<int>{0, 1, 2}));
}

TEST_F(Condition, GivesARecursiveLockUpWhole) {
  uint64_t me = sync_self_thread();
  for (int i = 0; i < 3; i++) {
    ASSERT_EQ(sync_rlock_acquire(lock_.get(), me, 0), 0);
  }
  std::thread other([&] {
    uint64_t token = sync_self_thread();
    EXPECT_EQ(sync_rlock_acquire(lock_.get(), token, SYS_CLOCK_NEVER), 0);
    sync_condition_notify(condition_.get(), 1);
    EXPECT_EQ(sync_rlock_release(lock_.get(), token), 0);
  });
  EXPECT_EQ(Wait(SYS_CLOCK_NEVER), 0);
  EXPECT_EQ(lock_->depth, 3u);
  other.join();
  for (int i = 0; i < 3; i++) EXPECT_EQ(sync_rlock_release(lock_.get(), me), 0);
}

TEST_F(Condition, AllPlacesAreUsedAndNoMore) {
  for (int i = 0; i < SYNC_CONDITION_WAITERS; i++) StartWaiter();
  Acquire();
  EXPECT_EQ(Wait(SYS_CLOCK_NEVER), -ENOSPC);
  EXPECT_EQ(Wait(0), -ENOSPC);
  EXPECT_TRUE(sync_lock_is_mine(lock_.get(), sync_self_thread()));
  sync_condition_notify(condition_.get(), UINT32_MAX);
  Release();
  AwaitWoken(SYNC_CONDITION_WAITERS);
  Acquire();
  EXPECT_EQ(Wait(0), -ETIMEDOUT) << "there is room again";
  Release();
}

TEST_F(Condition, PlacesOfTheDeadAreUsedAgain) {
  for (uint32_t state : {kWaiting, kNotified}) {
    FillPlaces(sync_self_thread(), state);
    Acquire();
    EXPECT_EQ(Wait(0), -ENOSPC);
    Place(100)->thread = DeadToken();
    EXPECT_EQ(Wait(0), -ETIMEDOUT);
    EXPECT_EQ(Load32(&Place(100)->state), 0u);
    Release();
  }
}

TEST_F(Condition, TheDeadTakeNoNotification) {
  uint64_t dead = DeadToken();
  for (int i = 0; i < 3; i++) {
    Place(i)->thread = dead;
    Place(i)->ticket = (uint32_t)i;
    Store32(&Place(i)->state, kWaiting);
  }
  condition_->used = 3;
  condition_->tickets = 3;
  StartWaiter();
  Notify(1);
  AwaitWoken(1);
  for (int i = 0; i < 3; i++) EXPECT_EQ(Load32(&Place(i)->state), 0u);
}

TEST_F(Condition, AKilledWaiterTakesNoNotification) {
  Victim victim([&] {
    Acquire();
    Wait(SYS_CLOCK_NEVER);
  });
  victim.AwaitSleep(&Place(0)->state);
  StartWaiter();
  victim.Kill();
  Notify(1);
  AwaitWoken(1);
}

// Found was: a waiter that was killed after its notification, and before it had
// the lock back, took the notification with it.
TEST_F(Condition, AKilledTakerGivesItsNotificationOn) {
  Victim victim([&] {
    sync_lock_acquire(lock_.get(), sync_self_thread(), SYS_CLOCK_NEVER);
    sync_condition_wait(condition_.get(), lock_.get(), sync_self_thread(),
                        SYS_CLOCK_NEVER);
  });
  victim.AwaitSleep(&Place(0)->state);
  StartWaiter();
  Acquire();
  sync_condition_notify(condition_.get(), 1);
  EXPECT_EQ(Load32(&Place(0)->state), (uint32_t)kNotified);
  victim.Kill();
  Release();
  AwaitWoken(1);
}

// Found was: one that came long after it was woken by it.
TEST_F(Condition, ALaterWaiterIsNotGivenIt) {
  Victim victim([&] {
    sync_lock_acquire(lock_.get(), sync_self_thread(), SYS_CLOCK_NEVER);
    sync_condition_wait(condition_.get(), lock_.get(), sync_self_thread(),
                        SYS_CLOCK_NEVER);
  });
  victim.AwaitSleep(&Place(0)->state);
  Acquire();
  sync_condition_notify(condition_.get(), 2);
  victim.Kill();
  EXPECT_EQ(Wait(sys_clock_ns() + 3 * SYNC_SLICE_NS), -ETIMEDOUT);
  Release();
}

// Likewise of one whose place is needed.
TEST_F(Condition, ADeadTakersPlaceIsNotTakenWithItsNotification) {
  FillPlaces(DeadToken(), kNotified);
  Place(1)->thread = sync_self_thread();
  Store32(&Place(1)->state, kWaiting);
  Acquire();
  EXPECT_EQ(Wait(sys_clock_ns() + kMillisecond), -ETIMEDOUT);
  EXPECT_EQ(Load32(&Place(1)->state), (uint32_t)kNotified);
  Release();
}

TEST_F(Condition, NotifyingOnlyTheDeadEnds) {
  FillPlaces(DeadToken(), kWaiting);
  Notify(1);
  for (int i = 0; i < SYNC_CONDITION_WAITERS; i++) {
    EXPECT_EQ(Load32(&Place(i)->state), 0u);
  }
}

// The notifier was killed between the word and the wake.
TEST_F(Condition, ANotificationIsFoundByWhoWasNotWoken) {
  StartWaiter();
  Acquire();
  Store32(&Place(0)->state, kNotified);
  Release();
  AwaitWoken(1);
}

// Whoever notified kept the lock, and was killed with it.
TEST_F(Condition, TheDeathOfTheLocksHolderIsTold) {
  Acquire();
  Victim victim([&] {
    sync_lock_acquire(lock_.get(), sync_self_thread(), SYS_CLOCK_NEVER);
    sync_condition_notify(condition_.get(), 1);
  });
  std::thread killer([&] {
    victim.AwaitDone();
    victim.Kill();
  });
  EXPECT_EQ(Wait(SYS_CLOCK_NEVER), -EOWNERDEAD);
  EXPECT_TRUE(sync_lock_is_mine(lock_.get(), sync_self_thread()));
  killer.join();
  Release();
}

// A waiter whose time is over and a notifier meet: one of them wins, and the
// notification goes to the other waiter if it was the time.
TEST_F(Condition, ATimeoutTakesNoNotification) {
  for (int i = 0; i < 50; i++) {
    std::atomic<int> ready{0}, woken{0};
    std::thread hasty([&] {
      Acquire();
      ready++;
      int r = Wait(sys_clock_ns() + 300000);
      EXPECT_TRUE(r == 0 || r == -ETIMEDOUT) << r;
      if (r == 0) woken++;
      Release();
    });
    EXPECT_TRUE(WaitUntil([&] { return ready == 1; }));
    std::thread patient([&] {
      Acquire();
      ready++;
      EXPECT_EQ(Wait(SYS_CLOCK_NEVER), 0);
      woken++;
      Release();
    });
    EXPECT_TRUE(WaitUntil([&] { return ready == 2; }));
    Notify(1);
    hasty.join();
    EXPECT_TRUE(WaitUntil([&] { return woken == 1; }));
    Notify(1);
    patient.join();
  }
}

}  // namespace
