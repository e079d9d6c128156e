// Proves that preload functions run once in the forkserver, that what they did
// is there in its children, and that one that fails is reported.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "lib/test/capture.h"
#include "lib/test/process.h"
#include "lib/test/targets.h"

namespace {

int num_calls;  // of count_call, in this process or where it was copied from
std::string preload_argv;

int count_call() {
  num_calls++;
  return 0;
}
BROOD_PRELOAD(count_call);

int print_something() {
  printf("preloaded ");
  return 0;
}
BROOD_PRELOAD(print_something);

int look_at_argv() {
  int argc = 0;
  const char *const *argv = brood_argv(&argc);
  for (int i = 0; i < argc; i++) preload_argv += std::string(argv[i]) + " ";
  return 0;
}
BROOD_PRELOAD(look_at_argv);

int fail_with_three() {
  return 3;
}
BROOD_PRELOAD(fail_with_three);

int kill_itself() {
  abort();
}
BROOD_PRELOAD(kill_itself);

void exit_with_calls(const brood_args *) {
  brood_exit(num_calls);
}
BROOD_TARGET(exit_with_calls);

void tell_preload_argv(const brood_args *args) {
  Tell(DescriptorAt(args, 0), preload_argv);
}
BROOD_TARGET(tell_preload_argv);

class Preload : public LibraryTest {
 protected:
  void SetUp() override {
    LibraryTest::SetUp();
    KillServer();
  }
  void TearDown() override {
    EXPECT_WORKS(brood_set_forkserver_preload(nullptr, 0));
    EXPECT_EQ(Process("forkserver", nothing).Run(), 0) << brood_error_message();
    KillServer();
    LibraryTest::TearDown();
  }

  void Set(const std::vector<const char *> &names) {
    EXPECT_WORKS(brood_set_forkserver_preload(names.data(), names.size()));
  }
};

TEST_F(Preload, RunsOnceAndIsThereInEveryChild) {
  Set({"count_call"});
  for (int i = 0; i < 3; i++) {
    EXPECT_EQ(Process("forkserver", exit_with_calls).Run(), 1);
  }
  EXPECT_EQ(num_calls, 0) << "not here";
  EXPECT_EQ(Process("spawn", exit_with_calls).Run(), 0) << "nor there";
}

TEST_F(Preload, OfANewListWaitsForTheNextServer) {
  Set({"count_call"});
  EXPECT_EQ(Process("forkserver", exit_with_calls).Run(), 1);
  Set({"count_call", "count_call"});
  EXPECT_EQ(Process("forkserver", exit_with_calls).Run(), 1);
  KillServer();
  EXPECT_EQ(Process("forkserver", exit_with_calls).Run(), 2);
}

TEST_F(Preload, OfAnUnknownNameIsPassedOver) {
  Set({"no_such_function", "count_call", ""});
  EXPECT_EQ(Process("forkserver", exit_with_calls).Run(), 1);
}

TEST_F(Preload, AsManyAsThereMayBe) {
  Set(std::vector<const char *>(BROOD_MAX_PRELOAD, "count_call"));
  EXPECT_EQ(Process("forkserver", exit_with_calls).Run(), BROOD_MAX_PRELOAD);
}

TEST_F(Preload, ThatFailsIsReportedByNameAndCode) {
  Set({"count_call", "fail_with_three", "kill_itself"});
  for (int i = 0; i < 2; i++) {
    Process process("forkserver", nothing);
    EXPECT_FAILS(process.Start(), BROOD_RUNTIME_ERROR, "'fail_with_three'");
    EXPECT_PRED_FORMAT2(testing::IsSubstring, " 3", brood_error_message());
    EXPECT_EQ(process.Pid(), 0);
    EXPECT_EQ(brood_active_children(nullptr, 0), 0);
  }
}

TEST_F(Preload, ThatDiesIsReported) {
  Set({"kill_itself"});
  Process process("forkserver", exit_with, {brood_int64(2)});
  EXPECT_FAILS(process.Start(), BROOD_RUNTIME_ERROR, "forkserver");
  Set({});
  EXPECT_EQ(process.Run(), 2) << "start may be tried again";
}

TEST_F(Preload, WhatItPrintedComesOutOnce) {
  Set({"print_something"});
  Capture capture(STDOUT_FILENO);
  for (int i = 0; i < 3; i++) {
    EXPECT_EQ(Process("forkserver", nothing).Run(), 0);
  }
  EXPECT_EQ(capture.Text(), "preloaded ");
}

TEST_F(Preload, SeesTheArgumentsOfMain) {
  Set({"look_at_argv"});
  Pipe told;
  Process process("forkserver", tell_preload_argv, {told.Argument()});
  EXPECT_EQ(process.Run(), 0);
  EXPECT_PRED2(StartsWith, told.ReadAll(), brood_argv(nullptr)[0]);
}

}  // namespace
