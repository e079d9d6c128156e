// Proves that many children cost a start no more than few do, and that those
// which have no pidfd any more, because there are so many, are as good as the
// others.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "lib/test/objects.h"
#include "lib/test/targets.h"

extern "C" {
#include "lib/sys/fault.h"
#include "lib/sys/fd.h"
}

namespace {

constexpr int kMany = 300;  // more than have pidfds
constexpr int kLost = 255;

class Many : public ObjectsTest {
 protected:
  void TearDown() override {
    processes_.clear();
    ObjectsTest::TearDown();
  }

  // Children that wait to be released; their codes tell them apart.
  void StartUpTo(size_t count) {
    while (processes_.size() < count && !HasFailure()) {
      processes_.push_back(std::make_unique<Process>(
          GetParam(), hold,
          Values{release_.ReadingArgument(), brood_int64(CodeOf(Size()))},
          BROOD_NOT_DAEMON));
      ASSERT_WORKS(processes_.back()->Start());
    }
  }
  int Size() const {
    return (int)processes_.size();
  }
  static int CodeOf(int index) {
    return index % 250;
  }

  // The most system calls that one of some starts makes, as the seam sees them.
  int CallsOfAStart() {
    constexpr int kALot = 1 << 30;
    int most = 0;
    for (int i = 0; i < 5; i++) {
      sys_fault_arm(kALot, EIO);
      StartUpTo(processes_.size() + 1);
      most = std::max(most, kALot - sys_fault_left());
      sys_fault_arm(0, 0);
    }
    return most;
  }

  // A program that waits for some itself loses the codes of some.
  void JoinAll(int first = 0, bool waited_for_them = false) {
    for (int i = first; i < Size(); i++) {
      SCOPED_TRACE(i);
      ASSERT_WORKS(processes_[i]->Join());
      if (waited_for_them) {
        int code = processes_[i]->Code();
        EXPECT_TRUE(code == CodeOf(i) || code == kLost) << code;
      } else {
        EXPECT_EQ(processes_[i]->Code(), CodeOf(i));
      }
    }
    EXPECT_EQ(brood_active_children(nullptr, 0), 0);
  }

  Pipe release_;
  std::vector<std::unique_ptr<Process>> processes_;
};
INSTANTIATE_TEST_SUITE_P(Methods, Many, testing::Values("fork", "forkserver"),
                         NameOfParam);

// Found was: 2.8 ms with 2,000 children, for each of which a start asked.
TEST_P(Many, AStartLooksAtAFewOfThem) {
  StartUpTo(20);
  int with_few = CallsOfAStart();
  StartUpTo(200);
  int with_many = CallsOfAStart();
  EXPECT_GT(with_few, 3) << "no call was seen";
  // A busy machine costs one or the other a call more.
  EXPECT_LE(with_many, with_few + 10);
  release_.Release(Size());
  JoinAll();
}

// Found was: the kernel's "too many open files", for want of a pidfd.
void KillWithoutADescriptor(brood_process *process) {
  std::vector<int> fds;
  rlimit before, few;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  few = before;
  few.rlim_cur = 700;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  for (int fd; (fd = dup(STDOUT_FILENO)) >= 0;) fds.push_back(fd);
  EXPECT_WORKS(brood_process_kill(process));
  for (int fd : fds) close(fd);
  setrlimit(RLIMIT_NOFILE, &before);
}

// Found was: to a copy, the process was not even started.
void ExpectNoneInACopy(brood_process *process) {
  InFork([&] {
    EXPECT_EQ(brood_process_kill(process), BROOD_OS_ERROR);
    EXPECT_EQ(brood_errno(), EBADF);
    EXPECT_EQ(brood_process_sentinel(process), BROOD_OS_ERROR);
    EXPECT_EQ(brood_errno(), EBADF);
  });
}

TEST_P(Many, AllAreKnownAndCanBeKilled) {
  StartUpTo(kMany);
  EXPECT_EQ(brood_active_children(nullptr, 0), kMany);
  for (auto &process : processes_) {
    EXPECT_EQ(brood_process_is_alive(*process), 1);
    EXPECT_EQ(process->Code(), kNoCode);
  }
  EXPECT_FAILS(processes_[0]->Join(0), BROOD_TIMEOUT, "running");
  EXPECT_FAILS(processes_[1]->Join(kMillisecond), BROOD_TIMEOUT, "running");
  if (std::string(GetParam()) == "fork") ExpectNoneInACopy(*processes_[2]);
  KillWithoutADescriptor(*processes_[0]);
  EXPECT_WORKS(brood_process_terminate(*processes_[1]));
  for (int i : {0, 1}) {
    EXPECT_WORKS(processes_[i]->Join());
    EXPECT_EQ(processes_[i]->Code(), i == 0 ? -SIGKILL : -SIGTERM);
    EXPECT_WORKS(brood_process_close(*processes_[i]));
  }
  int sentinel = brood_process_sentinel(*processes_[2]);
  ASSERT_GE(sentinel, 0) << brood_error_message();
  EXPECT_EQ(sys_poll_one(sentinel, POLLIN, 0), 0);
  EXPECT_WORKS(brood_process_kill(*processes_[2]));
  EXPECT_GT(sys_poll_one(sentinel, POLLIN, INT64_MAX), 0);
  EXPECT_WORKS(processes_[2]->Join());
  EXPECT_EQ(processes_[2]->Code(), -SIGKILL);
  release_.Release(Size() - 3);
  JoinAll(3);
  sentinel = brood_process_sentinel(*processes_[3]);
  EXPECT_TRUE(sys_poll_one(sentinel, POLLIN, 0) & POLLIN);
}

// Only what the kernel has forgotten is not known: the code of a child without
// a pidfd that somebody else has waited for.
TEST_P(Many, TheProgramWaitsForSomeItself) {
  StartUpTo(kMany);
  release_.Release(kMany);
  int stolen = 0;
  for (int i = 0; i < kMany; i += 3) {
    pid_t pid = processes_[i]->Pid();
    if (waitpid(pid, nullptr, 0) == pid) stolen++;
  }
  EXPECT_EQ(stolen, std::string(GetParam()) == "fork" ? kMany / 3 : 0);
  EXPECT_WORKS(processes_[0]->Join());
  EXPECT_EQ(brood_process_is_alive(*processes_[0]), 0);
  EXPECT_WORKS(processes_[3]->Join());
  EXPECT_WORKS(brood_process_kill(*processes_[3]));
  EXPECT_GE(brood_process_sentinel(*processes_[6]), 0);
  for (int i = 0; i < kMany; i++) {
    if (i % 3 == 0) continue;
    ASSERT_WORKS(processes_[i]->Join());
    EXPECT_EQ(processes_[i]->Code(), CodeOf(i));
  }
  JoinAll(0, true);
}

// Found was: those without a pidfd were not told to end, and main waited for
// each of them for a second.
TEST_P(Many, TheExitOfMainTerminatesAllDaemons) {
  fflush(nullptr);
  pid_t pid = fork();
  if (pid == 0) {
    alarm(20);
    for (int i = 0; i < kMany; i++) {
      Process process(GetParam(), hold, {release_.ReadingArgument()},
                      BROOD_DAEMON);
      if (process.Start() < 0) _exit(2);
    }
    exit(0);
  }
  EXPECT_TRUE(WaitForChild(pid));
}

}  // namespace
