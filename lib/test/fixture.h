// What every test of the library stands on: it leaves the process, and the
// machine, as it found them.
// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <functional>
#include <map>
#include <set>
#include <string>

#include "brood.h"

constexpr int64_t kMillisecond = 1000000;
constexpr int64_t kSecond = 1000 * kMillisecond;
// Nothing takes this long, but for a program that hangs.
constexpr int64_t kLong = 60 * kSecond;

// What a process can leave behind.
struct Belongings {
  std::map<std::string, int> descriptors;  // how many of each kind
  std::map<std::string, int> mappings;     // of anonymous files
  std::set<std::string> shared_memory;     // names in /dev/shm
  int num_processes;  // of this process group, zombies included
  int num_children;   // of this process, zombies included
};

Belongings Inventory();

// Belongings, described, so that two can be compared in a message.
std::string Describe(const Belongings &belongings);

// The fixture. The library keeps a few descriptors and a forkserver for later;
// they are made before the test, and again after it if the test took them
// away, and then nothing may be more or less than it was.
class LibraryTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Compares what there is with what there was before the test.
  void ExpectAsBefore();

 private:
  Belongings before_ = {};
};

// The same for each start method; GetParam() is its name.
class MethodTest : public LibraryTest,
                   public testing::WithParamInterface<const char *> {};

std::string NameOfParam(const testing::TestParamInfo<const char *> &info);

#define INSTANTIATE_METHODS(Suite)                                         \
  INSTANTIATE_TEST_SUITE_P(Methods, Suite,                                 \
                           testing::Values("fork", "spawn", "forkserver"), \
                           NameOfParam)

// A child may allocate, whatever other threads were in malloc at the fork: the
// C library sees to it. AddressSanitizer's malloc before LLVM 18 does not
// (llvm-project pull request 75290): such a child may wait for ever, with or
// without Brood.
#ifdef __SANITIZE_ADDRESS__
#define SKIP_FORKS_BESIDE_MALLOC() \
  GTEST_SKIP() << "AddressSanitizer's malloc keeps its locks over a fork"
#else
#define SKIP_FORKS_BESIDE_MALLOC() ((void)0)
#endif

// InFork runs body in a copy of this process, made by the C library's fork;
// what fails there fails here.
void InFork(const std::function<void()> &body);

// WaitUntil asks until it is so; false after kLong.
bool WaitUntil(const std::function<bool()> &is_so);

// WaitForChild waits for a child that the test itself forked; whether it ended
// with 0.
bool WaitForChild(pid_t pid);

// StateOf returns the letter that the kernel has for a process ('R', 'T', 'Z'),
// or 0 if there is none.
char StateOf(pid_t pid);

// KillServer kills the forkserver of this process, so that the next start has
// to run one.
void KillServer();

// KernelTells: this kernel says how a process ended that somebody else has
// waited for (Linux 6.15).
bool KernelTells();

// Fails: whether a call that returned r failed with code, and this thread's
// message has text; in one place, as hundreds of calls are asked.
testing::AssertionResult Fails(int64_t r, int code, const std::string &text);

// FailsNull: likewise of a call that makes or finds something.
testing::AssertionResult FailsNull(const void *made, int code,
                                   const std::string &text);

#define EXPECT_FAILS(call, code, text) \
  EXPECT_TRUE(Fails((call), (code), (text)))
#define EXPECT_NULL_FAILS(call, code, text) \
  EXPECT_TRUE(FailsNull((call), (code), (text)))

// EXPECT_WORKS: the call returns 0; if not, the message tells why.
testing::AssertionResult Works(int64_t r);

#define EXPECT_WORKS(call) EXPECT_TRUE(Works(call))
#define ASSERT_WORKS(call) ASSERT_TRUE(Works(call))

// For EXPECT_PRED2, which shows both; of parts GoogleTest has IsSubstring.
bool StartsWith(const std::string &text, const std::string &start);
bool EndsWith(const std::string &text, const std::string &end);
