// Proves that a forkserver that is killed at any instant makes a start fail in
// the documented way at worst: no start and no join hangs, what runs goes on,
// exit codes stay true, and later starts work.
// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <fstream>
#include <thread>

#include "lib/test/process.h"
#include "lib/test/random.h"
#include "lib/test/targets.h"

extern "C" {
#include "lib/sys/clock.h"
#include "lib/sys/fault.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"
}

namespace {

// Kills the process if it is a forkserver, and not somebody else who got its
// number.
void KillIfServer(pid_t pid) {
  int pidfd = pid > 0 ? sys_pidfd_open(pid) : -1;
  if (pidfd < 0) return;
  std::ifstream file("/proc/" + std::to_string(pid) + "/cmdline");
  std::string line;
  std::getline(file, line);
  if (line.find("--brood-forkserver") != std::string::npos) {
    sys_pidfd_signal(pidfd, SIGKILL);
  }
  sys_close(pidfd);
}

size_t NumDescriptors(pid_t pid) {
  size_t count = 0;
  DIR *folder = opendir(("/proc/" + std::to_string(pid) + "/fd").c_str());
  if (folder == nullptr) return 0;
  while (readdir(folder) != nullptr) count++;
  closedir(folder);
  return count;
}

// Is the end of a child still known when its server is dead? With reports
// only from the kernel.
bool CodesOutliveTheServer() {
  return KernelTells();
}

// tell_server_and_exit(told, code, ...)
void tell_server_and_exit(const brood_args *args) {
  tell_parent(args);
  brood_exit((int)Int64At(args, 1));
}
BROOD_TARGET(tell_server_and_exit);

class KillServerTest : public LibraryTest {
 protected:
  // Starts and joins one process; notes the server that forked it.
  void StartOne(int code, int num_descriptors) {
    Pipe told;
    Values args = {told.Argument(), brood_int64(code)};
    for (int i = 0; i < num_descriptors; i++) args.push_back(told.Argument());
    Process process("forkserver", tell_server_and_exit, args);
    if (process.Start() != 0) {
      EXPECT_EQ(brood_error(), BROOD_OS_ERROR) << brood_error_message();
      EXPECT_EQ(brood_errno(), ECONNRESET) << brood_error_message();
      num_failed_++;
      return;
    }
    EXPECT_WORKS(process.Join());
    int got = process.Code();
    EXPECT_TRUE(got == code || (got == 255 && !CodesOutliveTheServer()))
        << got << " instead of " << code;
    server_ = told.Read<pid_t>();
    num_started_++;
  }

  // Two threads start processes while a third kills servers.
  void KillWhileStarting(int rounds, int num_descriptors) {
    std::atomic<int> num_running{2};
    auto start = [&] {
      for (int i = 0; i < rounds && !HasFailure(); i++) {
        StartOne(i % 256, num_descriptors);
      }
      num_running--;
    };
    std::thread one(start), two(start);
    while (num_running > 0) {
      SleepAtRandom(8000);
      KillIfServer(server_);
    }
    one.join();
    two.join();
    EXPECT_GT(num_started_, 0);
    printf("%d started, %d failed\n", (int)num_started_, (int)num_failed_);
  }

  std::atomic<pid_t> server_{0};
  std::atomic<int> num_started_{0}, num_failed_{0};
};

TEST_F(KillServerTest, WhileTwoThreadsStart) {
  KillWhileStarting(Rounds(300), 0);
}

TEST_F(KillServerTest, WhileTwoThreadsStartWithManyDescriptors) {
  KillWhileStarting(Rounds(100), 300);
}

// Stopped, it has read nothing: the request comes back, and a new server gets
// it.
TEST_F(KillServerTest, ThatHasNotReadTheRequest) {
  StartOne(1, 0);
  pid_t first = server_;
  kill(first, SIGSTOP);
  ASSERT_TRUE(WaitUntil([&] { return StateOf(first) == 'T'; }));
  std::thread starts([this] { StartOne(2, 300); });
  // Wherever the start is by now, it works.
  SleepAtRandom(5000);
  kill(first, SIGKILL);
  starts.join();
  EXPECT_EQ(num_started_, 2);
  EXPECT_NE(server_, first);
}

// A client that broke off between two messages of one launch.
TEST_F(KillServerTest, ThatHasReadHalfOfARequest) {
  StartOne(1, 0);
  pid_t first = server_;
  Pipe pipe;
  Process process("forkserver", nothing, Values(300, pipe.Argument()));
  sys_fault_only("sys_sock_try_send");
  sys_fault_arm(2, EIO);
  EXPECT_FAILS(process.Start(), BROOD_OS_ERROR, "forkserver");
  EXPECT_EQ(sys_fault_left(), 0);
  sys_fault_only(nullptr);
  KillIfServer(first);
  EXPECT_EQ(process.Run(), 0) << brood_error_message();
}

TEST_F(KillServerTest, NotByAClientKilledHalfWayThroughARequest) {
  StartOne(1, 0);
  pid_t server = server_;
  size_t before = NumDescriptors(server);
  pid_t pid = fork();
  if (pid == 0) {
    Pipe pipe;
    Process process("forkserver", nothing, Values(300, pipe.Argument()));
    // It makes a channel of its own, sends the first part, and is killed.
    sys_fault_only("sys_sock_try_send");
    sys_fault_arm(3, EIO);
    process.Start();
    raise(SIGKILL);
  }
  EXPECT_FALSE(WaitForChild(pid));
  for (int i = 0; i < 20; i++) StartOne(i, 0);
  EXPECT_EQ(server_, server);
  EXPECT_EQ(num_failed_, 0);
  EXPECT_TRUE(WaitUntil([&] { return NumDescriptors(server) <= before + 1; }))
      << NumDescriptors(server) << " instead of " << before;
}

// A fork by another thread, at the moment when a server is run, copies the
// server's end of the channel: there is no hang-up then. Starts hung for ever.
class KillServerHeld : public KillServerTest {
 protected:
  void SetUp() override {
    KillServerTest::SetUp();
    StartOne(1, 0);
    process_ = sys_pidfd_open(server_);
    held_ = (int)syscall(SYS_pidfd_getfd, process_, 3, 0);
    if (held_ < 0) GTEST_SKIP() << "needs the right to trace: pidfd_getfd";
  }
  void TearDown() override {
    sys_close(held_);
    sys_close(process_);
    KillServer();
    KillServerTest::TearDown();
  }
  void KillHeldServer() {
    EXPECT_EQ(sys_pidfd_signal(process_, SIGKILL), 0);
    EXPECT_GT(sys_poll_one(process_, POLLIN, SYS_CLOCK_NEVER), 0);
  }

  int process_ = -1, held_ = -1;
};

TEST_F(KillServerHeld, BeforeAStart) {
  KillHeldServer();
  StartOne(2, 0);
  EXPECT_EQ(num_failed_, 0);
}

// The request does not come back, but lies there unread.
TEST_F(KillServerHeld, DuringAStart) {
  pid_t first = server_;
  kill(first, SIGSTOP);
  ASSERT_TRUE(WaitUntil([&] { return StateOf(first) == 'T'; }));
  std::thread starts([this] { StartOne(2, 300); });
  SleepAtRandom(5000);
  KillHeldServer();
  starts.join();
  EXPECT_EQ(num_started_, 2);
}

// A start that was cancelled waited for the hang-up.
TEST_F(KillServerHeld, AfterAnAnswerThatCouldNotBeReceived) {
  Process process("forkserver", nothing);
  sys_fault_only("sys_sock_receive");
  sys_fault_arm(1, EIO);
  EXPECT_FAILS(process.Start(), BROOD_OS_ERROR, "forkserver");
  sys_fault_only(nullptr);
  EXPECT_EQ(process.Run(), 0) << brood_error_message();
}

TEST_F(KillServerTest, WhatRunsGoesOnAndItsEndIsTrue) {
  Pipe release, told;
  StartOne(1, 0);
  Process exits("forkserver", hold,
                {release.ReadingArgument(), brood_int64(9)});
  Process dies("forkserver", hold, {release.ReadingArgument()});
  ASSERT_WORKS(exits.Start());
  ASSERT_WORKS(dies.Start());
  KillIfServer(server_);
  for (Process *process : {&exits, &dies}) {
    EXPECT_EQ(process->Join(20 * kMillisecond), BROOD_TIMEOUT);
    EXPECT_EQ(brood_process_is_alive(*process), 1);
    EXPECT_EQ(process->Code(), kNoCode);
  }
  EXPECT_WORKS(brood_process_terminate(dies));
  int64_t before = sys_clock_ns();
  EXPECT_WORKS(dies.Join());
  release.Release();
  EXPECT_WORKS(exits.Join());
  EXPECT_LT(sys_clock_ns() - before, 2 * kSecond);
  EXPECT_EQ(exits.Code(), CodesOutliveTheServer() ? 9 : 255);
  EXPECT_EQ(dies.Code(), CodesOutliveTheServer() ? -SIGTERM : 255);
}

}  // namespace
