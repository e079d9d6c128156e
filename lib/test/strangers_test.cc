// Proves that the library lives beside a program that forks, waits and handles
// SIGCHLD in its own way; none takes from the other more than the kernel
// makes inevitable. By all methods.
// SPDX-License-Identifier: MIT
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include <gtest/gtest.h>

#include "lib/test/process.h"
#include "lib/test/targets.h"

namespace {

class Strangers : public MethodTest {
 protected:
  // What a process's code is when somebody else took it.
  int Stolen(int code) {
    bool forkserver = std::string(GetParam()) == "forkserver";
    return forkserver || KernelTells() ? code : 255;
  }
};
INSTANTIATE_METHODS(Strangers);

TEST_P(Strangers, AForkOfTheUsersHasNoChildren) {
  Pipe release;
  Process process(GetParam(), hold, {release.ReadingArgument()});
  ASSERT_WORKS(process.Start());
  InFork([&] {
    EXPECT_EQ(brood_active_children(nullptr, 0), 0);
    EXPECT_FAILS(process.Join(0), BROOD_ASSERTION_ERROR,
                 "can only join a child process");
    EXPECT_FAILS(brood_process_is_alive(process), BROOD_ASSERTION_ERROR,
                 "can only test a child process");
    EXPECT_EQ(process.Code(), kNoCode);
    Process mine(GetParam(), exit_with, {brood_int64(4)});
    EXPECT_EQ(mine.Run(), 4) << brood_error_message();
  });
  EXPECT_EQ(brood_process_is_alive(process), 1);
  EXPECT_EQ(brood_active_children(nullptr, 0), 1);
  release.Release();
  EXPECT_WORKS(process.Join());
  EXPECT_EQ(process.Code(), 0);
}

TEST_P(Strangers, AForkOfTheUsersMayNotStartOurHandleButMayKill) {
  Pipe release;
  Process unstarted(GetParam(), nothing);
  Process running(GetParam(), hold, {release.ReadingArgument()});
  ASSERT_WORKS(running.Start());
  InFork([&] {
    EXPECT_FAILS(unstarted.Start(), BROOD_ASSERTION_ERROR,
                 "created by current process");
    EXPECT_WORKS(brood_process_kill(running));
  });
  EXPECT_WORKS(running.Join());
  EXPECT_EQ(running.Code(), -SIGKILL);
  EXPECT_EQ(unstarted.Run(), 0);
}

// Its exit handlers are copies of ours; they must not touch our children.
TEST_P(Strangers, TheExitOfTheUsersForkDisturbsNobody) {
  Pipe release;
  Process daemon(GetParam(), hold, {release.ReadingArgument(), brood_int64(5)},
                 BROOD_DAEMON);
  Process plain(GetParam(), hold, {release.ReadingArgument(), brood_int64(6)});
  ASSERT_WORKS(daemon.Start());
  ASSERT_WORKS(plain.Start());
  fflush(nullptr);
  pid_t pid = fork();
  if (pid == 0) exit(0);
  EXPECT_TRUE(WaitForChild(pid));
  EXPECT_EQ(brood_process_is_alive(daemon), 1);
  EXPECT_EQ(brood_process_is_alive(plain), 1);
  release.Release(2);
  EXPECT_WORKS(daemon.Join());
  EXPECT_WORKS(plain.Join());
  EXPECT_EQ(daemon.Code(), 5);
  EXPECT_EQ(plain.Code(), 6);
}

TEST_P(Strangers, AStolenStatusIsNotALivingProcess) {
  Process process(GetParam(), exit_with, {brood_int64(42)});
  ASSERT_WORKS(process.Start());
  while (waitpid(-1, nullptr, 0) > 0) continue;
  EXPECT_EQ(errno, ECHILD);
  EXPECT_WORKS(process.Join());
  EXPECT_EQ(brood_process_is_alive(process), 0);
  EXPECT_EQ(process.Code(), Stolen(42));
}

// A child that ends before start has its pidfd leaves no code, on any kernel.
constexpr int kLost = 255;

bool IsOrWasLost(int code, int expected) {
  return code == expected || code == kLost;
}

TEST_P(Strangers, IgnoringSigchldLosesNoEnd) {
  void (*before)(int) = signal(SIGCHLD, SIG_IGN);
  for (int code : {0, 42}) {
    Process process(GetParam(), exit_with, {brood_int64(code)});
    ASSERT_WORKS(process.Start());
    EXPECT_WORKS(process.Join());
    EXPECT_EQ(brood_process_is_alive(process), 0);
    EXPECT_PRED2(IsOrWasLost, process.Code(), code);
  }
  Process killed(GetParam(), raise_signal, {brood_int64(SIGKILL)});
  EXPECT_PRED2(IsOrWasLost, killed.Run(), -SIGKILL);
  signal(SIGCHLD, before);
}

TEST_P(Strangers, IgnoringSigchldStillLetsAServerRun) {
  void (*before)(int) = signal(SIGCHLD, SIG_IGN);
  KillServer();
  Process process(GetParam(), exit_with, {brood_int64(42)});
  EXPECT_PRED2(IsOrWasLost, process.Run(), 42) << brood_error_message();
  signal(SIGCHLD, before);
  KillServer();
}

TEST_P(Strangers, AUsersChildIsNotReaped) {
  pid_t pid = fork();
  if (pid == 0) _exit(0);
  ASSERT_TRUE(WaitUntil([&] { return StateOf(pid) == 'Z'; }));
  Process process(GetParam(), nothing);
  EXPECT_EQ(process.Run(), 0);
  brood_active_children(nullptr, 0);
  EXPECT_TRUE(WaitForChild(pid));
}

TEST_F(LibraryTest, NeitherAServerNorWhatItStartsIsAChild) {
  Pipe release;
  Process process("forkserver", hold, {release.ReadingArgument()});
  ASSERT_WORKS(process.Start());
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
  release.Release();
  EXPECT_WORKS(process.Join());
  EXPECT_EQ(waitpid(-1, nullptr, 0), -1);
  EXPECT_EQ(errno, ECHILD);
}

void ExpectNoChildToWaitFor() {
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

// Where orphans come to this process, servers and what they leave did too.
void StartWhereOrphansAreOurs() {
  for (int i = 0; i < 3; i++) {
    Pipe release;
    Process stays("forkserver", hold,
                  {release.ReadingArgument(), brood_int64(9)});
    ASSERT_WORKS(stays.Start());
    ExpectNoChildToWaitFor();
    KillServer();
    ExpectNoChildToWaitFor();
    EXPECT_EQ(Process("forkserver", exit_with, {brood_int64(7)}).Run(), 7);
    EXPECT_EQ(brood_process_is_alive(stays), 1);
    release.Release();
    EXPECT_WORKS(stays.Join());
    ExpectNoChildToWaitFor();
  }
  // A keeper is gone with the last of its own.
  EXPECT_TRUE(WaitUntil([] {
    KillServer();
    EXPECT_EQ(Process("forkserver", nothing).Run(), 0);
    return Inventory().num_children <= 2;
  }));
}

TEST_F(LibraryTest, ASubreaperHasNoMoreChildren) {
  InFork([] {
    ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    KillServer();
    StartWhereOrphansAreOurs();
  });
}

TEST_F(LibraryTest, TheFirstProcessOfAContainerHasNoMoreChildren) {
  KillServer();
  Pipe ran;
  InFork([&] {
    if (unshare(CLONE_NEWPID | CLONE_NEWNS) != 0 &&
        unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS) != 0) {
      return;
    }
    InFork([&] {
      mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
      if (mount("proc", "/proc", "proc", 0, nullptr) != 0) return;
      StartWhereOrphansAreOurs();
      ran.Release();
    });
  });
  if (ran.ReadAll().empty()) GTEST_SKIP() << "needs namespaces and their /proc";
}

void ignores_sigchld(const brood_args *) {
  struct sigaction action;
  sigaction(SIGCHLD, nullptr, &action);
  sigset_t mask;
  sigprocmask(SIG_SETMASK, nullptr, &mask);
  int code = action.sa_handler == SIG_DFL ? 0 : 1;
  for (int number : {SIGCHLD, SIGINT, SIGPIPE, SIGTERM}) {
    sigaction(number, nullptr, &action);
    if (action.sa_handler != SIG_DFL) code = 2;
    if (sigismember(&mask, number)) code = 3;
  }
  brood_exit(code);
}
BROOD_TARGET(ignores_sigchld);

TEST_F(LibraryTest, AChildFindsItsSignalsAsTheyWereWhereOrphansAreOurs) {
  InFork([] {
    ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    KillServer();
    EXPECT_EQ(Process("forkserver", ignores_sigchld).Run(), 0);
  });
}

// A server ignores some signals for itself, not for its children.
TEST_P(Strangers, AChildFindsItsSignalsAsTheyWere) {
  Process process(GetParam(), ignores_sigchld);
  EXPECT_EQ(process.Run(), 0);
}

}  // namespace
