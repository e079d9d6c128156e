// Proves what a lock and a recursive lock promise between threads, and that a
// lock whose holder was killed goes to the next one, who is told.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <thread>
#include <vector>

#include "lib/test/faults.h"
#include "lib/test/fixture.h"
#include "lib/test/victim.h"

#include "lib/test/cells.h"

namespace {

constexpr uint64_t kSleep = UINT64_C(1) << 31;

// Those that no process has.
constexpr uint64_t kToken = UINT64_C(7) << 32 | 1;

int64_t In(int64_t nanoseconds) {
  return sys_clock_ns() + nanoseconds;
}

bool HasSleepers(const sync_lock *lock) {
  return Load64(&lock->word) & kSleep;
}

TEST(Lock, IsHeldByOne) {
  sync_lock lock = {};
  uint64_t me = sync_self_process();
  EXPECT_FALSE(sync_lock_is_held(&lock));
  EXPECT_FALSE(sync_lock_is_mine(&lock, me));
  EXPECT_EQ(sync_lock_acquire(&lock, me, SYS_CLOCK_NEVER), 0);
  EXPECT_TRUE(sync_lock_is_held(&lock));
  EXPECT_TRUE(sync_lock_is_mine(&lock, me));
  EXPECT_FALSE(sync_lock_is_mine(&lock, me + 1));
  // Not even by the same one again.
  EXPECT_EQ(sync_lock_acquire(&lock, me, 0), -ETIMEDOUT);
  EXPECT_EQ(sync_lock_release(&lock), 0);
  EXPECT_FALSE(sync_lock_is_held(&lock));
}

TEST(Lock, IsReleasedByAnybodyButOnce) {
  sync_lock lock = {};
  EXPECT_EQ(sync_lock_release(&lock), -EPERM);
  EXPECT_EQ(sync_lock_acquire(&lock, sync_self_process(), 0), 0);
  std::thread([&] { EXPECT_EQ(sync_lock_release(&lock), 0); }).join();
  EXPECT_EQ(sync_lock_release(&lock), -EPERM);
}

TEST(Lock, AFreeOneIsTakenAtAnyDeadline) {
  for (int64_t deadline : {INT64_MIN, INT64_C(-1), INT64_C(0), INT64_C(1)}) {
    sync_lock lock = {};
    EXPECT_EQ(sync_lock_acquire(&lock, sync_self_process(), deadline), 0);
    EXPECT_EQ(sync_lock_acquire(&lock, sync_self_process(), deadline),
              -ETIMEDOUT);
  }
}

TEST(Lock, TimeIsNeverOverEarly) {
  sync_lock lock = {};
  ASSERT_EQ(sync_lock_acquire(&lock, sync_self_process(), 0), 0);
  // Within a slice, about one, and more than one.
  for (int64_t ns : {INT64_C(1), kMillisecond, SYNC_SLICE_NS,
                     SYNC_SLICE_NS + kMillisecond, 2 * SYNC_SLICE_NS}) {
    int64_t deadline = In(ns);
    EXPECT_EQ(sync_lock_acquire(&lock, sync_self_process(), deadline),
              -ETIMEDOUT);
    EXPECT_GE(sys_clock_ns(), deadline);
  }
}

TEST(Lock, GoesToASleeper) {
  sync_lock lock = {};
  ASSERT_EQ(sync_lock_acquire(&lock, sync_self_process(), 0), 0);
  std::thread sleeper([&] {
    EXPECT_EQ(sync_lock_acquire(&lock, sync_self_process(), SYS_CLOCK_NEVER),
              0);
    // There may be others behind it.
    EXPECT_EQ(Load64(&lock.word), sync_self_process() | kSleep);
    EXPECT_TRUE(sync_lock_is_mine(&lock, sync_self_process()));
  });
  ASSERT_TRUE(WaitUntil([&] { return HasSleepers(&lock); }));
  EXPECT_EQ(sync_lock_release(&lock), 0);
  sleeper.join();
}

// Whoever released it was killed before it could wake anybody.
TEST(Lock, IsFoundFreeByWhoWasNotWoken) {
  sync_lock lock = {};
  ASSERT_EQ(sync_lock_acquire(&lock, sync_self_process(), 0), 0);
  std::atomic<pid_t> thread{0};
  std::thread sleeper([&] {
    thread = (pid_t)(uint32_t)sync_self_thread();
    EXPECT_EQ(sync_lock_acquire(&lock, kToken, SYS_CLOCK_NEVER), 0);
  });
  ASSERT_TRUE(WaitUntil([&] { return SleepsOn(thread, &lock.word); }));
  Store64(&lock.word, 0);
  sleeper.join();
}

// Neither side is atomic but by the lock.
TEST(Lock, ExcludesThreads) {
  sync_lock lock = {};
  int64_t count = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; i++) {
    threads.emplace_back([&] {
      for (int round = 0; round < 5000; round++) {
        EXPECT_EQ(sync_lock_acquire(&lock, sync_self_thread(), SYS_CLOCK_NEVER),
                  0);
        count++;
        EXPECT_EQ(sync_lock_release(&lock), 0);
      }
    });
  }
  for (std::thread &thread : threads) thread.join();
  EXPECT_EQ(count, 20000);
}

TEST(RLock, IsHeldSeveralTimes) {
  sync_lock lock = {};
  uint64_t me = sync_self_thread();
  for (int i = 0; i < 3; i++) EXPECT_EQ(sync_rlock_acquire(&lock, me, 0), 0);
  std::thread([&] {
    uint64_t other = sync_self_thread();
    EXPECT_EQ(sync_rlock_acquire(&lock, other, 0), -ETIMEDOUT);
    EXPECT_EQ(sync_rlock_acquire(&lock, other, In(kMillisecond)), -ETIMEDOUT);
    EXPECT_EQ(sync_rlock_release(&lock, other), -EPERM);
  }).join();
  EXPECT_EQ(lock.depth, 3u);
  for (int i = 0; i < 3; i++) {
    EXPECT_TRUE(sync_lock_is_mine(&lock, me));
    EXPECT_EQ(sync_rlock_release(&lock, me), 0);
  }
  EXPECT_FALSE(sync_lock_is_held(&lock));
  EXPECT_EQ(sync_rlock_release(&lock, me), -EPERM);
}

TEST(RLock, CountsToItsMaximum) {
  sync_lock lock = {};
  uint64_t me = sync_self_thread();
  EXPECT_EQ(sync_rlock_acquire(&lock, me, 0), 0);
  lock.depth = UINT32_MAX - 1;
  EXPECT_EQ(sync_rlock_acquire(&lock, me, 0), 0);
  EXPECT_EQ(sync_rlock_acquire(&lock, me, SYS_CLOCK_NEVER), -EAGAIN);
  EXPECT_EQ(lock.depth, UINT32_MAX);
  EXPECT_EQ(sync_rlock_release(&lock, me), 0);
  EXPECT_TRUE(sync_lock_is_mine(&lock, me));
}

// ---------------------------------------------------------------- Deaths --

class LockDeath : public testing::Test {
 protected:
  // Somebody who holds the lock is killed.
  void SetUp() override {
    victim_ = std::make_unique<Victim>([this] {
      sync_rlock_acquire(lock_.get(), sync_self_process(), SYS_CLOCK_NEVER);
      sync_rlock_acquire(lock_.get(), sync_self_process(), SYS_CLOCK_NEVER);
    });
    victim_->AwaitDone();
  }

  Shared<sync_lock> lock_;
  std::unique_ptr<Victim> victim_;
};

TEST_F(LockDeath, IsToldOnce) {
  uint64_t me = sync_self_process();
  EXPECT_EQ(sync_lock_acquire(lock_.get(), me, In(2 * SYNC_SLICE_NS)),
            -ETIMEDOUT);
  victim_->Kill();
  EXPECT_EQ(sync_lock_acquire(lock_.get(), me, SYS_CLOCK_NEVER), -EOWNERDEAD);
  EXPECT_TRUE(sync_lock_is_mine(lock_.get(), me));
  EXPECT_EQ(sync_lock_release(lock_.get()), 0);
  EXPECT_EQ(sync_lock_acquire(lock_.get(), me, SYS_CLOCK_NEVER), 0);
}

TEST_F(LockDeath, OfOneThatWasWaitedFor) {
  victim_->Kill();
  victim_->Reap();
  EXPECT_EQ(
      sync_lock_acquire(lock_.get(), sync_self_process(), SYS_CLOCK_NEVER),
      -EOWNERDEAD);
}

TEST_F(LockDeath, IsFoundByWhoOnlyPolls) {
  victim_->Kill();
  EXPECT_TRUE(WaitUntil([&] {
    int r = sync_lock_acquire(lock_.get(), sync_self_process(), 0);
    EXPECT_TRUE(r == -ETIMEDOUT || r == -EOWNERDEAD) << r;
    return r == -EOWNERDEAD;
  }));
}

// Found was: who looked at two locks in turn, one of them of the living, asked
// about the holder of that one only.
TEST_F(LockDeath, IsFoundByWhoPollsAnotherLockBefore) {
  sync_lock other = {};
  ASSERT_EQ(sync_lock_acquire(&other, sync_self_process(), 0), 0);
  victim_->Kill();
  bool found = false;
  for (int i = 0; i < 5 && !found; i++) {
    EXPECT_EQ(sync_lock_acquire(&other, sync_self_process(), 0), -ETIMEDOUT);
    found =
        sync_lock_acquire(lock_.get(), sync_self_process(), 0) == -EOWNERDEAD;
    timespec pause = {0, SYNC_SLICE_NS + kMillisecond};
    nanosleep(&pause, nullptr);
  }
  EXPECT_TRUE(found);
}

// Found was: each signal began a new slice, so that a timer which was quicker
// than a slice hid every death from those that wait without limit.
TEST_F(LockDeath, IsFoundAmidSignals) {
  struct sigaction ignore = {};
  ignore.sa_handler = [](int) {};
  sigaction(SIGALRM, &ignore, nullptr);
  itimerval often = {{0, 20000}, {0, 20000}}, never = {};
  setitimer(ITIMER_REAL, &often, nullptr);
  victim_->Kill();
  uint64_t me = sync_self_process();
  EXPECT_EQ(sync_lock_acquire(lock_.get(), me, SYS_CLOCK_NEVER), -EOWNERDEAD);
  setitimer(ITIMER_REAL, &never, nullptr);
  signal(SIGALRM, SIG_IGN);  // one may be under way still
}

// Found was: every sleeper woke up eleven times a second and read /proc, so
// that many idle ones cost a tenth of a processor.
TEST_F(LockDeath, OneOfManyLooks) {
  constexpr int kMany = 24, kMaxCalls = 1 << 30;
  std::vector<std::thread> sleepers;
  for (int i = 0; i < kMany; i++) {
    sleepers.emplace_back([&] {
      int r =
          sync_lock_acquire(lock_.get(), sync_self_thread(), SYS_CLOCK_NEVER);
      EXPECT_TRUE(r == 0 || r == -EOWNERDEAD) << r;
      EXPECT_EQ(sync_lock_release(lock_.get()), 0);
    });
  }
  // The watch has the millisecond of the last look. Two seconds are 22 slices:
  // 24 sleepers would look 528 times.
  auto last_look = [&] { return Load32(&lock_->watch) >> 8; };
  uint32_t none = last_look();
  EXPECT_TRUE(WaitUntil([&] { return last_look() != none; }));
  uint32_t first = last_look();
  sys_fault_only("sys_task_ended");
  sys_fault_arm(kMaxCalls, EIO);
  EXPECT_TRUE(WaitUntil([&] { return last_look() - first >= 2000; }));
  int looks = kMaxCalls - sys_fault_left();
  sys_fault_arm(0, 0);
  sys_fault_only(nullptr);
  EXPECT_GT(looks, 0);
  EXPECT_LT(looks, 40);
  victim_->Kill();
  for (std::thread &sleeper : sleepers) sleeper.join();
}

TEST_F(LockDeath, IsFoundAtADeadlineWithinASlice) {
  victim_->Kill();
  EXPECT_EQ(
      sync_lock_acquire(lock_.get(), sync_self_process(), In(kMillisecond)),
      -EOWNERDEAD);
}

TEST_F(LockDeath, OfARecursiveHolderLeavesNoDepth) {
  victim_->Kill();
  uint64_t me = sync_self_thread();
  EXPECT_EQ(sync_rlock_acquire(lock_.get(), me, SYS_CLOCK_NEVER), -EOWNERDEAD);
  EXPECT_EQ(lock_->depth, 1u);
  EXPECT_EQ(sync_rlock_release(lock_.get(), me), 0);
  EXPECT_FALSE(sync_lock_is_held(lock_.get()));
}

TEST_F(LockDeath, IsToldToOneOfManySleepers) {
  std::atomic<int> told{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; i++) {
    threads.emplace_back([&] {
      int r =
          sync_lock_acquire(lock_.get(), sync_self_thread(), SYS_CLOCK_NEVER);
      EXPECT_TRUE(r == 0 || r == -EOWNERDEAD) << r;
      if (r == -EOWNERDEAD) told++;
      EXPECT_EQ(sync_lock_release(lock_.get()), 0);
    });
  }
  EXPECT_TRUE(WaitUntil([&] { return HasSleepers(lock_.get()); }));
  victim_->Kill();
  for (std::thread &thread : threads) thread.join();
  EXPECT_EQ(told, 1);
}

// The number came back, but not the process.
TEST(LockDeaths, OfOneWhosePidIsSomebodyElsesNow) {
  sync_lock lock = {};
  uint64_t me = sync_self_process();
  Store64(&lock.word, me + (UINT64_C(1) << 32));
  EXPECT_EQ(sync_lock_acquire(&lock, me, SYS_CLOCK_NEVER), -EOWNERDEAD);
}

TEST(LockDeaths, OfAThread) {
  sync_lock lock = {};
  std::thread([&] {
    EXPECT_EQ(sync_rlock_acquire(&lock, sync_self_thread(), 0), 0);
  }).join();
  EXPECT_EQ(sync_rlock_acquire(&lock, sync_self_thread(), SYS_CLOCK_NEVER),
            -EOWNERDEAD);
}

}  // namespace
