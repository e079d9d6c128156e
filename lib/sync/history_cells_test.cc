// Proves by what workers wrote down that locks exclude, semaphores bound, no
// wake-up is lost, and barriers let go whole rounds; between threads and
// between processes.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <sched.h>

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "lib/test/fixture.h"
#include "lib/test/history.h"
#include "lib/test/victim.h"

#include "lib/test/cells.h"

namespace {

constexpr int kWorkers = 4;
constexpr int kRounds = 400;

struct Board {
  Log log;
  sync_lock lock;
  sync_semaphore semaphore;
  sync_condition condition;
  uint32_t items;  // under the lock
  uint32_t eaten;
  sync_barrier barrier;  // the last, for what comes behind it
};

class HistoryTest : public testing::TestWithParam<const char *> {
 protected:
  HistoryTest() : board_(kWorkers * sizeof(uint64_t)) {
  }

  // Has each worker, a thread or a process, run body.
  void Run(const std::function<void(int)> &body) {
    if (std::string(GetParam()) == "threads") {
      std::vector<std::thread> threads;
      for (int i = 0; i < kWorkers; i++) threads.emplace_back(body, i);
      for (std::thread &thread : threads) thread.join();
      return;
    }
    std::vector<pid_t> pids;
    for (int i = 0; i < kWorkers; i++) {
      pid_t pid = fork();
      ASSERT_GE(pid, 0);
      if (pid == 0) {
        alarm(kLong / kSecond);
        body(i);
        _exit(HasFailure() ? 1 : 0);
      }
      pids.push_back(pid);
    }
    for (pid_t pid : pids) EXPECT_TRUE(WaitForChild(pid));
  }

  void Acquire() {
    EXPECT_EQ(
        sync_lock_acquire(&board_->lock, sync_self_thread(), SYS_CLOCK_NEVER),
        0);
  }
  void Release() {
    EXPECT_EQ(sync_lock_release(&board_->lock), 0);
  }

  // Has others run where they should not, on few processors too.
  static void Linger(int round) {
    if (round % 4 == 0) sched_yield();
  }

  Shared<Board> board_;
};
INSTANTIATE_TEST_SUITE_P(Workers, HistoryTest,
                         testing::Values("threads", "processes"), NameOfParam);

TEST_P(HistoryTest, ALockExcludes) {
  Run([this](int worker) {
    for (int round = 0; round < kRounds; round++) {
      Acquire();
      board_->log.Append(worker, Did::kEnter);
      Linger(round);
      board_->log.Append(worker, Did::kLeave);
      Release();
    }
  });
  History history = board_->log.Read();
  EXPECT_EQ(history.size(), 2u * kWorkers * kRounds);
  EXPECT_EQ(JudgeHolders(history, 1), "");
}

// Some of the acquires give up.
TEST_P(HistoryTest, ALockExcludesThoseInAHurryToo) {
  Run([this](int worker) {
    for (int round = 0; round < kRounds; round++) {
      int64_t deadline = round % 2 ? 0 : sys_clock_ns() + 20000;
      if (sync_lock_acquire(&board_->lock, sync_self_thread(), deadline) < 0) {
        continue;
      }
      board_->log.Append(worker, Did::kEnter);
      Linger(round);
      board_->log.Append(worker, Did::kLeave);
      Release();
    }
  });
  EXPECT_EQ(JudgeHolders(board_->log.Read(), 1), "");
}

TEST_P(HistoryTest, ASemaphoreBounds) {
  constexpr uint32_t kBound = 2;
  sync_semaphore_init(&board_->semaphore, kBound, kBound);
  Run([this](int worker) {
    for (int round = 0; round < kRounds; round++) {
      EXPECT_EQ(sync_semaphore_acquire(&board_->semaphore, SYS_CLOCK_NEVER), 0);
      board_->log.Append(worker, Did::kEnter);
      Linger(round);
      board_->log.Append(worker, Did::kLeave);
      EXPECT_EQ(sync_semaphore_release(&board_->semaphore), 0);
    }
  });
  EXPECT_EQ(JudgeHolders(board_->log.Read(), kBound), "");
  EXPECT_EQ(sync_semaphore_value(&board_->semaphore), kBound);
}

// Half of them make, half of them eat; each item is one notification, and every
// tenth time all are notified.
TEST_P(HistoryTest, NoWakeUpIsLost) {
  constexpr uint32_t kEnd = kRounds * kWorkers / 2;
  Run([this](int worker) {
    for (int round = 0; worker % 2 == 0 && round < kRounds; round++) {
      uint32_t count = round % 10 == 9 ? UINT32_MAX : 1;
      Acquire();
      board_->items++;
      board_->log.Append(worker, Did::kNotify, count);
      sync_condition_notify(&board_->condition, count);
      Release();
      Linger(round);
    }
    while (worker % 2 == 1) {
      Acquire();
      while (board_->items == 0 && board_->eaten < kEnd) {
        board_->log.Append(worker, Did::kWait);
        EXPECT_EQ(sync_condition_wait(&board_->condition, &board_->lock,
                                      sync_self_thread(), SYS_CLOCK_NEVER),
                  0);
        board_->log.Append(worker, Did::kWoken);
      }
      bool done = board_->eaten == kEnd;
      if (!done) {
        board_->items--;
        if (++board_->eaten == kEnd) {
          board_->log.Append(worker, Did::kNotify, UINT32_MAX);
          sync_condition_notify(&board_->condition, UINT32_MAX);
        }
      }
      Release();
      if (done) return;
    }
  });
  EXPECT_EQ(board_->eaten, kEnd);
  EXPECT_EQ(JudgeWakeUps(board_->log.Read()), "");
}

TEST_P(HistoryTest, ABarrierLetsWholeRoundsGo) {
  sync_barrier_init(&board_->barrier, kWorkers);
  Run([this](int worker) {
    sync_action none = {};
    for (uint32_t round = 0; round < kRounds; round++) {
      board_->log.Append(worker, Did::kArrive, round);
      EXPECT_GE(sync_barrier_wait(&board_->barrier, &none, SYS_CLOCK_NEVER), 0);
      board_->log.Append(worker, Did::kPass, round);
    }
  });
  History history = board_->log.Read();
  EXPECT_EQ(history.size(), 2u * kWorkers * kRounds);
  EXPECT_EQ(JudgeRounds(history, kWorkers), "");
}

}  // namespace
