// Proves that any thread may do anything: after join a process is not alive and
// has its exit code, whoever else asks at the same time. By all methods.
// SPDX-License-Identifier: MIT
#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "lib/test/process.h"
#include "lib/test/targets.h"

namespace {

constexpr int kThreads = 8;
constexpr int kRounds = 50;

void InThreads(const std::function<void(int)> &body) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; i++) threads.emplace_back(body, i);
  for (std::thread &thread : threads) thread.join();
}

class Threads : public MethodTest {
 protected:
  void SetUp() override {
    MethodTest::SetUp();
    if (GetParam() == std::string("fork")) SKIP_FORKS_BESIDE_MALLOC();
  }

  // The first thread that sees something wrong says so; the count tells more.
  void Complain(const char *what) {
    if (num_anomalies_++ == 0) ADD_FAILURE() << what;
  }

  // After join returned 0.
  void CheckEnded(brood_process *process, int expected) {
    int code = kNoCode;
    if (brood_process_is_alive(process) != 0) Complain("alive after join");
    if (brood_process_exitcode(process, &code) != 1) {
      Complain("no exit code after join");
    } else if (code != expected) {
      Complain("another exit code");
    }
  }

  std::atomic<int> num_anomalies_{0};
};
INSTANTIATE_METHODS(Threads);

TEST_P(Threads, EachStartsAndJoinsItsOwn) {
  InThreads([this](int thread) {
    for (int i = 0; i < kRounds; i++) {
      int code = (thread * kRounds + i) % 256;
      Process process(GetParam(), exit_with, {brood_int64(code)});
      if (process.Start() != 0) Complain(brood_error_message());
      brood_process_is_alive(process);
      if (process.Join() != 0) Complain(brood_error_message());
      CheckEnded(process, code);
      brood_active_children(nullptr, 0);
    }
  });
  EXPECT_EQ(num_anomalies_, 0);
  EXPECT_EQ(brood_active_children(nullptr, 0), 0);
}

TEST_P(Threads, AllJoinTheSame) {
  for (int i = 0; i < kRounds / 5; i++) {
    Pipe release;
    Process process(GetParam(), hold,
                    {release.ReadingArgument(), brood_int64(i)});
    ASSERT_WORKS(process.Start());
    std::atomic<int> num_waiting{0};
    std::thread let_go([&] {
      WaitUntil([&] { return num_waiting == kThreads; });
      release.Release();
    });
    InThreads([&](int thread) {
      num_waiting++;
      // Some poll, some wait with a limit, some without, some watch.
      while (thread % 4 == 0 && process.Join(0) != 0) {
        std::this_thread::yield();
      }
      while (thread % 4 == 1 && brood_process_is_alive(process)) {
        std::this_thread::yield();
      }
      if (process.Join(thread % 4 == 2 ? BROOD_FOREVER : kLong) != 0) {
        Complain(brood_error_message());
      }
      CheckEnded(process, i);
    });
    let_go.join();
  }
  EXPECT_EQ(num_anomalies_, 0);
}

// One wins; the others are told that it is started already.
TEST_P(Threads, AllStartTheSame) {
  for (int i = 0; i < kRounds / 5; i++) {
    Process process(GetParam(), nothing);
    std::atomic<int> num_started{0};
    InThreads([&](int) {
      int r = process.Start();
      if (r == 0) num_started++;
      if (r != 0 && r != BROOD_ASSERTION_ERROR) {
        Complain(brood_error_message());
      }
    });
    EXPECT_EQ(num_started, 1);
    EXPECT_WORKS(process.Join());
    CheckEnded(process, 0);
  }
  EXPECT_EQ(num_anomalies_, 0);
}

// While processes come and go, a list of them has only good handles.
TEST_P(Threads, SomeListWhatOthersStart) {
  std::atomic<int> num_running{kThreads / 2};
  InThreads([&](int thread) {
    if (thread % 2 == 0) {
      for (int i = 0; i < kRounds; i++) {
        Process process(GetParam(), nothing);
        if (process.Start() != 0) Complain(brood_error_message());
        if (i % 2 == 0 && process.Join() != 0) Complain(brood_error_message());
      }
      num_running--;
    }
    while (thread % 2 == 1 && num_running > 0) {
      brood_process *children[3];
      int count = brood_active_children(children, 3);
      for (int i = 0; i < 3 && i < count; i++) {
        if (brood_process_join(children[i], kLong) != 0) Complain("join");
        CheckEnded(children[i], 0);
        brood_process_free(children[i]);
      }
    }
  });
  EXPECT_EQ(num_anomalies_, 0);
  EXPECT_TRUE(WaitUntil([] { return brood_active_children(nullptr, 0) == 0; }));
}

// Closing while others wait takes nothing away from under them.
TEST_P(Threads, OneClosesWhatOthersJoin) {
  for (int i = 0; i < kRounds / 5; i++) {
    Process process(GetParam(), nothing);
    ASSERT_WORKS(process.Start());
    InThreads([&](int thread) {
      int r = 0;
      if (thread == 0) {
        while (brood_process_close(process) != 0) std::this_thread::yield();
      } else {
        r = process.Join();
      }
      if (r != 0 && r != BROOD_VALUE_ERROR) Complain(brood_error_message());
    });
    EXPECT_FAILS(process.Join(), BROOD_VALUE_ERROR, "closed");
  }
  EXPECT_EQ(num_anomalies_, 0);
}

// The error of one thread is not that of another.
TEST_F(LibraryTest, EachThreadHasItsOwnError) {
  EXPECT_FAILS(brood_set_executable(nullptr), BROOD_TYPE_ERROR, "NULL");
  std::thread([] {
    EXPECT_EQ(brood_error(), BROOD_OK);
    EXPECT_STREQ(brood_error_message(), "");
    EXPECT_NULL_FAILS(brood_get_context("thread"), BROOD_VALUE_ERROR, "thread");
  }).join();
  EXPECT_EQ(brood_error(), BROOD_TYPE_ERROR);
}

// A fork by a user's thread while others start processes finds nothing locked.
TEST_P(Threads, AForkBesideTheOthersStartsProcessesToo) {
  SKIP_FORKS_BESIDE_MALLOC();
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    while (!stop) {
      Process process(GetParam(), nothing);
      if (process.Run() != 0) Complain(brood_error_message());
    }
  });
  for (int i = 0; i < kRounds / 5; i++) {
    InFork([] {
      EXPECT_EQ(brood_active_children(nullptr, 0), 0);
      Process process(GetParam(), exit_with, {brood_int64(9)});
      EXPECT_EQ(process.Run(), 9) << brood_error_message();
    });
  }
  stop = true;
  busy.join();
  EXPECT_EQ(num_anomalies_, 0);
}

}  // namespace
