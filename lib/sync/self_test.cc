// Proves that a token names one process or thread, now and later: that copies
// have others, and that an end is known at once, waited for or not.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
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
  EXPECT_EQ(sync_self_thread(), process);  // of the first thread
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
    EXPECT_EQ(sync_self_thread(), sync_self_process());
    EXPECT_FALSE(sync_has_ended(process));
  });
  EXPECT_EQ(sync_self_process(), process);
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
  uint64_t birth = UINT64_C(1) << 32;
  EXPECT_TRUE(sync_has_ended(sync_self_process() + birth));
  EXPECT_TRUE(sync_has_ended(sync_self_process() - birth));
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
