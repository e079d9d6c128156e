// Proves what a barrier promises between threads: rounds, the action, and what
// abort, reset and the time do in every state.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <functional>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "lib/test/fixture.h"
#include "lib/test/victim.h"

#include "lib/test/cells.h"

namespace {

constexpr uint32_t kMostParties = 8;

// As barrier.c has them.
enum { kFilling, kActing, kDraining, kResetting, kBroken };

int Call(void *function) {
  return (*(std::function<int()> *)function)();
}

class Barrier : public testing::Test {
 protected:
  Barrier() : barrier_(kMostParties * sizeof(uint64_t)) {
    sync_barrier_init(barrier_.get(), 3);
  }

  void SetParties(uint32_t parties) {
    sync_barrier_init(barrier_.get(), parties);
  }

  int Wait(int64_t deadline_ns = SYS_CLOCK_NEVER) {
    sync_action action = {action_ ? Call : nullptr, &action_};
    return sync_barrier_wait(barrier_.get(), &action, deadline_ns);
  }

  void StartParty(int64_t deadline_ns = SYS_CLOCK_NEVER) {
    threads_.emplace_back([this, deadline_ns] {
      int r = Wait(deadline_ns);
      std::lock_guard<std::mutex> guard(mutex_);
      results_.insert(r);
    });
  }

  // Starts some parties more, and returns when they wait.
  void StartParties(uint32_t count) {
    count += sync_barrier_num_waiting(barrier_.get());
    while (threads_.size() < count) StartParty();
    ASSERT_TRUE(WaitUntil(
        [&] { return sync_barrier_num_waiting(barrier_.get()) == count; }));
  }

  // What the parties' waits returned.
  std::multiset<int> Results() {
    for (std::thread &thread : threads_) thread.join();
    threads_.clear();
    std::multiset<int> results;
    results.swap(results_);
    return results;
  }

  bool IsBroken() {
    return sync_barrier_is_broken(barrier_.get());
  }

  // All of them come, and all pass.
  void ExpectWhole() {
    EXPECT_FALSE(IsBroken());
    std::multiset<int> indices;
    for (uint32_t i = 0; i < barrier_->parties; i++) {
      StartParty();
      indices.insert((int)i);
    }
    EXPECT_EQ(Results(), indices);
  }

  void ExpectBroken() {
    EXPECT_TRUE(IsBroken());
    EXPECT_EQ(Wait(), -EPIPE);
    EXPECT_EQ(Wait(0), -EPIPE);
    EXPECT_EQ(sync_barrier_num_waiting(barrier_.get()), 0u);
  }

  Shared<sync_barrier> barrier_;
  std::function<int()> action_;
  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::multiset<int> results_;
};

TEST_F(Barrier, RoundAfterRound) {
  for (int i = 0; i < 50; i++) {
    ExpectWhole();
    EXPECT_EQ(sync_barrier_num_waiting(barrier_.get()), 0u);
  }
}

// The counter that waiters sleep on begins anew.
TEST_F(Barrier, TheCountOfChangesWraps) {
  for (uint32_t i = 0; i < 4; i++) {
    Store32(&barrier_->changes, UINT32_MAX - i);
    StartParties(2);
    StartParty();
    EXPECT_EQ(Results(), (std::multiset<int>{0, 1, 2}));
  }
}

TEST_F(Barrier, OfOneParty) {
  SetParties(1);
  int calls = 0;
  action_ = [&] { return calls++, 0; };
  for (int i = 1; i <= 3; i++) {
    EXPECT_EQ(Wait(INT64_MIN), 0);
    EXPECT_EQ(calls, i);
  }
}

TEST_F(Barrier, CountsWhoWaits) {
  EXPECT_EQ(sync_barrier_num_waiting(barrier_.get()), 0u);
  StartParties(1);
  StartParties(1);
  EXPECT_EQ(sync_barrier_num_waiting(barrier_.get()), 2u);
  EXPECT_GE(Wait(), 0);
  Results();
  EXPECT_EQ(sync_barrier_num_waiting(barrier_.get()), 0u);
}

TEST_F(Barrier, TheActionIsDoneOnceBeforeAnybodyGoes) {
  constexpr int kRounds = 200;
  // Not atomic: the barrier orders them. Every other round changes nothing, so
  // that all can look before the next does.
  int num_calls = 0, sum = 0;
  std::atomic<int> wrong{0};
  action_ = [&] {
    sum += ++num_calls % 2;
    return 0;
  };
  for (uint32_t i = 0; i < 3; i++) {
    threads_.emplace_back([&] {
      for (int round = 1; round <= kRounds; round++) {
        for (int half = 0; half < 2; half++) {
          if (Wait() < 0 || (half == 0 && sum != round)) wrong++;
        }
      }
    });
  }
  Results();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(num_calls, 2 * kRounds);
}

TEST_F(Barrier, AFailingActionBreaksIt) {
  for (int code : {1, -1, 77}) {
    action_ = [&] { return code; };
    StartParties(2);
    EXPECT_EQ(Wait(), -ECANCELED);
    EXPECT_EQ(Results(), (std::multiset<int>{-EPIPE, -EPIPE}));
    ExpectBroken();
    action_ = nullptr;
    sync_barrier_reset(barrier_.get());
    ExpectWhole();
  }
}

TEST_F(Barrier, AnActionThatAbortsBreaksIt) {
  for (int code : {0, 1}) {
    action_ = [&] { return sync_barrier_abort(barrier_.get()), code; };
    StartParties(2);
    EXPECT_EQ(Wait(), code == 0 ? -EPIPE : -ECANCELED);
    EXPECT_EQ(Results(), (std::multiset<int>{-EPIPE, -EPIPE}));
    ExpectBroken();
    action_ = nullptr;
    sync_barrier_reset(barrier_.get());
    ExpectWhole();
  }
}

TEST_F(Barrier, AnActionThatResetsBreaksThisRoundOnly) {
  for (int code : {0, 1}) {
    action_ = [&] { return sync_barrier_reset(barrier_.get()), code; };
    StartParties(2);
    EXPECT_EQ(Wait(), code == 0 ? -EPIPE : -ECANCELED);
    EXPECT_EQ(Results(), (std::multiset<int>{-EPIPE, -EPIPE}));
    action_ = nullptr;
    ExpectWhole();
  }
}

TEST_F(Barrier, AbortWakesThoseWhoWait) {
  StartParties(2);
  sync_barrier_abort(barrier_.get());
  EXPECT_EQ(Results(), (std::multiset<int>{-EPIPE, -EPIPE}));
  ExpectBroken();
  sync_barrier_abort(barrier_.get());
  ExpectBroken();
  sync_barrier_reset(barrier_.get());
  ExpectWhole();
}

TEST_F(Barrier, AbortBeforeAnybodyComes) {
  sync_barrier_abort(barrier_.get());
  ExpectBroken();
}

TEST_F(Barrier, ResetWakesThoseWhoWait) {
  StartParties(2);
  sync_barrier_reset(barrier_.get());
  EXPECT_EQ(Results(), (std::multiset<int>{-EPIPE, -EPIPE}));
  ExpectWhole();
}

TEST_F(Barrier, ResetOfAWholeOneChangesNothing) {
  sync_barrier_reset(barrier_.get());
  ExpectWhole();
  sync_barrier_reset(barrier_.get());
  ExpectWhole();
}

// Those of the broken round have not even left.
TEST_F(Barrier, ResetRightAfterAbort) {
  for (int i = 0; i < 50; i++) {
    StartParties(2);
    sync_barrier_abort(barrier_.get());
    sync_barrier_reset(barrier_.get());
    EXPECT_EQ(Results(), (std::multiset<int>{-EPIPE, -EPIPE}));
    ExpectWhole();
  }
}

TEST_F(Barrier, AbortRightAfterReset) {
  for (int i = 0; i < 50; i++) {
    StartParties(2);
    sync_barrier_reset(barrier_.get());
    sync_barrier_abort(barrier_.get());
    EXPECT_EQ(Results(), (std::multiset<int>{-EPIPE, -EPIPE}));
    ExpectBroken();
    sync_barrier_reset(barrier_.get());
  }
}

TEST_F(Barrier, WhoseTimeIsOverBreaksIt) {
  for (int64_t ns : {-sys_clock_ns(), INT64_C(0), kMillisecond,
                     SYNC_SLICE_NS + kMillisecond}) {
    StartParties(1);
    int64_t deadline = sys_clock_ns() + ns;
    EXPECT_EQ(Wait(deadline), -EPIPE);
    EXPECT_GE(sys_clock_ns(), deadline);
    EXPECT_EQ(Results(), (std::multiset<int>{-EPIPE}));
    ExpectBroken();
    sync_barrier_reset(barrier_.get());
  }
}

// The last one waits for nobody, so it has all the time that it needs.
TEST_F(Barrier, TheLastOneMayHaveNoTime) {
  StartParties(2);
  EXPECT_EQ(Wait(INT64_MIN), 2);
  EXPECT_EQ(Results(), (std::multiset<int>{0, 1}));
}

// An action that has begun is waited for.
TEST_F(Barrier, TimeDoesNotRunOutInTheAction) {
  std::atomic<int64_t> deadline{0};
  action_ = [&] {
    while (sys_clock_ns() < deadline + kMillisecond) std::this_thread::yield();
    return 0;
  };
  deadline = sys_clock_ns() + 2 * kSecond;
  StartParty(deadline);
  StartParty(deadline);
  ASSERT_TRUE(
      WaitUntil([&] { return sync_barrier_num_waiting(barrier_.get()) == 2; }));
  StartParty(deadline);
  EXPECT_EQ(Results(), (std::multiset<int>{0, 1, 2}));
}

// ------------------------------------------------------- Before the door --

// While those of the round before leave, who comes waits outside, and is in the
// next round.
class BarrierDoor : public Barrier {
 protected:
  // One of us is still inside, in this state.
  void Leave(uint32_t state) {
    barrier_->state = state;
    barrier_->count = 1;
    barrier_->threads[1] = sync_self_thread();
  }
  void HasLeft() {
    ASSERT_EQ(
        sync_lock_acquire(&barrier_->lock, sync_self_thread(), SYS_CLOCK_NEVER),
        0);
    barrier_->state = kFilling;
    barrier_->count = 0;
    barrier_->threads[1] = 0;
    Store32(&barrier_->changes, barrier_->changes + 1);
    sync_lock_release(&barrier_->lock);
  }
};

TEST_F(BarrierDoor, IsWaitedAt) {
  for (uint32_t state : {kDraining, kResetting}) {
    Leave(state);
    for (int i = 0; i < 3; i++) StartParty();
    EXPECT_EQ(sync_barrier_num_waiting(barrier_.get()), 0u);
    HasLeft();
    EXPECT_EQ(Results(), (std::multiset<int>{0, 1, 2}));
  }
}

TEST_F(BarrierDoor, WhoseTimeIsOverThereBreaksNothing) {
  for (uint32_t state : {kDraining, kResetting}) {
    Leave(state);
    EXPECT_EQ(Wait(0), -EPIPE);
    int64_t deadline = sys_clock_ns() + SYNC_SLICE_NS + kMillisecond;
    EXPECT_EQ(Wait(deadline), -EPIPE);
    EXPECT_GE(sys_clock_ns(), deadline);
    EXPECT_EQ(barrier_->state, state);
    HasLeft();
    ExpectWhole();
  }
}

TEST_F(BarrierDoor, ResetDoesNotTakeBackThatAllHaveCome) {
  Leave(kDraining);
  sync_barrier_reset(barrier_.get());
  EXPECT_EQ(barrier_->state, (uint32_t)kDraining);
  HasLeft();
}

TEST_F(BarrierDoor, AbortReachesThoseOutside) {
  for (uint32_t state : {kDraining, kResetting}) {
    Leave(state);
    for (int i = 0; i < 2; i++) StartParty();
    sync_barrier_abort(barrier_.get());
    EXPECT_EQ(Results(), (std::multiset<int>{-EPIPE, -EPIPE}));
    EXPECT_TRUE(IsBroken());
    HasLeft();
  }
}

}  // namespace
