// Proves that nothing unwinds out of what the library calls: an exception ends
// the process that it was thrown in, and the end of a target's thread is the
// end of its process. By all methods.
// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>
#include <thread>

#include "lib/test/capture.h"
#include "lib/test/objects.h"
#include "lib/test/targets.h"

namespace {

class Unwinding : public ObjectsTest {
 protected:
  // A server of our own has our standard streams of now.
  void SetUp() override {
    ObjectsTest::SetUp();
    KillServer();
  }
  void TearDown() override {
    KillServer();
    ObjectsTest::TearDown();
  }
};
INSTANTIATE_METHODS(Unwinding);

constexpr int kCaught = 42;

void DumpNoCore() {
  rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
}

void throws(const brood_args *) {
  DumpNoCore();
  throw std::runtime_error("from the target");
}
BROOD_TARGET(throws);

// Found was: the catch of the parent caught it, in the child, which then went
// on as a second parent.
TEST_P(Unwinding, AnExceptionEndsItsProcess) {
  Capture capture(STDERR_FILENO);
  pid_t pid = getpid();
  Process process(GetParam(), throws);
  try {
    ASSERT_WORKS(process.Start());
  } catch (...) {
    if (getpid() != pid) _exit(kCaught);
    throw;
  }
  EXPECT_WORKS(process.Join());
  EXPECT_EQ(process.Code(), -SIGABRT);
}

// A target that catches its own is left alone.
void catches(const brood_args *) {
  try {
    throw std::runtime_error("for itself");
  } catch (const std::runtime_error &) {
    brood_exit(7);
  }
}
BROOD_TARGET(catches);

TEST_P(Unwinding, WhatATargetCatchesIsItsOwn) {
  EXPECT_EQ(Process(GetParam(), catches).Run(), 7);
}

// What an exit handler of this program writes to, if it runs in a process that
// has not the right to it.
int exit_handlers_pipe = -1;

void tell_of_exit() {
  if (exit_handlers_pipe >= 0) (void)!write(exit_handlers_pipe, "x", 1);
}

void ends_its_thread(const brood_args *) {
  printf("printed");
  pthread_exit(nullptr);
}
BROOD_TARGET(ends_its_thread);

void leaves_another_thread(const brood_args *) {
  printf("printed");
  std::thread([] { pause(); }).detach();
  pthread_exit(nullptr);
}
BROOD_TARGET(leaves_another_thread);

// Found was: exit handlers of the creator's ran in the child.
TEST_P(Unwinding, TheEndOfItsThreadIsAReturn) {
  static int registered = atexit(tell_of_exit);
  ASSERT_EQ(registered, 0);
  for (brood_target target : {ends_its_thread, leaves_another_thread}) {
    Pipe told;
    exit_handlers_pipe = told.writing();
    {
      Capture capture(STDOUT_FILENO);
      Process process(GetParam(), target);
      EXPECT_EQ(process.Run(), 0) << brood_error_message();
      EXPECT_EQ(capture.Text(), "printed");
      KillServer();
    }
    exit_handlers_pipe = -1;
    EXPECT_EQ(told.ReadAll(), "") << "an exit handler ran in the child";
  }
}

int throw_in_action() {
  DumpNoCore();
  throw std::runtime_error("from the action");
}
BROOD_ACTION(throw_in_action);

// come_last(barrier)
void come_last(const brood_args *args) {
  brood_barrier *barrier;
  barrier = ObjectAt<brood_barrier>(args, 0);
  try {
    brood_barrier_wait(barrier, kLong);
  } catch (...) {
    _exit(kCaught);
  }
  _exit(1);
}
BROOD_TARGET(come_last);

// Found was: the others waited for ever.
TEST_P(Unwinding, AnActionThatThrowsBreaksTheBarrier) {
  Capture capture(STDERR_FILENO);
  brood_barrier *barrier = brood_barrier_new(brood_get_context(GetParam()), 2,
                                             throw_in_action, BROOD_FOREVER);
  ASSERT_NE(barrier, nullptr) << brood_error_message();
  Process last(GetParam(), come_last, {brood_object(barrier)});
  std::thread starter([&] {
    WaitUntil([&] { return brood_barrier_n_waiting(barrier) == 1; });
    EXPECT_WORKS(last.Start());
  });
  EXPECT_FAILS(brood_barrier_wait(barrier, BROOD_FOREVER), BROOD_BROKEN_BARRIER,
               "broken");
  starter.join();
  EXPECT_WORKS(last.Join());
  EXPECT_EQ(last.Code(), -SIGABRT);
  brood_barrier_free(barrier);
}

}  // namespace
