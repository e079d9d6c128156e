// Proves that a barrier holds nobody for one who was killed: waiting, in the
// action, on the way out, or with the barrier's own lock.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <thread>

#include "lib/test/fixture.h"
#include "lib/test/victim.h"

#include "lib/test/cells.h"

namespace {

enum { kFilling, kActing, kDraining, kResetting, kBroken };

int Call(void *function) {
  return (*(std::function<int()> *)function)();
}

class BarrierDeath : public testing::Test {
 protected:
  BarrierDeath() : barrier_(3 * sizeof(uint64_t)) {
    sync_barrier_init(barrier_.get(), 3);
  }

  int Wait(std::function<int()> action = nullptr) {
    sync_action cell_action = {action ? Call : nullptr, &action};
    return sync_barrier_wait(barrier_.get(), &cell_action, SYS_CLOCK_NEVER);
  }

  void AwaitWaiting(uint32_t count) {
    ASSERT_TRUE(WaitUntil(
        [&] { return sync_barrier_num_waiting(barrier_.get()) == count; }));
  }

  void ExpectBrokenThenWhole() {
    EXPECT_TRUE(sync_barrier_is_broken(barrier_.get()));
    EXPECT_EQ(Wait(), -EPIPE);
    sync_barrier_reset(barrier_.get());
    ExpectWhole();
  }

  void ExpectWhole() {
    std::thread second([this] { EXPECT_GE(Wait(), 0); });
    std::thread third([this] { EXPECT_GE(Wait(), 0); });
    EXPECT_GE(Wait(), 0);
    second.join();
    third.join();
  }

  Shared<sync_barrier> barrier_;
};

TEST_F(BarrierDeath, OfOneWhoWaitedBreaksItForTheOthers) {
  Victim victim([this] { Wait(); });
  AwaitWaiting(1);
  std::thread killer([&] {
    AwaitWaiting(2);
    victim.Kill();
  });
  EXPECT_EQ(Wait(), -EPIPE);
  killer.join();
  ExpectBrokenThenWhole();
}

// Who came later is watched too.
TEST_F(BarrierDeath, OfTheSecondBreaksItForTheFirst) {
  std::thread first([this] { EXPECT_EQ(Wait(), -EPIPE); });
  AwaitWaiting(1);
  Victim victim([this] { Wait(); });
  AwaitWaiting(2);
  victim.Kill();
  first.join();
  ExpectBrokenThenWhole();
}

TEST_F(BarrierDeath, OfOneWhoIsDeadWhenTheSecondComes) {
  Victim victim([this] { Wait(); });
  AwaitWaiting(1);
  victim.AwaitSleep(&barrier_->changes);
  victim.Kill();
  victim.Reap();
  EXPECT_EQ(Wait(), -EPIPE);
  ExpectBrokenThenWhole();
}

TEST_F(BarrierDeath, InTheActionBreaksItForTheOthers) {
  std::thread first([this] { EXPECT_EQ(Wait(), -EPIPE); });
  std::thread second([this] { EXPECT_EQ(Wait(), -EPIPE); });
  AwaitWaiting(2);
  Shared<int> acting;
  Victim victim([&] {
    Wait([&] {
      Store32(acting.get(), 1);
      for (;;) pause();
      return 0;
    });
  });
  EXPECT_TRUE(WaitUntil([&] { return Load32(acting.get()) == 1; }));
  victim.Kill();
  first.join();
  second.join();
  ExpectBrokenThenWhole();
}

// It holds the lock, and perhaps was changing what that guards.
TEST_F(BarrierDeath, WithTheLockBreaksARoundThatHasBegun) {
  std::thread first([this] { EXPECT_EQ(Wait(), -EPIPE); });
  AwaitWaiting(1);
  Victim victim([this] {
    sync_lock_acquire(&barrier_->lock, sync_self_thread(), SYS_CLOCK_NEVER);
    barrier_->count = 77;
  });
  victim.AwaitDone();
  victim.Kill();
  first.join();
  ExpectBrokenThenWhole();
}

// All have passed, one of them never left.
TEST_F(BarrierDeath, OnTheWayOutKeepsNobodyOut) {
  for (uint32_t state : {kDraining, kResetting}) {
    Shared<uint64_t> token;
    Victim victim([&] { *token.get() = sync_self_thread(); });
    victim.AwaitDone();
    victim.Kill();
    barrier_->state = state;
    barrier_->count = 1;
    barrier_->threads[2] = *token.get();
    ExpectWhole();
  }
}

TEST_F(BarrierDeath, OnTheWayOutWithTheLockKeepsNobodyOut) {
  Victim victim([this] {
    sync_lock_acquire(&barrier_->lock, sync_self_thread(), SYS_CLOCK_NEVER);
    barrier_->state = kDraining;  // left, but did not get to say so
    barrier_->count = 0;
  });
  victim.AwaitDone();
  victim.Kill();
  ExpectWhole();
}

// Those who died before the door took no place.
TEST_F(BarrierDeath, OutsideIsNobodysBusiness) {
  barrier_->state = kDraining;
  barrier_->count = 1;
  barrier_->threads[0] = sync_self_thread();
  Victim victim([this] { Wait(); });
  victim.AwaitSleep(&barrier_->changes);
  victim.Kill();
  ASSERT_EQ(
      sync_lock_acquire(&barrier_->lock, sync_self_thread(), SYS_CLOCK_NEVER),
      0);
  barrier_->state = kFilling;
  barrier_->count = 0;
  barrier_->threads[0] = 0;
  sync_lock_release(&barrier_->lock);
  ExpectWhole();
}

}  // namespace
