// Proves that no system call that fails leaves anything behind. The n-th one
// of a start, join and close is made to fail, for n = 1, 2, …, until none is
// left: each time the outcome is the true one or a documented error, nothing
// runs or stays open, and the next start works. By all methods.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>

#include "lib/test/process.h"
#include "lib/test/targets.h"

extern "C" {
#include "lib/sys/fault.h"
}

namespace {

constexpr int kErrors[] = {EMFILE, ENOMEM, EIO};
constexpr int kCode = 7;

// Far more system calls than there are; a sweep that comes here never ends.
constexpr int kMaxCalls = 200;

// say_and_exit(writing end): if it ran, it wrote a byte.
void say_and_exit(const brood_args *args) {
  Tell(DescriptorAt(args, 0), "s");
  brood_exit(kCode);
}
BROOD_TARGET(say_and_exit);

// A forked child has the count of its parent; here it is about the parent.
void disarm() {
  sys_fault_arm(0, 0);
}

struct Arming {
  int nth;
  int error;
};

class Sweep : public MethodTest {
 protected:
  void SetUp() override {
    static int registered = pthread_atfork(nullptr, nullptr, disarm);
    ASSERT_EQ(registered, 0);
    MethodTest::SetUp();
  }

  // Runs body with the n-th call failing, for each n and each error.
  template <typename Body>
  void ForEachCall(const Body &body) {
    for (int error : kErrors) {
      int nth = 1;
      bool injected = true;
      for (; injected && nth < kMaxCalls; nth++) {
        SCOPED_TRACE(testing::Message()
                     << "call " << nth << " failed with " << strerror(error));
        injected = body(Arming{nth, error});
        CheckNothingIsLeft();
        if (HasFailure()) return;
      }
      EXPECT_GT(nth, 3) << "no call was seen";
      EXPECT_LT(nth, kMaxCalls);
    }
  }

  void CheckNothingIsLeft() {
    EXPECT_EQ(brood_active_children(nullptr, 0), 0);
    int code = Process(GetParam(), exit_with, {brood_int64(kCode)}).Run();
    EXPECT_EQ(code, kCode) << brood_error_message();
    ExpectAsBefore();
  }

  // Start to close with one fault; whether it was injected.
  bool StartToClose(const Arming &arming, enum brood_daemon daemon) {
    Pipe said;
    sys_fault_arm(arming.nth, arming.error);
    {
      brood_value arg = said.Argument();
      brood_process_options options = {};
      options.target = say_and_exit;
      options.args = &arg;
      options.num_args = 1;
      options.daemon = daemon;
      brood_process *process =
          brood_process_new(brood_get_context(GetParam()), &options);
      if (process == nullptr) {
        CheckError(arming);
      } else {
        StartAndJoin(process, arming);
      }
      brood_process_free(process);
    }
    bool injected = sys_fault_left() == 0;
    disarm();
    CheckSaid(&said);
    return injected;
  }

  // A process that started ran once. One that did not start did not run; but
  // if it was the kernel's handle of a new process that could not be had, then
  // it was killed, perhaps after its first step. It is gone: the pipe ends.
  void CheckSaid(Pipe *said) {
    std::string text = said->ReadAll();
    EXPECT_GE(text.size(), started_ ? 1u : 0u);
    EXPECT_LE(text.size(), 1u);
  }

  void StartAndJoin(brood_process *process, const Arming &arming) {
    started_ = brood_process_start(process) == 0;
    if (!started_) {
      CheckError(arming);
      EXPECT_EQ(brood_process_pid(process), 0);
      EXPECT_EQ(brood_process_is_alive(process), 0);
      return;
    }
    if (brood_process_join(process, kLong) != 0) {
      CheckError(arming);
      EXPECT_WORKS(brood_process_join(process, kLong));
    }
    int code = kNoCode;
    EXPECT_EQ(brood_process_exitcode(process, &code), 1);
    EXPECT_EQ(code, kCode);
    EXPECT_EQ(brood_process_is_alive(process), 0);
    EXPECT_WORKS(brood_process_close(process));
  }

  // The call that just failed did so for the reason injected.
  void CheckError(const Arming &arming) {
    EXPECT_EQ(sys_fault_left(), 0)
        << "failed without a fault: " << brood_error_message();
    EXPECT_EQ(brood_error(), BROOD_OS_ERROR) << brood_error_message();
    EXPECT_EQ(brood_errno(), arming.error) << brood_error_message();
    EXPECT_PRED2(EndsWith, brood_error_message(), strerror(arming.error));
  }

  bool started_ = false;
};
INSTANTIATE_METHODS(Sweep);

TEST_P(Sweep, StartToClose) {
  ForEachCall([this](const Arming &arming) {
    return StartToClose(arming, BROOD_NOT_DAEMON);
  });
}

TEST_P(Sweep, StartToCloseOfADaemon) {
  ForEachCall([this](const Arming &arming) {
    return StartToClose(arming, BROOD_DAEMON);
  });
}

// A process that runs is alive, whatever goes wrong in asking.
TEST_P(Sweep, NobodyDiesOfAFailedQuestion) {
  Pipe release;
  Process process(GetParam(), hold,
                  {release.ReadingArgument(), brood_int64(kCode)});
  ASSERT_WORKS(process.Start());
  for (int error : kErrors) {
    for (int nth = 1; nth < 10; nth++) {
      SCOPED_TRACE(testing::Message() << "call " << nth << ": " << error);
      int code;
      sys_fault_arm(nth, error);
      EXPECT_EQ(brood_process_exitcode(process, &code), 0);
      sys_fault_arm(nth, error);
      EXPECT_NE(brood_process_join(process, 0), 0);
      sys_fault_arm(nth, error);
      EXPECT_NE(brood_process_is_alive(process), 0);
      sys_fault_arm(nth, error);
      EXPECT_EQ(brood_active_children(nullptr, 0), 1);
      sys_fault_arm(nth, error);
      EXPECT_NE(brood_process_close(process), 0);
    }
  }
  disarm();
  EXPECT_EQ(brood_process_is_alive(process), 1);
  release.Release();
  EXPECT_WORKS(process.Join());
  EXPECT_EQ(process.Code(), kCode);
}

class SweepServer : public Sweep {
 protected:
  bool LargeStart(const Arming &arming) {
    Pipe said;
    std::string large(100000, 'x');
    Values args = {said.Argument(), brood_string(large.c_str())};
    for (int i = 0; i < 600; i++) args.push_back(said.Argument());
    Process process(GetParam(), say_and_exit, args);
    sys_fault_arm(arming.nth, arming.error);
    StartAndJoin(process, arming);
    bool injected = sys_fault_left() == 0;
    disarm();
    CheckSaid(&said);
    return injected;
  }
};
INSTANTIATE_TEST_SUITE_P(Methods, SweepServer, testing::Values("forkserver"),
                         NameOfParam);

// With a server to be run first.
TEST_P(SweepServer, RunningAServer) {
  ForEachCall([this](const Arming &arming) {
    KillServer();
    return StartToClose(arming, BROOD_NOT_DAEMON);
  });
}

// With a server to be connected to first.
TEST_P(SweepServer, ConnectingToAnInheritedServer) {
  ForEachCall([this](const Arming &arming) {
    bool injected = false;
    Pipe answer;
    InFork([&] {
      injected = StartToClose(arming, BROOD_NOT_DAEMON);
      if (!HasFailure()) answer.Release(injected ? 1 : 2);
    });
    return answer.ReadAll().size() == 1;
  });
}

// With more descriptors and a larger argument than one message carries. Each
// descriptor is looked at first, so the calls are counted by name.
TEST_P(SweepServer, ALaunchInSeveralMessages) {
  for (const char *wrapper : {"sys_sock_try_send", "sys_sock_receive",
                              "sys_memfd_new", "sys_write_full"}) {
    SCOPED_TRACE(wrapper);
    bool injected = true;
    for (int nth = 1; injected && !HasFailure(); nth++) {
      sys_fault_only(wrapper);
      injected = LargeStart({nth, EIO});
      sys_fault_only(nullptr);
      EXPECT_TRUE(injected || nth > 1) << "no call was seen";
      CheckNothingIsLeft();
    }
  }
}

}  // namespace
