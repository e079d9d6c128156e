// Proves that a process is what it is elsewhere where the kernel has no pidfds:
// joined, asked, signalled and listed by what stands in for one; only sentinels
// there are none. By all methods.
//
// The environment of the test takes the pidfds away (see main.cc); without it
// all but the sentinels must be the same.
// SPDX-License-Identifier: MIT
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "lib/test/process.h"
#include "lib/test/targets.h"

extern "C" {
#include "lib/sys/clock.h"
}

namespace {

class StandIns : public MethodTest {
 protected:
  bool HasPidfds() {
    int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    if (fd >= 0) close(fd);
    return fd >= 0;
  }
};
INSTANTIATE_METHODS(StandIns);

TEST_P(StandIns, AreWhatTheyAreHereFor) {
  const char *reason = getenv("BROOD_TEST_NO_PIDFDS");
  EXPECT_EQ(HasPidfds(), reason == nullptr);
}

TEST_P(StandIns, JoinAndCodes) {
  for (int code : {0, 1, 7, 255}) {
    Process process(GetParam(), exit_with, {brood_int64(code)});
    EXPECT_EQ(process.Run(), code) << brood_error_message();
    EXPECT_WORKS(process.Join(0));
    EXPECT_EQ(brood_process_is_alive(process), 0);
    EXPECT_WORKS(brood_process_close(process));
  }
  Process killed(GetParam(), raise_signal, {brood_int64(SIGKILL)});
  EXPECT_EQ(killed.Run(), -SIGKILL);
}

TEST_P(StandIns, ALivingProcess) {
  Pipe release;
  Process process(GetParam(), hold,
                  {release.ReadingArgument(), brood_int64(7)});
  ASSERT_WORKS(process.Start());
  EXPECT_EQ(brood_process_is_alive(process), 1);
  EXPECT_EQ(process.Code(), kNoCode);
  EXPECT_EQ(brood_active_children(nullptr, 0), 1);
  EXPECT_FAILS(process.Join(0), BROOD_TIMEOUT, "running");
  int64_t begin = sys_clock_ns();
  EXPECT_FAILS(process.Join(20 * kMillisecond), BROOD_TIMEOUT, "running");
  EXPECT_GE(sys_clock_ns() - begin, 20 * kMillisecond);
  EXPECT_FAILS(brood_process_close(process), BROOD_VALUE_ERROR, "running");
  release.Release();
  EXPECT_WORKS(process.Join());
  EXPECT_EQ(process.Code(), 7);
  EXPECT_EQ(brood_active_children(nullptr, 0), 0);
}

TEST_P(StandIns, TerminateAndKill) {
  for (int number : {SIGTERM, SIGKILL}) {
    Pipe release;
    Process process(GetParam(), hold, {release.ReadingArgument()});
    ASSERT_WORKS(process.Start());
    EXPECT_WORKS(number == SIGTERM ? brood_process_terminate(process)
                                   : brood_process_kill(process));
    EXPECT_WORKS(process.Join());
    EXPECT_EQ(process.Code(), -number);
    EXPECT_WORKS(brood_process_kill(process)) << "of one that has ended";
  }
}

// run_cat(reading end) becomes another program, which waits for the end of it.
void run_cat(const brood_args *args) {
  dup2(DescriptorAt(args, 0), STDIN_FILENO);
  alarm(kLong / kSecond);
  execl("/bin/cat", "cat", nullptr);
  brood_fail("no cat");
}
BROOD_TARGET(run_cat);

// Found was: it counted as another process, and was not signalled; so was a
// spawned one that was looked at in the middle of its exec.
TEST_P(StandIns, AProcessThatRunsAnotherProgram) {
  Pipe input;
  Process process(GetParam(), run_cat, {input.ReadingArgument()});
  ASSERT_WORKS(process.Start());
  std::string comm = "/proc/" + std::to_string(process.Pid()) + "/comm";
  EXPECT_TRUE(WaitUntil([&] {
    std::string name;
    std::ifstream(comm) >> name;
    return name == "cat";
  }));
  EXPECT_FAILS(process.Join(kMillisecond), BROOD_TIMEOUT, "running");
  EXPECT_WORKS(brood_process_terminate(process));
  EXPECT_WORKS(process.Join());
  EXPECT_EQ(process.Code(), -SIGTERM);
}

// What is no pidfd must not be polled: it would be ready at once.
TEST_P(StandIns, ASentinelThereIsNot) {
  Pipe release;
  Process process(GetParam(), hold, {release.ReadingArgument()});
  ASSERT_WORKS(process.Start());
  if (HasPidfds()) {
    EXPECT_GE(brood_process_sentinel(process), 0);
  } else {
    EXPECT_FAILS(brood_process_sentinel(process), BROOD_OS_ERROR,
                 "no sentinel of '");
    EXPECT_EQ(brood_errno(), ENOSYS);
  }
  EXPECT_EQ(brood_process_is_alive(process), 1);
  release.Release();
  EXPECT_WORKS(process.Join());
}

TEST_P(StandIns, ActiveChildrenAreJoined) {
  constexpr int kCount = 10;
  Pipe release;
  std::vector<std::unique_ptr<Process>> processes;
  for (int i = 0; i < kCount; i++) {
    processes.push_back(std::make_unique<Process>(
        GetParam(), hold, Values{release.ReadingArgument(), brood_int64(i)}));
    ASSERT_WORKS(processes.back()->Start());
  }
  brood_process *children[kCount];
  ASSERT_EQ(brood_active_children(children, kCount), kCount);
  release.Release(kCount);
  for (brood_process *child : children) {
    EXPECT_WORKS(brood_process_join(child, kLong));
    brood_process_free(child);
  }
  for (int i = 0; i < kCount; i++) EXPECT_EQ(processes[i]->Code(), i);
  EXPECT_EQ(brood_active_children(nullptr, 0), 0);
}

// ask_parent(writing end) tells that it sees its parent, and then that it has
// ended.
void ask_parent(const brood_args *args) {
  brood_process *parent = brood_parent_process();
  alarm(kLong / kSecond);
  CHILD_CHECK(brood_process_is_alive(parent) == 1);
  CHILD_CHECK(brood_process_join(parent, kMillisecond) == BROOD_TIMEOUT);
  Tell(DescriptorAt(args, 0), "a");
  CHILD_CHECK(brood_process_join(parent, kLong) == 0);
  CHILD_CHECK(brood_process_is_alive(parent) == 0);
  Tell(DescriptorAt(args, 0), "e");
}
BROOD_TARGET(ask_parent);

TEST_P(StandIns, AChildSeesItsParent) {
  Pipe told;
  InFork([&] {
    Process process(GetParam(), ask_parent, {told.Argument()},
                    BROOD_NOT_DAEMON);
    EXPECT_WORKS(process.Start());
    EXPECT_EQ(told.Read<char>(), 'a');
  });
  EXPECT_EQ(told.ReadAll(), "e");
}

// A daemonic child ends with its creator.
TEST_P(StandIns, ADaemonicChildEnds) {
  Pipe told, release;
  InFork([&] {
    Process process(GetParam(), tell_and_hold,
                    {told.Argument(), release.ReadingArgument()}, BROOD_DAEMON);
    EXPECT_WORKS(process.Start());
    EXPECT_EQ(told.Read<char>(), 't');
  });
  EXPECT_EQ(told.ReadAll(), "") << "ended when nobody has the pipe any more";
}

}  // namespace
