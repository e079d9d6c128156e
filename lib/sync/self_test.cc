// Proves that a token names one process or thread, now and later: that copies
// have others, and that an end is known at once, waited for or not.
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <set>
#include <thread>

#include "lib/test/fixture.h"
#include "lib/test/victim.h"

#include "lib/test/cells.h"

namespace {

TEST(Self, OfAProcessIsTheSameInAllItsThreads) {
  uint64_t process = sync_self_process();
  EXPECT_EQ((uint32_t)process, (uint32_t)getpid());
  EXPECT_NE(process >> 32, 0u);
  EXPECT_EQ(sync_self_process(), process);
  EXPECT_NE(sync_self_thread(), process);  // which may end before it
  EXPECT_EQ(sync_number_of(sync_self_thread()), getpid());
  std::thread([&] {
    EXPECT_EQ(sync_self_process(), process);
    EXPECT_NE(sync_self_thread(), process);
    EXPECT_EQ(sync_self_thread(), sync_self_thread());
  }).join();
}

TEST(Self, OfACopyIsAnother) {
  uint64_t process = sync_self_process();
  InFork([&] {
    EXPECT_NE(sync_self_process(), process);
    EXPECT_EQ((uint32_t)sync_self_process(), (uint32_t)getpid());
    EXPECT_EQ(sync_number_of(sync_self_thread()), getpid());
    EXPECT_FALSE(sync_has_ended(process));
  });
  EXPECT_EQ(sync_self_process(), process);
}

// The process lives on, and looks like a zombie as a whole.
TEST(Self, TheFirstThreadMayEndBeforeItsProcess) {
  auto *tokens = static_cast<std::atomic<uint64_t> *>(
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
           -1, 0));
  int gate[2];
  ASSERT_EQ(pipe(gate), 0);
  pid_t pid = fork();
  if (pid == 0) {
    close(gate[1]);
    tokens[1] = sync_self_process();
    tokens[0] = sync_self_thread();
    std::thread([&] {
      char byte;
      (void)!read(gate[0], &byte, 1);
      _exit(0);
    }).detach();
    syscall(SYS_exit, 0);  // of the thread, past GoogleTest's handlers
  }
  EXPECT_TRUE(
      WaitUntil([&] { return tokens[0] != 0 && sync_has_ended(tokens[0]); }));
  EXPECT_FALSE(sync_has_ended(tokens[1]));
  close(gate[1]);
  EXPECT_TRUE(WaitForChild(pid));
  munmap(tokens, 4096);
}

// The second half of a copy of a copy.
TEST(Self, OfACopysCopyMadeByAThread) {
  std::thread([] {
    uint64_t thread = sync_self_thread();
    InFork([&] {
      EXPECT_NE(sync_self_thread(), thread);
      uint64_t copy = sync_self_process();
      InFork([&] { EXPECT_NE(sync_self_process(), copy); });
    });
  }).join();
}

TEST(Self, LivesAsLongAsTheProcess) {
  Shared<uint64_t> token;
  Victim victim([&] { *token.get() = sync_self_process(); });
  victim.AwaitDone();
  EXPECT_FALSE(sync_has_ended(*token.get()));
  victim.Kill();
  EXPECT_TRUE(sync_has_ended(*token.get())) << "a zombie";
  victim.Reap();
  EXPECT_TRUE(sync_has_ended(*token.get()));
}

TEST(Self, LivesAsLongAsTheThread) {
  uint64_t token = 0;
  std::atomic<bool> stop{false};
  std::atomic<bool> known{false};
  std::thread thread([&] {
    token = sync_self_thread();
    known = true;
    while (!stop) std::this_thread::yield();
  });
  EXPECT_TRUE(WaitUntil([&] { return known.load(); }));
  EXPECT_FALSE(sync_has_ended(token));
  stop = true;
  thread.join();
  EXPECT_TRUE(WaitUntil([&] { return sync_has_ended(token); }));
}

TEST(Self, OfAnotherBirthHasEnded) {
  uint64_t tick = UINT64_C(1) << 44;
  EXPECT_TRUE(sync_has_ended(sync_self_process() + tick));
  EXPECT_TRUE(sync_has_ended(sync_self_process() - tick));
}

// A process that called exec is still there under its number and birth, and
// will never give back what it held.
TEST(Self, EndsWithExec) {
  Shared<uint64_t> token;
  int go[2];
  ASSERT_EQ(pipe2(go, O_CLOEXEC), 0);
  pid_t pid = fork();
  if (pid == 0) {
    *token.get() = sync_self_process();
    dup2(go[0], 0);
    execlp("cat", "cat", nullptr);
    _exit(127);
  }
  close(go[0]);
  EXPECT_TRUE(WaitUntil([&] { return sync_has_ended(*token.get()); }));
  EXPECT_EQ(kill(pid, 0), 0) << "it lives on as another program";
  close(go[1]);
  EXPECT_TRUE(WaitForChild(pid));
}

// What cannot be seen is not taken for death: in a chroot without /proc locks
// were stolen from the living.
TEST(Self, LivesWhereThereIsNoProc) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, for chroot";
  Victim victim([] {});
  victim.AwaitDone();
  InFork([&] {
    uint64_t token = (uint64_t)0x12345 << 44 | (uint64_t)victim.pid();
    EXPECT_TRUE(sync_has_ended(token)) << "another birth";
    uint64_t child_token = 0;
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
      uint64_t own = sync_self_process();
      if (write(ends[1], &own, sizeof own) < 0) _exit(1);
      pause();
    }
    ASSERT_EQ(read(ends[0], &child_token, sizeof child_token),
              (ssize_t)sizeof child_token);
    char folder[] = "/tmp/brood-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    int root = open("/", O_RDONLY | O_DIRECTORY);
    ASSERT_EQ(chroot(folder), 0);
    EXPECT_FALSE(sync_has_ended(token));
    EXPECT_FALSE(sync_has_ended(child_token));
    kill(child, SIGKILL);
    EXPECT_TRUE(WaitUntil([&] { return sync_has_ended(child_token); }))
        << "its creator can tell without /proc";
    EXPECT_EQ(waitpid(child, nullptr, 0), child);
    EXPECT_TRUE(sync_has_ended(child_token)) << "nobody has its number";
    ASSERT_EQ(fchdir(root), 0);
    ASSERT_EQ(chroot("."), 0);
    rmdir(folder);
  });
}

// In another PID namespace a number is somebody else's: nobody judges, and
// nobody is judged.
TEST(Self, IsForeignInAnotherNamespace) {
  Shared<uint64_t> tokens(sizeof(uint64_t));
  uint64_t first = sync_self_process();
  InFork([&] {
    if (unshare(CLONE_NEWPID) < 0) {
      GTEST_SKIP() << "needs the right to make a PID namespace";
    }
    pid_t inner = fork();
    if (inner == 0) {
      tokens.get()[0] = sync_self_process();
      tokens.get()[1] = sync_has_ended(first) ? 2 : 1;
      pause();
    }
    volatile uint64_t *judged = &tokens.get()[1];
    EXPECT_TRUE(WaitUntil([&] { return *judged != 0; }));
    EXPECT_EQ(*judged, 1u) << "it took a living process for dead";
    EXPECT_FALSE(sync_has_ended(tokens.get()[0])) << "it is number 1 there";
    kill(inner, SIGKILL);
    EXPECT_EQ(waitpid(inner, nullptr, 0), inner);
    EXPECT_FALSE(sync_has_ended(tokens.get()[0])) << "nobody here can know";
  });
}

// Somebody could not find out its own birth. Whoever has the number is taken
// for it, so that nobody living is taken for dead.
TEST(Self, OfUnknownBirthLivesAsLongAsItsNumber) {
  EXPECT_FALSE(sync_has_ended((uint32_t)getpid()));
  Victim victim([] {});
  victim.AwaitDone();
  uint64_t token = (uint64_t)victim.pid();
  EXPECT_FALSE(sync_has_ended(token));
  victim.Kill();
  EXPECT_TRUE(sync_has_ended(token));
}

}  // namespace
