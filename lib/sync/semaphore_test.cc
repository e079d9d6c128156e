// Proves what a semaphore promises between threads, at its bounds, and after
// somebody was killed at it.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <thread>
#include <vector>

#include "lib/test/fixture.h"
#include "lib/test/victim.h"

#include "lib/test/cells.h"

namespace {

sync_semaphore Make(uint32_t value, uint32_t bound) {
  sync_semaphore semaphore = {};
  sync_semaphore_init(&semaphore, value, bound);
  return semaphore;
}

bool HasSleepers(const sync_semaphore *semaphore) {
  return Load32(&semaphore->waiters) > 0;
}

TEST(Semaphore, IsTakenAsOftenAsItHas) {
  sync_semaphore semaphore = Make(3, 10);
  for (uint32_t left = 3; left > 0; left--) {
    EXPECT_EQ(sync_semaphore_value(&semaphore), left);
    EXPECT_EQ(sync_semaphore_acquire(&semaphore, SYS_CLOCK_NEVER), 0);
  }
  for (int64_t deadline : {INT64_MIN, INT64_C(-1), INT64_C(0), INT64_C(1)}) {
    EXPECT_EQ(sync_semaphore_acquire(&semaphore, deadline), -ETIMEDOUT);
  }
  EXPECT_EQ(sync_semaphore_release(&semaphore), 0);
  EXPECT_EQ(sync_semaphore_acquire(&semaphore, INT64_MIN), 0);
  EXPECT_EQ(Load32(&semaphore.waiters), 0u);
}

TEST(Semaphore, IsNotReleasedBeyondItsBound) {
  for (uint32_t bound : {0u, 1u, 5u, (uint32_t)INT32_MAX}) {
    sync_semaphore semaphore = Make(bound, bound);
    EXPECT_EQ(sync_semaphore_release(&semaphore), -EOVERFLOW);
    EXPECT_EQ(sync_semaphore_value(&semaphore), bound);
    if (bound == 0) continue;
    EXPECT_EQ(sync_semaphore_acquire(&semaphore, 0), 0);
    EXPECT_EQ(sync_semaphore_release(&semaphore), 0);
    EXPECT_EQ(sync_semaphore_release(&semaphore), -EOVERFLOW);
  }
}

TEST(Semaphore, TimeIsNeverOverEarly) {
  sync_semaphore semaphore = Make(0, 1);
  for (int64_t ns : {INT64_C(1), kMillisecond, SYNC_SLICE_NS,
                     SYNC_SLICE_NS + kMillisecond, 2 * SYNC_SLICE_NS}) {
    int64_t deadline = sys_clock_ns() + ns;
    EXPECT_EQ(sync_semaphore_acquire(&semaphore, deadline), -ETIMEDOUT);
    EXPECT_GE(sys_clock_ns(), deadline);
  }
  EXPECT_EQ(Load32(&semaphore.waiters), 0u);
}

TEST(Semaphore, EachReleaseLetsOneSleeperGo) {
  sync_semaphore semaphore = Make(0, 100);
  std::atomic<int> through{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; i++) {
    threads.emplace_back([&] {
      EXPECT_EQ(sync_semaphore_acquire(&semaphore, SYS_CLOCK_NEVER), 0);
      through++;
    });
  }
  ASSERT_TRUE(WaitUntil([&] { return Load32(&semaphore.waiters) == 4; }));
  for (int i = 1; i <= 4; i++) {
    EXPECT_EQ(sync_semaphore_release(&semaphore), 0);
    EXPECT_TRUE(WaitUntil([&] { return through >= i; }));
    EXPECT_EQ(through, i);
  }
  for (std::thread &thread : threads) thread.join();
  EXPECT_EQ(sync_semaphore_value(&semaphore), 0u);
}

TEST(Semaphore, HandsOverWhatWasDoneBefore) {
  sync_semaphore full = Make(0, 1), empty = Make(1, 1);
  int64_t carried = 0;  // not atomic: the semaphores order it
  std::thread producer([&] {
    for (int i = 1; i <= 2000; i++) {
      EXPECT_EQ(sync_semaphore_acquire(&empty, SYS_CLOCK_NEVER), 0);
      carried = i;
      EXPECT_EQ(sync_semaphore_release(&full), 0);
    }
  });
  for (int i = 1; i <= 2000; i++) {
    EXPECT_EQ(sync_semaphore_acquire(&full, SYS_CLOCK_NEVER), 0);
    EXPECT_EQ(carried, i);
    EXPECT_EQ(sync_semaphore_release(&empty), 0);
  }
  producer.join();
}

// So many have been killed that the count of sleepers wraps to none.
TEST(Semaphore, AWrappedCountOfSleepersKeepsNobody) {
  sync_semaphore semaphore = Make(0, 1);
  Store32(&semaphore.waiters, UINT32_MAX);
  std::atomic<pid_t> number{0};
  std::thread sleeper([&] {
    number = (pid_t)(uint32_t)sync_self_thread();
    EXPECT_EQ(sync_semaphore_acquire(&semaphore, SYS_CLOCK_NEVER), 0);
  });
  ASSERT_TRUE(WaitUntil([&] { return SleepsOn(number, &semaphore.value); }));
  EXPECT_EQ(Load32(&semaphore.waiters), 0u);
  EXPECT_EQ(sync_semaphore_release(&semaphore), 0);
  sleeper.join();
}

// Whoever released it was killed before it could wake anybody.
TEST(Semaphore, IsFoundByWhoWasNotWoken) {
  sync_semaphore semaphore = Make(0, 1);
  std::atomic<pid_t> number{0};
  std::thread sleeper([&] {
    number = (pid_t)(uint32_t)sync_self_thread();
    EXPECT_EQ(sync_semaphore_acquire(&semaphore, SYS_CLOCK_NEVER), 0);
  });
  ASSERT_TRUE(WaitUntil([&] { return SleepsOn(number, &semaphore.value); }));
  Store32(&semaphore.value, 1);
  sleeper.join();
}

TEST(SemaphoreDeath, AKilledSleeperTakesNothing) {
  Shared<sync_semaphore> semaphore;
  sync_semaphore_init(semaphore.get(), 0, 10);
  for (int i = 0; i < 3; i++) {
    Victim victim(
        [&] { sync_semaphore_acquire(semaphore.get(), SYS_CLOCK_NEVER); });
    victim.AwaitSleep(&semaphore->value);
    victim.Kill();
  }
  EXPECT_TRUE(HasSleepers(semaphore.get())) << "it stays counted";
  std::thread sleeper([&] {
    EXPECT_EQ(sync_semaphore_acquire(semaphore.get(), SYS_CLOCK_NEVER), 0);
  });
  EXPECT_EQ(sync_semaphore_release(semaphore.get()), 0);
  sleeper.join();
  EXPECT_EQ(sync_semaphore_release(semaphore.get()), 0);
  EXPECT_EQ(sync_semaphore_value(semaphore.get()), 1u);
}

// What a killed process holds is lost, as the contract says; others go on with
// the rest.
TEST(SemaphoreDeath, AKilledHolderKeepsItsPart) {
  Shared<sync_semaphore> semaphore;
  sync_semaphore_init(semaphore.get(), 2, 2);
  Victim victim(
      [&] { sync_semaphore_acquire(semaphore.get(), SYS_CLOCK_NEVER); });
  victim.AwaitDone();
  victim.Kill();
  EXPECT_EQ(sync_semaphore_acquire(semaphore.get(), 0), 0);
  EXPECT_EQ(sync_semaphore_acquire(semaphore.get(), 0), -ETIMEDOUT);
}

}  // namespace
