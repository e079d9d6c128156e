// Proves what the ordinary end of a process does for its children: daemonic
// ones are terminated, and killed if they do not listen; others are joined. In
// a child, and in main. By all methods.
// SPDX-License-Identifier: MIT
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "lib/test/process.h"
#include "lib/test/targets.h"

namespace {

class Leaving : public MethodTest {};
INSTANTIATE_METHODS(Leaving);

// print_at_term(ready, out, stop) says on `out` that it was asked to end.
void print_at_term(const brood_args *args) {
  signal(SIGTERM, [](int) {
    ssize_t n = write(STDOUT_FILENO, "terminated", 10);
    _exit(n == 10 ? 0 : 1);
  });
  dup2(DescriptorAt(args, 1), STDOUT_FILENO);
  Tell(DescriptorAt(args, 0), "+");
  WaitForByte(DescriptorAt(args, 2));
}
BROOD_TARGET(print_at_term);

// leave(ready, out, stop, method, daemon, go): a creator that returns.
void leave(const brood_args *args) {
  Process process(StringAt(args, 3).c_str(), print_at_term,
                  {brood_descriptor(DescriptorAt(args, 0)),
                   brood_descriptor(DescriptorAt(args, 1)),
                   brood_descriptor(DescriptorAt(args, 2))},
                  Int64At(args, 4) ? BROOD_DAEMON : BROOD_NOT_DAEMON);
  CHILD_CHECK(process.Start() == 0);
  close(DescriptorAt(args, 1));
  WaitForByte(DescriptorAt(args, 5));
}
BROOD_TARGET(leave);

TEST_P(Leaving, AtTheEndOfAChildDaemonsAreTerminatedAndOthersJoined) {
  for (bool daemon : {true, false}) {
    Pipe ready, out, stop, go;
    Process creator(
        "spawn", leave,
        {ready.Argument(), out.Argument(), stop.ReadingArgument(),
         brood_string(GetParam()), brood_int64(daemon), go.ReadingArgument()});
    ASSERT_WORKS(creator.Start());
    EXPECT_EQ(ready.Read<char>(), '+');
    go.Release();
    if (!daemon) {
      EXPECT_EQ(creator.Join(20 * kMillisecond), BROOD_TIMEOUT);
      stop.CloseWriting();
    }
    EXPECT_WORKS(creator.Join());
    EXPECT_EQ(creator.Code(), 0);
    EXPECT_EQ(out.ReadAll(), daemon ? "terminated" : "");
  }
}

// Main ends by return, which is exit, or by brood_exit. The copy of main has no
// parent that it knows of, and so is one.
TEST_P(Leaving, AtTheEndOfMainDaemonsAreTerminatedAndOthersJoined) {
  for (bool by_brood : {true, false}) {
    Pipe ready, out, stop;
    fflush(nullptr);
    pid_t pid = fork();
    if (pid == 0) {
      for (enum brood_daemon daemon : {BROOD_DAEMON, BROOD_NOT_DAEMON}) {
        Process process(
            GetParam(), print_at_term,
            {ready.Argument(), out.Argument(), stop.ReadingArgument()}, daemon);
        if (process.Start() != 0 || ready.Read<char>() != '+') _exit(9);
      }
      out.CloseWriting();
      if (by_brood) brood_exit(0x104);
      exit(4);
    }
    EXPECT_EQ(out.Read<char>(), 't') << "only the daemon is";
    EXPECT_EQ(waitpid(pid, nullptr, WNOHANG), 0) << "the other is waited for";
    stop.Release();
    int status = 0;
    EXPECT_EQ(waitpid(pid, &status, 0), pid);
    EXPECT_EQ(WEXITSTATUS(status), 4);
    EXPECT_EQ(out.ReadAll(), "erminated");
  }
}

int tell_and_wait() {
  Tell(STDOUT_FILENO, "+");
  WaitForByte(STDIN_FILENO);
  return 0;
}
BROOD_PREPARE(tell_and_wait);

void tell_the_end(const brood_args *) {
  Tell(STDOUT_FILENO, "ended");
}
BROOD_TARGET(tell_the_end);

// Found was: a child whose start was under way was not joined.
TEST_P(Leaving, MainWaitsForAStartInAnotherThread) {
  Pipe in, out, leaves;
  brood_child_setup setup = {};
  setup.streams[0] = {BROOD_STREAM_DESCRIPTOR, in.reading()};
  setup.streams[1] = {BROOD_STREAM_DESCRIPTOR, out.writing()};
  setup.prepare = tell_and_wait;
  fflush(nullptr);
  pid_t pid = fork();
  if (pid == 0) {
    auto process = new Process(GetParam(), tell_the_end, {}, BROOD_NOT_DAEMON,
                               nullptr, &setup);
    std::thread([&] { process->Start(); }).detach();
    if (out.Read<char>() != '+') _exit(9);
    leaves.Release();
    exit(4);
  }
  leaves.Read<char>();
  EXPECT_TRUE(WaitUntil([&] { return StateOf(pid) != 'R'; }));
  in.Release();
  int status = 0, size = 0;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_EQ(WEXITSTATUS(status), 4);
  EXPECT_EQ(ioctl(out.reading(), FIONREAD, &size), 0);
  EXPECT_EQ(size, 5) << "its target has run by then";
}

// ignore_term(out, stop)
void ignore_term(const brood_args *args) {
  signal(SIGTERM, SIG_IGN);
  Tell(DescriptorAt(args, 0), "+");
  WaitForByte(DescriptorAt(args, 1));
}
BROOD_TARGET(ignore_term);

// leave_deaf(out, stop, method): its daemon does not listen.
void leave_deaf(const brood_args *args) {
  Process process(StringAt(args, 2).c_str(), ignore_term,
                  {brood_descriptor(DescriptorAt(args, 0)),
                   brood_descriptor(DescriptorAt(args, 1))},
                  BROOD_DAEMON);
  CHILD_CHECK(process.Start() == 0);
  WaitForByte(DescriptorAt(args, 3));
}
BROOD_TARGET(leave_deaf);

TEST_P(Leaving, ADaemonThatDoesNotListenIsKilled) {
  Pipe out, stop, go;
  Process creator("spawn", leave_deaf,
                  {out.Argument(), stop.ReadingArgument(),
                   brood_string(GetParam()), go.ReadingArgument()});
  ASSERT_WORKS(creator.Start());
  EXPECT_EQ(out.Read<char>(), '+');
  go.Release();
  EXPECT_WORKS(creator.Join());
  EXPECT_EQ(creator.Code(), 0);
  EXPECT_EQ(out.ReadAll(), "");
}

// The two ends of main that are no return.
TEST_P(Leaving, MainFailsLikeAChild) {
  fflush(nullptr);
  pid_t pid = fork();
  if (pid == 0) {
    Process process(GetParam(), nothing);
    if (process.Start() != 0) _exit(9);
    close(STDERR_FILENO);
    brood_fail("in main");
  }
  int status = 0;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_EQ(WEXITSTATUS(status), 1);
}

}  // namespace
