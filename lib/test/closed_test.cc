// Proves that the end of a process is told, in time and without spinning, by a
// program that has closed the library's descriptors, may not wait for its
// children, or has them debugged; by a child that closed all it had; and by
// those that may open nothing. By all methods.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "lib/test/connections.h"
#include "lib/test/targets.h"
#include "lib/test/victim.h"

extern "C" {
#include "lib/sys/clock.h"
#include "lib/sys/fault.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"
}

namespace {

constexpr int kCode = 7;
constexpr int64_t kShort = 200 * kMillisecond;

brood_event *EventAt(const brood_args *args, size_t index) {
  brood_event *event = nullptr;
  event = ObjectAt<brood_event>(args, index);
  return event;
}

// await_event(event, code) needs no descriptor to wait with.
void await_event(const brood_args *args) {
  brood_event *event = EventAt(args, 0);
  alarm(kLong / kSecond);
  brood_event_wait(event, kLong);
  brood_exit((int)Int64At(args, 1));
}
BROOD_TARGET(await_event);

void CloseAll() {
  ASSERT_EQ(syscall(SYS_close_range, 3, ~0u, 0), 0);
}

int64_t ThreadTime() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * kSecond + time.tv_nsec;
}

class Closed : public ObjectsTest {
 protected:
  void SetUp() override {
    ObjectsTest::SetUp();
    event_ = brood_event_new(brood_get_context(GetParam()));
  }
  void TearDown() override {
    sys_fault_arm(0, 0);
    sys_fault_only(nullptr);
    brood_event_free(event_);
    ObjectsTest::TearDown();
  }

  std::unique_ptr<Process> StartOne(
      int code, enum brood_daemon daemon = BROOD_NOT_DAEMON) {
    auto process = std::make_unique<Process>(
        GetParam(), await_event,
        Values{brood_object(event_), brood_int64(code)}, daemon);
    EXPECT_WORKS(process->Start());
    return process;
  }

  // A join in vain takes its time, and less than half of it of the processor.
  void ExpectJoinTimesOut(const Process &process) {
    int64_t begin = sys_clock_ns(), used = ThreadTime();
    EXPECT_FAILS(brood_process_join(process, kShort), BROOD_TIMEOUT, "running");
    EXPECT_GE(sys_clock_ns() - begin, kShort);
    EXPECT_LT(ThreadTime() - used, kShort / 2);
  }

  // One returns once the event is set, the other is killed.
  void ExpectTheirEnds(Process &process, Process &killed) {
    EXPECT_WORKS(brood_process_kill(killed));
    EXPECT_WORKS(killed.Join());
    EXPECT_EQ(killed.Code(), -SIGKILL);
    EXPECT_WORKS(brood_event_set(event_));
    EXPECT_WORKS(process.Join());
    EXPECT_EQ(process.Code(), kCode);
  }

  // Of a forkserver's child nothing is left but its number: it lives as long as
  // somebody has that, and nobody knows how it ended.
  void ExpectKnownByNumber(Process &process) {
    ExpectJoinTimesOut(process);
    EXPECT_EQ(brood_process_is_alive(process), 1);
    EXPECT_EQ(process.Code(), kNoCode);
    EXPECT_OS_ERROR(brood_process_kill(process), EBADF, "cannot send");
    EXPECT_OS_ERROR(brood_process_sentinel(process), EBADF, "no sentinel");
    EXPECT_WORKS(brood_event_set(event_));
    EXPECT_WORKS(process.Join());
    EXPECT_EQ(process.Code(), 255);
    EXPECT_EQ(brood_process_is_alive(process), 0);
    EXPECT_WORKS(brood_process_close(process));
  }

  bool IsForkserver() const {
    return std::string(GetParam()) == "forkserver";
  }

  brood_event *event_ = nullptr;
};
INSTANTIATE_METHODS(Closed);

// ---------------------------------------------- All above 2 is closed, here --

// Found was: join took all processor time, and never came back.
TEST_P(Closed, OwnChildrenAreJoinedAllTheSame) {
  InFork([this] {
    auto process = StartOne(kCode), killed = StartOne(kCode);
    CloseAll();
    if (IsForkserver()) {
      ExpectKnownByNumber(*process);
    } else {
      ExpectJoinTimesOut(*process);
      EXPECT_EQ(brood_process_is_alive(*process), 1);
      EXPECT_EQ(process->Code(), kNoCode);
      ExpectTheirEnds(*process, *killed);
      EXPECT_EQ(brood_process_is_alive(*process), 0);
      EXPECT_WORKS(brood_process_close(*process));
      EXPECT_EQ(brood_active_children(nullptr, 0), 0);
    }
    EXPECT_WORKS(brood_event_set(event_));
  });
}

TEST_P(Closed, OthersAreStartedAndJoined) {
  InFork([this] {
    auto process = StartOne(kCode);
    CloseAll();
    Process other(GetParam(), exit_with, {brood_int64(3)});
    EXPECT_EQ(other.Run(), 3) << brood_error_message();
    EXPECT_WORKS(brood_event_set(event_));
  });
}

// A process that is somebody else's: it waits until it is let go.
class Innocent {
 public:
  Innocent() : pid_(fork()) {
    if (pid_ != 0) return;
    alarm(kLong / kSecond);
    for (;;) pause();
  }
  Innocent(const Innocent &) = delete;
  ~Innocent() {
    EXPECT_EQ(kill(pid_, SIGKILL), 0);
    EXPECT_EQ(waitpid(pid_, nullptr, 0), pid_);
  }

  // Gives all low numbers to descriptors that name it.
  void TakeNumbers() {
    int fd;
    while ((fd = (int)syscall(SYS_pidfd_open, pid_, 0)) < kNumNumbers) {
      ASSERT_GE(fd, 0);
    }
  }

  void ExpectUnharmed() const {
    for (int fd = 3; fd < kNumNumbers; fd++) {
      EXPECT_EQ(sys_poll_one(fd, POLLIN, 0), 0) << fd << " is closed, or dead";
    }
  }

  void ExpectAlive() const {
    EXPECT_EQ(waitpid(pid_, nullptr, WNOHANG), 0);
  }

  static constexpr int kNumNumbers = 100;

 private:
  pid_t pid_;
};

void UseAll(Process &process, int64_t join_ns) {
  int code;
  brood_process_is_alive(process);
  brood_process_exitcode(process, &code);
  brood_process_terminate(process);
  brood_process_kill(process);
  brood_process_join(process, join_ns);
  brood_process_exitcode(process, &code);
  brood_active_children(nullptr, 0);
  brood_process_close(process);
}

// Found was: the numbers were trusted for ever, and what the program had made
// of them by then was signalled and closed.
TEST_P(Closed, NumbersThatAreOthersByNow) {
  for (enum brood_daemon daemon : {BROOD_NOT_DAEMON, BROOD_DAEMON}) {
    SCOPED_TRACE(daemon);
    InFork([this, daemon] {
      auto process = StartOne(kCode, daemon), freed = StartOne(kCode, daemon);
      CloseAll();
      Innocent innocent;
      innocent.TakeNumbers();
      InFork([&] { innocent.ExpectUnharmed(); });
      int sentinel = brood_process_sentinel(*process);
      EXPECT_NE(sentinel<0, sentinel> Innocent::kNumNumbers);
      // A kill does not reach a forkserver's child any more.
      UseAll(*process, IsForkserver() ? kShort : kLong);
      if (!IsForkserver() && daemon == BROOD_NOT_DAEMON) {
        EXPECT_FAILS(process->Join(), BROOD_VALUE_ERROR, "closed");
      }
      innocent.ExpectUnharmed();
      process.reset();
      freed.reset();
      brood_event_set(event_);
      innocent.ExpectUnharmed();
    });
  }
}

// At the exit of main those that are left are looked after.
TEST_P(Closed, TheExitOfMainHarmsNobodyEither) {
  for (enum brood_daemon daemon : {BROOD_NOT_DAEMON, BROOD_DAEMON}) {
    SCOPED_TRACE(daemon);
    InFork([this, daemon] {
      Innocent innocent;
      fflush(nullptr);
      pid_t pid = fork();
      if (pid == 0) {
        alarm(kLong / kSecond);
        auto process = StartOne(kCode, daemon);
        CloseAll();
        innocent.TakeNumbers();
        brood_event_set(event_);
        exit(HasFailure());
      }
      int status = -1;
      EXPECT_EQ(waitpid(pid, &status, 0), pid);
      EXPECT_EQ(status, 0);
      brood_event_set(event_);
      innocent.ExpectAlive();
    });
  }
}

// ------------------------------------------------- Those who may not wait --

// Found was: whatever waitid said but ECHILD was taken for a living child.
TEST_P(Closed, WaitidIsDenied) {
  InFork([this] {
    sys_fault_only("sys_pidfd_reap");
    sys_fault_arm(SYS_FAULT_ALL, EPERM);
    auto process = StartOne(kCode);
    ExpectJoinTimesOut(*process);
    EXPECT_EQ(brood_process_is_alive(*process), 1);
    EXPECT_WORKS(brood_event_set(event_));
    EXPECT_WORKS(process->Join());
    EXPECT_EQ(brood_process_is_alive(*process), 0);
    int code = process->Code();
    EXPECT_TRUE(code == kCode || code == 255) << code;
    EXPECT_WORKS(brood_process_close(*process));
  });
}

// Found was: a process that has ended, but which its tracer has not let go,
// was asked again and again, whatever the time.
TEST_P(Closed, ATracerHasNotLetItGo) {
  auto process = StartOne(kCode);
  Shared<int> traces;
  Victim tracer(
      [&] { *traces.get() = ptrace(PTRACE_SEIZE, process->Pid(), 0, 0) == 0; });
  tracer.AwaitDone();
  if (!*traces.get()) {
    EXPECT_WORKS(brood_process_kill(*process));
    EXPECT_WORKS(process->Join());
    GTEST_SKIP() << "SKIPPED: ptrace is not allowed";
  }
  EXPECT_WORKS(brood_process_kill(*process));
  EXPECT_TRUE(WaitUntil([&] { return StateOf(process->Pid()) == 'Z'; }));
  if (IsForkserver()) { /* the kernel shows how it ended */
    EXPECT_WORKS(process->Join(kShort));
  } else {
    ExpectJoinTimesOut(*process);
  }
  tracer.Kill();
  tracer.Reap();
  EXPECT_WORKS(process->Join());
  EXPECT_EQ(process->Code(), -SIGKILL);
}

// --------------------------------------------- All is closed, in the child --

// A process that may open no descriptor may poll none, with those it has.
void AllowNone(bool none) {
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = none ? 0 : limit.rlim_max;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

// close_and_ask(event to say so, value, event at the end, whether to close)
void close_and_ask(const brood_args *args) {
  brood_event *asked = EventAt(args, 0), *ended = EventAt(args, 2);
  brood_shared_value *value;
  value = ObjectAt<brood_shared_value>(args, 1);
  alarm(kLong / kSecond);
  bool closes = Int64At(args, 3) != 0;
  closes ? CloseAll() : AllowNone(true);
  brood_process *parent = brood_parent_process();
  bool lives = brood_process_is_alive(parent) == 1 &&
               brood_process_join(parent, 0) == BROOD_TIMEOUT &&
               brood_process_join(parent, kShort) == BROOD_TIMEOUT;
  NumberIn(value) = lives ? 1 : -1;
  brood_event_set(asked);
  bool dies = brood_process_join(parent, kLong) == 0 &&
              brood_process_is_alive(parent) == 0;
  NumberIn(value) = lives && dies ? 2 : -2;
  brood_event_set(ended);
  if (!closes) AllowNone(false);
}
BROOD_TARGET(close_and_ask);

class WithoutPoll : public Closed {
 protected:
  void ExpectAChildSeesItsParent(bool closes);
};
INSTANTIATE_METHODS(WithoutPoll);

void WithoutPoll::ExpectAChildSeesItsParent(bool closes) {
  const brood_context *context = brood_get_context(GetParam());
  brood_event *ended = brood_event_new(context);
  brood_shared_value *value = brood_shared_value_new(context, 'q', nullptr);
  std::unique_ptr<Process> process;
  Victim creator([&] {
    process = std::make_unique<Process>(
        GetParam(), close_and_ask,
        Values{brood_object(event_), brood_object(value), brood_object(ended),
               brood_int64(closes)});
    if (process->Start() < 0) _exit(1);
  });
  creator.AwaitDone();
  EXPECT_WORKS(brood_event_wait(event_, kLong));
  EXPECT_EQ(NumberIn(value), 1) << "the living parent was dead";
  creator.Kill();
  creator.Reap();
  EXPECT_WORKS(brood_event_wait(ended, kLong));
  EXPECT_EQ(NumberIn(value), 2) << "the dead parent was alive";
  brood_shared_value_free(value);
  brood_event_free(ended);
}

// Found was: to a child that closed all it had inherited, its living parent was
// dead.
TEST_P(WithoutPoll, AChildThatClosedAllSeesItsParent) {
  ExpectAChildSeesItsParent(true);
}

// Found was: the same.
TEST_P(WithoutPoll, AChildThatMayOpenNoneSeesItsParent) {
  ExpectAChildSeesItsParent(false);
}

// Found was: join failed, and the exit of main joined nobody.
TEST_P(WithoutPoll, ACreatorThatMayOpenNoneJoins) {
  InFork([this] {
    auto process = StartOne(kCode), killed = StartOne(kCode);
    AllowNone(true);
    ExpectJoinTimesOut(*process);
    EXPECT_EQ(brood_process_is_alive(*process), 1);
    ExpectTheirEnds(*process, *killed);
    AllowNone(false);
  });
}

}  // namespace
