// Proves that a table of descriptors that is full is said so (EMFILE), by all
// methods and of every number of arguments, and that there it ends: what was
// started before goes on, and with room again starts work. And that a child has
// the number 0 for itself.
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "lib/test/process.h"
#include "lib/test/targets.h"

namespace {

void SetLimit(rlim_t soft) {
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = soft;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

// The kernel counts the descriptors under way of all processes of a user
// against the limit of each: others may have some.
bool TooManyUnderWay() {
  return brood_errno() == ETOOMANYREFS;
}

// The exit code, or the error, of a process that is tried until there are few.
int RunWhenThereAreFew(brood_process *process) {
  int r, code = kNoCode;
  do r = brood_process_start(process);
  while (r < 0 && TooManyUnderWay());
  if (r == 0) r = brood_process_join(process, kLong);
  if (r == 0) brood_process_exitcode(process, &code);
  return r == 0 ? code : r;
}

class Limits : public MethodTest {};
INSTANTIATE_METHODS(Limits);

// The numbers that a spawned child's table was planned with were over the limit
// (EBADF), and a forkserver that had no room hung up (ECONNRESET).
TEST_P(Limits, OfDescriptorsAreSaidSo) {
  if (std::string(GetParam()) == "forkserver") KillServer();
  InFork([] {
    Pipe pipe;
    for (int count = 0; count < 24; count++) {
      rlimit before;
      ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
      Values args = {brood_int64(7)};
      for (int i = 0; i < count; i++) args.push_back(pipe.Argument());
      Process process(GetParam(), exit_with, args);
      SetLimit(24);
      int r = process.Start();
      SetLimit(before.rlim_cur);
      if (r == 0) {
        EXPECT_WORKS(process.Join());
        EXPECT_EQ(process.Code(), 7) << count;
      } else if (!TooManyUnderWay()) {
        EXPECT_EQ(brood_errno(), EMFILE) << brood_error_message();
      }
      EXPECT_EQ(Process(GetParam(), exit_with, {brood_int64(7)}).Run(), 7)
          << brood_error_message();
    }
  });
}

// exit_with_limit(): the soft limit of descriptors, modulo 256.
void exit_with_limit(const brood_args *) {
  rlimit limit;
  CHILD_CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  brood_exit((int)limit.rlim_cur);
}
BROOD_TARGET(exit_with_limit);

class ServerLimits : public LibraryTest {
 protected:
  void SetUp() override {
    LibraryTest::SetUp();
    KillServer();  // the next one has our limits
  }
  static pid_t ServerOf(const Values &more = {}) {
    Pipe told;
    Values args = {told.Argument()};
    args.insert(args.end(), more.begin(), more.end());
    Process process("forkserver", tell_parent, args);
    int r = RunWhenThereAreFew(process);
    EXPECT_EQ(r, 0) << brood_error_message();
    return r == 0 ? told.Read<pid_t>() : 0;
  }
};

// A server that could not receive what came with a launch hung up, and each of
// its clients ran one of its own.
TEST_F(ServerLimits, ALaunchThatDoesNotFitIsAnswered) {
  InFork([] {
    pid_t server = ServerOf();
    rlimit few = {200, 200};
    ASSERT_EQ(prlimit(server, RLIMIT_NOFILE, &few, nullptr), 0);
    Pipe pipe;
    for (size_t count : {230, 300, 1000}) {
      Process process("forkserver", nothing, Values(count, pipe.Argument()));
      int r;
      do r = process.Start();
      while (r < 0 && TooManyUnderWay());
      EXPECT_EQ(r, BROOD_OS_ERROR);
      EXPECT_EQ(brood_errno(), EMFILE) << brood_error_message();
      EXPECT_EQ(ServerOf(), server);
    }
    EXPECT_EQ(ServerOf(Values(30, pipe.Argument())), server);
  });
}

TEST_F(ServerLimits, AreOnlyTheHardOnesAndItsChildrensThoseBefore) {
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  if (limit.rlim_max < 400) GTEST_SKIP() << "needs a hard limit of 400";
  InFork([] {
    SetLimit(200);
    Pipe pipe;
    Process process("forkserver", exit_with_limit);
    EXPECT_EQ(RunWhenThereAreFew(process), 200) << brood_error_message();
    pid_t server = ServerOf();
    SetLimit(400);  // or this process could not ask for so many
    EXPECT_EQ(ServerOf(Values(230, pipe.Argument())), server);
  });
}

TEST_F(LibraryTest, WaitingForMoreThanMayBeOpened) {
  InFork([] {
    constexpr size_t kMany = 40;
    std::vector<std::unique_ptr<Pipe>> pipes;
    Values values;
    for (size_t i = 0; i < kMany; i++) {
      pipes.push_back(std::make_unique<Pipe>());
      values.push_back(pipes[i]->ReadingArgument());
    }
    SetLimit(16);
    size_t ready[kMany];
    EXPECT_EQ(brood_wait(values.data(), kMany, ready, kMillisecond), 0);
    pipes[kMany - 1]->Release();
    EXPECT_EQ(brood_wait(values.data(), kMany, ready, BROOD_FOREVER), 1);
    EXPECT_EQ(ready[0], kMany - 1);
  });
}

// say_through(descriptor) writes, and finds nothing in standard input.
void say_through(const brood_args *args) {
  char byte;
  CHILD_CHECK(read(STDIN_FILENO, &byte, 1) == 0);
  Tell(DescriptorAt(args, 0), "said");
}
BROOD_TARGET(say_through);

// Without standard input of its own, a program's argument has its number: the
// null device was put over it.
TEST_P(Limits, AnArgumentMayHaveTheNumberOfStandardInput) {
  InFork([] {
    Pipe pipe;
    close(STDIN_FILENO);
    ASSERT_EQ(fcntl(pipe.writing(), F_DUPFD_CLOEXEC, 0), STDIN_FILENO);
    EXPECT_EQ(Process(GetParam(), say_through, {brood_descriptor(0)}).Run(), 0);
    close(STDIN_FILENO);
    EXPECT_EQ(pipe.ReadAll(), "said");
  });
}

// exit_with_difference(descriptor, descriptor): of their numbers.
void exit_with_difference(const brood_args *args) {
  brood_exit(DescriptorAt(args, 0) - DescriptorAt(args, 1));
}
BROOD_TARGET(exit_with_difference);

// Takes all descriptors but so many.
void TakeAllBut(size_t count, int fd) {
  std::vector<int> fds;
  SetLimit(64);
  for (int copy; (copy = dup(fd)) >= 0;) fds.push_back(copy);
  ASSERT_GE(fds.size(), count);
  while (count-- > 0) {
    close(fds.back());
    fds.pop_back();
  }
}

// Found was: as two; with one number left no child ran.
TEST_F(LibraryTest, StandardInputThatIsPassedTwiceArrivesAsOneByFork) {
  InFork([] {
    Pipe pipe;
    ASSERT_EQ(dup2(pipe.reading(), STDIN_FILENO), STDIN_FILENO);
    Values twice = {brood_descriptor(0), brood_descriptor(0)};
    EXPECT_EQ(Process("fork", exit_with_difference, twice).Run(), 0);
    TakeAllBut(1, pipe.reading());
    EXPECT_EQ(Process("fork", exit_with_difference, twice).Run(), 0)
        << brood_error_message();
  });
}

// tell_pid(writing end)
void tell_pid(const brood_args *args) {
  pid_t pid = getpid();
  CHILD_CHECK(write(DescriptorAt(args, 0), &pid, sizeof pid) == sizeof pid);
}
BROOD_TARGET(tell_pid);

Pipe *children_tell; /* and a fork waits until who told has gone */

void AwaitWhoTold() {
  if (children_tell == nullptr) return;
  pid_t pid = children_tell->Read<pid_t>();
  while (kill(pid, 0) == 0) sched_yield();
}

// Found was: a child that had ended before it was named was a failure to start,
// with one descriptor left.
TEST_F(LibraryTest, AChildThatHasGoneNeedsNoDescriptor) {
  InFork([] {
    Pipe told;
    EXPECT_EQ(Process("fork", nothing).Run(), 0);
    signal(SIGCHLD, SIG_IGN);
    ASSERT_EQ(pthread_atfork(nullptr, AwaitWhoTold, nullptr), 0);
    Process process("fork", tell_pid, {told.Argument()});
    TakeAllBut(1, told.reading());
    children_tell = &told;
    EXPECT_WORKS(process.Start());
    children_tell = nullptr;
    EXPECT_WORKS(process.Join());
    EXPECT_EQ(process.Code(), 255);
    SetLimit(70);
    EXPECT_GE(brood_process_sentinel(process), 0) << brood_error_message();
  });
}

}  // namespace
