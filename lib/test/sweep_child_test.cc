// Proves that a system call that fails in a new process, or in the forkserver,
// makes a start fail or the process refuse itself with code 1; never does a
// target run in a process that is not whole, and nobody hangs.
// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "lib/test/capture.h"
#include "lib/test/process.h"
#include "lib/test/targets.h"

extern "C" {
#include "lib/sys/fault.h"
}

namespace {

constexpr int kCode = 7;
// More than any of them makes.
constexpr int kNumCalls = 40;

void say_whole_and_exit(const brood_args *args) {
  bool whole = brood_parent_process() != nullptr &&
               brood_process_daemon(brood_current_process()) == 1 &&
               Int64At(args, 1) == 5;
  Tell(DescriptorAt(args, 0), whole ? "w" : "not whole");
  brood_exit(kCode);
}
BROOD_TARGET(say_whole_and_exit);

int in_child_nth;

void arm_in_child() {
  sys_fault_arm(in_child_nth, EIO);
}

class SweepChild : public MethodTest {
 protected:
  void SetUp() override {
    static int registered = pthread_atfork(nullptr, nullptr, arm_in_child);
    ASSERT_EQ(registered, 0);
    MethodTest::SetUp();
    KillServer();
  }
  void TearDown() override {
    Arm(0);
    KillServer();
    MethodTest::TearDown();
  }

  // Has the nth call fail in what is run next; 0: none.
  void Arm(int nth) {
    std::string method = GetParam();
    in_child_nth = method == "fork" ? nth : 0;
    std::string role =
        method == "spawn" ? "--brood-spawned " : "--brood-forkserver ";
    if (nth == 0 || method == "fork") {
      unsetenv("BROOD_TEST_FAULT");
    } else {
      std::string fault =
          role + std::to_string(nth) + " " + std::to_string(EIO);
      setenv("BROOD_TEST_FAULT", fault.c_str(), 1);
    }
  }

  void StartOne(const std::string &where) {
    Pipe said;
    Process process(GetParam(), say_whole_and_exit,
                    {said.Argument(), brood_int64(5)}, BROOD_DAEMON);
    int r = process.Start();
    if (r == 0) {
      EXPECT_WORKS(process.Join());
      int code = process.Code();
      std::string text = said.ReadAll();
      EXPECT_TRUE((code == kCode && text == "w") || (code == 1 && text.empty()))
          << code << " '" << text << "' " << where;
      num_refused_ += code == 1;
    } else {
      EXPECT_TRUE(r == BROOD_OS_ERROR || r == BROOD_RUNTIME_ERROR)
          << brood_error_message();
      EXPECT_LE(said.ReadAll().size(), 1u);
      num_failed_++;
    }
  }

  int num_refused_ = 0, num_failed_ = 0;
};
INSTANTIATE_METHODS(SweepChild);

TEST_P(SweepChild, EveryCall) {
  int num_noticed = 0;
  for (int nth = 1; nth <= kNumCalls && !HasFailure(); nth++) {
    SCOPED_TRACE(nth);
    std::string complaints;
    {
      Capture capture(STDERR_FILENO);
      Arm(nth);
      StartOne("armed");
      Arm(0);
      // A server may still have its fault before it.
      if (std::string(GetParam()) == "forkserver") {
        for (int i = 0; i < 10; i++) StartOne("after");
      }
      complaints = capture.Text();
    }
    int code = Process(GetParam(), exit_with, {brood_int64(3)}).Run();
    EXPECT_EQ(code, 3) << brood_error_message();
    if (num_refused_ > 0) {
      EXPECT_NE(complaints, "") << "code 1 without a word";
    }
    num_noticed += num_refused_ + num_failed_;
    if (std::string(GetParam()) == "forkserver") KillServer();
    num_refused_ = num_failed_ = 0;
  }
  EXPECT_GT(num_noticed, 0) << "no call was seen";
}

}  // namespace
