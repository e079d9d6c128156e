// Proves that the end of a process is told as it was: exit codes, signals,
// failures; and that join keeps to its timeout. By all methods.
// SPDX-License-Identifier: MIT
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/test/capture.h"
#include "lib/test/process.h"
#include "lib/test/targets.h"

extern "C" {
#include "lib/names.h"
#include "lib/sys/clock.h"

void process_lock(brood_process *process);
void process_unlock(brood_process *process);
}

namespace {

class Ends : public MethodTest {};
INSTANTIATE_METHODS(Ends);

TEST_P(Ends, EveryExitCode) {
  for (int code = 0; code < 256; code++) {
    Process process(GetParam(), exit_with, {brood_int64(code)});
    ASSERT_EQ(process.Run(), code) << brood_error_message();
  }
}

TEST_P(Ends, AnyOtherExitCodeIsTakenModulo256) {
  for (int code : {256, 257, 1000, -1, -256, INT32_MAX, INT32_MIN}) {
    Process process(GetParam(), exit_with, {brood_int64(code)});
    EXPECT_EQ(process.Run(), code & 0xff) << code;
  }
}

TEST_P(Ends, EverySignalThatKills) {
  for (int number : {SIGTERM, SIGKILL, SIGUSR1, SIGHUP, SIGABRT, SIGINT,
                     SIGSEGV, SIGALRM, SIGRTMAX}) {
    Process process(GetParam(), raise_signal, {brood_int64(number)});
    EXPECT_EQ(process.Run(), -number) << brood_error_message();
  }
}

TEST_P(Ends, TerminateAndKill) {
  Pipe release;
  for (int number : {SIGTERM, SIGKILL}) {
    Process process(GetParam(), hold, {release.ReadingArgument()});
    ASSERT_WORKS(process.Start());
    EXPECT_WORKS(number == SIGTERM ? brood_process_terminate(process)
                                   : brood_process_kill(process));
    EXPECT_WORKS(process.Join());
    EXPECT_EQ(process.Code(), -number);
  }
}

// Found was: a copy waited for ever for a mutex that another thread had.
TEST_P(Ends, ACopyOfABusyHandleKills) {
  Pipe release;
  Process process(GetParam(), hold, {release.ReadingArgument()});
  ASSERT_WORKS(process.Start());
  process_lock(process);
  InFork([&] {
    alarm(kLong / kSecond);
    EXPECT_WORKS(brood_process_kill(process));
  });
  process_unlock(process);
  EXPECT_WORKS(process.Join());
  EXPECT_EQ(process.Code(), -SIGKILL);
}

void fail_with_text(const brood_args *args) {
  brood_fail(StringAt(args, 0).c_str());
}
BROOD_TARGET(fail_with_text);

void fail_without_text(const brood_args *) {
  brood_fail(nullptr);
}
BROOD_TARGET(fail_without_text);

TEST_P(Ends, AFailureIsCodeOneAndASentence) {
  KillServer();  // the next one has our standard error
  Capture capture(STDERR_FILENO);
  Process with(GetParam(), fail_with_text, {brood_string("no such luck")},
               BROOD_NOT_DAEMON, "unlucky");
  EXPECT_EQ(with.Run(), 1);
  Process without(GetParam(), fail_without_text, {}, BROOD_NOT_DAEMON, "mute");
  EXPECT_EQ(without.Run(), 1);
  EXPECT_EQ(capture.Text(),
            "Process unlucky:\nno such luck\nProcess mute:\n\n");
  KillServer();
}

// Nothing of what the C library's exit does is left out: what was printed
// comes out, once.
void print_and_return(const brood_args *) {
  printf("printed");
}
BROOD_TARGET(print_and_return);

void print_and_exit(const brood_args *) {
  printf("printed");
  brood_exit(7);
}
BROOD_TARGET(print_and_exit);

TEST_P(Ends, WhatWasPrintedComesOutOnce) {
  KillServer();
  printf("[before]");
  Capture capture(STDOUT_FILENO);
  Process returns(GetParam(), print_and_return);
  EXPECT_EQ(returns.Run(), 0);
  Process exits(GetParam(), print_and_exit);
  EXPECT_EQ(exits.Run(), 7);
  EXPECT_EQ(capture.Text(), "printedprinted");
  KillServer();
}

void exit_with_input(const brood_args *) {
  brood_exit(getchar());
}
BROOD_TARGET(exit_with_input);

// Found was: a child of fork had what its creator had read ahead.
TEST_P(Ends, WhatTheCreatorHasReadAheadIsItsOwn) {
  InFork([] {
    Pipe input;
    input.Release(2);
    ASSERT_EQ(dup2(input.reading(), STDIN_FILENO), STDIN_FILENO);
    ASSERT_NE(getchar(), EOF);
    EXPECT_EQ(Process(GetParam(), exit_with_input).Run(), EOF & 0xff);
    EXPECT_NE(getchar(), EOF);
  });
}

TEST_P(Ends, JoinKeepsToItsTimeout) {
  Pipe release;
  Process process(GetParam(), hold, {release.ReadingArgument()});
  ASSERT_WORKS(process.Start());
  for (int64_t timeout : {INT64_C(0), INT64_C(-1), -kSecond, INT64_MIN + 1}) {
    EXPECT_FAILS(process.Join(timeout), BROOD_TIMEOUT, "still running");
  }
  for (int i = 0; i < 3; i++) {
    int64_t before = sys_clock_ns();
    EXPECT_FAILS(process.Join(20 * kMillisecond), BROOD_TIMEOUT,
                 "still running");
    EXPECT_GE(sys_clock_ns() - before, 20 * kMillisecond);
  }
  release.Release();
  EXPECT_WORKS(process.Join(INT64_MAX));
  EXPECT_WORKS(process.Join(BROOD_FOREVER));
  EXPECT_EQ(process.Code(), 0);
}

// A signal that the joining thread handles does not end the wait.
TEST_P(Ends, JoinOutlastsASignal) {
  struct sigaction action = {}, before;
  action.sa_handler = [](int) {};
  sigaction(SIGUSR1, &action, &before);
  Pipe told, release;
  Process process(GetParam(), tell_and_hold,
                  {told.Argument(), release.ReadingArgument()});
  ASSERT_WORKS(process.Start());
  told.Read<char>();
  pid_t main_pid = getpid();
  pid_t pid = fork();
  if (pid == 0) {
    for (int i = 0; i < 100; i++) kill(main_pid, SIGUSR1);
    release.Release();
    _exit(0);
  }
  EXPECT_WORKS(process.Join());
  EXPECT_EQ(process.Code(), 0);
  EXPECT_TRUE(WaitForChild(pid));
  sigaction(SIGUSR1, &before, nullptr);
}

void stop_itself(const brood_args *) {
  raise(SIGSTOP);
}
BROOD_TARGET(stop_itself);

TEST_P(Ends, AStoppedProcessHasNotEnded) {
  Process process(GetParam(), stop_itself);
  ASSERT_WORKS(process.Start());
  EXPECT_TRUE(WaitUntil([&] { return StateOf(process.Pid()) == 'T'; }));
  EXPECT_FAILS(process.Join(10 * kMillisecond), BROOD_TIMEOUT, "running");
  EXPECT_EQ(brood_process_is_alive(process), 1);
  kill(process.Pid(), SIGCONT);
  EXPECT_WORKS(process.Join());
  EXPECT_EQ(process.Code(), 0);
}

}  // namespace
