// Proves what a handle answers before its start, while the process runs, after
// its end, after close, and for NULL; by all methods.
// SPDX-License-Identifier: MIT
#include <poll.h>
#include <signal.h>

#include <cstring>

#include "lib/test/process.h"
#include "lib/test/targets.h"

namespace {

class States : public MethodTest {};
INSTANTIATE_METHODS(States);

constexpr const char *kNotStarted = "can only join a started process";

TEST_P(States, BeforeTheStart) {
  Process process(GetParam(), nothing);
  EXPECT_FAILS(process.Join(0), BROOD_ASSERTION_ERROR, kNotStarted);
  EXPECT_FAILS(process.Join(BROOD_FOREVER), BROOD_ASSERTION_ERROR, kNotStarted);
  EXPECT_EQ(brood_process_is_alive(process), 0);
  EXPECT_EQ(process.Pid(), 0);
  EXPECT_EQ(process.Code(), kNoCode);
  EXPECT_FAILS(brood_process_sentinel(process), BROOD_VALUE_ERROR,
               brood_process_name(process));
  EXPECT_FAILS(brood_process_terminate(process), BROOD_ATTRIBUTE_ERROR,
               brood_process_name(process));
  EXPECT_FAILS(brood_process_kill(process), BROOD_ATTRIBUTE_ERROR,
               brood_process_name(process));
  EXPECT_WORKS(brood_process_set_daemon(process, true));
  EXPECT_EQ(brood_process_daemon(process), 1);
  EXPECT_EQ(brood_active_children(nullptr, 0), 0);
}

TEST_P(States, WhileItRuns) {
  Pipe release;
  Process process(GetParam(), hold, {release.ReadingArgument()});
  ASSERT_WORKS(process.Start());
  EXPECT_FAILS(process.Start(), BROOD_ASSERTION_ERROR, "twice");
  EXPECT_FAILS(process.Join(0), BROOD_TIMEOUT, brood_process_name(process));
  EXPECT_EQ(brood_process_is_alive(process), 1);
  EXPECT_GT(process.Pid(), 0);
  EXPECT_EQ(process.Code(), kNoCode);
  EXPECT_GE(brood_process_sentinel(process), 0);
  EXPECT_FAILS(brood_process_close(process), BROOD_VALUE_ERROR,
               "still running");
  EXPECT_FAILS(brood_process_set_daemon(process, true), BROOD_ASSERTION_ERROR,
               "already started");
  EXPECT_EQ(brood_process_daemon(process), 0);
  EXPECT_WORKS(brood_process_set_name(process, "renamed"));
  EXPECT_STREQ(brood_process_name(process), "renamed");
  EXPECT_EQ(brood_active_children(nullptr, 0), 1);
  release.Release();
  EXPECT_WORKS(process.Join());
  EXPECT_EQ(process.Code(), 0);
}

TEST_P(States, AfterTheEnd) {
  Process process(GetParam(), exit_with, {brood_int64(3)});
  EXPECT_EQ(process.Run(), 3);
  EXPECT_WORKS(process.Join());
  EXPECT_WORKS(process.Join(0));
  EXPECT_EQ(process.Code(), 3);
  EXPECT_EQ(brood_process_is_alive(process), 0);
  EXPECT_GT(process.Pid(), 0);
  EXPECT_WORKS(brood_process_terminate(process));
  EXPECT_WORKS(brood_process_kill(process));
  EXPECT_EQ(process.Code(), 3);
  EXPECT_GE(brood_process_sentinel(process), 0);
  EXPECT_FAILS(process.Start(), BROOD_ASSERTION_ERROR, "twice");
  EXPECT_FAILS(brood_process_set_daemon(process, true), BROOD_ASSERTION_ERROR,
               "already started");
  EXPECT_EQ(brood_active_children(nullptr, 0), 0);
  EXPECT_WORKS(brood_process_close(process));
}

void ExpectClosed(brood_process *process) {
  const char *closed = "is closed";
  int code;
  EXPECT_FAILS(brood_process_start(process), BROOD_VALUE_ERROR, closed);
  EXPECT_FAILS(brood_process_join(process, 0), BROOD_VALUE_ERROR, closed);
  EXPECT_FAILS(brood_process_is_alive(process), BROOD_VALUE_ERROR, closed);
  EXPECT_FAILS(brood_process_terminate(process), BROOD_VALUE_ERROR, closed);
  EXPECT_FAILS(brood_process_kill(process), BROOD_VALUE_ERROR, closed);
  EXPECT_FAILS(brood_process_pid(process), BROOD_VALUE_ERROR, closed);
  EXPECT_FAILS(brood_process_exitcode(process, &code), BROOD_VALUE_ERROR,
               closed);
  EXPECT_FAILS(brood_process_sentinel(process), BROOD_VALUE_ERROR, closed);
  EXPECT_WORKS(brood_process_close(process));
  EXPECT_STREQ(brood_process_name(process), "closed one");
  EXPECT_EQ(brood_process_daemon(process), 0);
}

TEST_P(States, ClosedAfterTheEnd) {
  Process process(GetParam(), nothing, {}, BROOD_NOT_DAEMON, "closed one");
  EXPECT_EQ(process.Run(), 0);
  EXPECT_WORKS(brood_process_close(process));
  ExpectClosed(process);
  EXPECT_FAILS(brood_process_set_daemon(process, true), BROOD_ASSERTION_ERROR,
               "already started");
}

TEST_P(States, ClosedBeforeTheStart) {
  Process process(GetParam(), nothing, {}, BROOD_NOT_DAEMON, "closed one");
  EXPECT_WORKS(brood_process_close(process));
  ExpectClosed(process);
}

TEST_P(States, CloseTakesTheEndByItself) {
  Process process(GetParam(), nothing);
  ASSERT_WORKS(process.Start());
  EXPECT_TRUE(WaitUntil([&] { return brood_process_close(process) == 0; }));
}

TEST_P(States, TheSentinelIsReadableOnceItHasEnded) {
  Pipe release;
  Process process(GetParam(), hold, {release.ReadingArgument()});
  ASSERT_WORKS(process.Start());
  pollfd sentinel = {brood_process_sentinel(process), POLLIN, 0};
  EXPECT_EQ(poll(&sentinel, 1, 0), 0);
  release.Release();
  EXPECT_EQ(poll(&sentinel, 1, kLong / kMillisecond), 1);
  EXPECT_WORKS(process.Join());
  EXPECT_EQ(poll(&sentinel, 1, 0), 1);
}

TEST_P(States, FreeingARunningProcessLetsItGoOn) {
  Pipe told, release;
  {
    Process process(GetParam(), tell_and_hold,
                    {told.Argument(), release.ReadingArgument()});
    ASSERT_WORKS(process.Start());
  }
  EXPECT_EQ(told.Read<char>(), 't');
  brood_process *child = nullptr;
  ASSERT_EQ(brood_active_children(&child, 1), 1);
  EXPECT_EQ(brood_process_is_alive(child), 1);
  release.Release();
  EXPECT_WORKS(brood_process_join(child, kLong));
  brood_process_free(child);
  EXPECT_EQ(brood_active_children(nullptr, 0), 0);
}

TEST_P(States, ActiveChildrenAreCountedBeyondTheRoomGiven) {
  Pipe release;
  Values args = {release.ReadingArgument()};
  Process one(GetParam(), hold, args), two(GetParam(), hold, args),
      three(GetParam(), hold, args);
  for (Process *process : {&one, &two, &three}) {
    ASSERT_WORKS(process->Start());
  }
  brood_process *children[2] = {};
  EXPECT_EQ(brood_active_children(nullptr, 0), 3);
  EXPECT_EQ(brood_active_children(children, 2), 3);
  for (brood_process *child : children) brood_process_free(child);
  EXPECT_FAILS(brood_active_children(nullptr, 1), BROOD_TYPE_ERROR, "NULL");
  release.Release(3);
  EXPECT_TRUE(WaitUntil([] { return brood_active_children(nullptr, 0) == 0; }));
  EXPECT_WORKS(one.Join());
  EXPECT_EQ(two.Code(), 0);
}

class Null : public LibraryTest {};

TEST_F(Null, IsNoProcess) {
  const char *text = "not NULL";
  int code;
  size_t size;
  EXPECT_FAILS(brood_process_start(nullptr), BROOD_TYPE_ERROR, text);
  EXPECT_FAILS(brood_process_join(nullptr, 0), BROOD_TYPE_ERROR, text);
  EXPECT_FAILS(brood_process_is_alive(nullptr), BROOD_TYPE_ERROR, text);
  EXPECT_FAILS(brood_process_terminate(nullptr), BROOD_TYPE_ERROR, text);
  EXPECT_FAILS(brood_process_kill(nullptr), BROOD_TYPE_ERROR, text);
  EXPECT_FAILS(brood_process_close(nullptr), BROOD_TYPE_ERROR, text);
  EXPECT_FAILS(brood_process_pid(nullptr), BROOD_TYPE_ERROR, text);
  EXPECT_FAILS(brood_process_exitcode(nullptr, &code), BROOD_TYPE_ERROR, text);
  EXPECT_FAILS(brood_process_sentinel(nullptr), BROOD_TYPE_ERROR, text);
  EXPECT_FAILS(brood_process_set_name(nullptr, "x"), BROOD_TYPE_ERROR, text);
  EXPECT_FAILS(brood_process_daemon(nullptr), BROOD_TYPE_ERROR, text);
  EXPECT_FAILS(brood_process_set_daemon(nullptr, true), BROOD_TYPE_ERROR, text);
  EXPECT_FAILS(brood_process_set_authkey(nullptr, "k", 1), BROOD_TYPE_ERROR,
               text);
  EXPECT_NULL_FAILS(brood_process_name(nullptr), BROOD_TYPE_ERROR, text);
  EXPECT_NULL_FAILS(brood_process_authkey(nullptr, &size), BROOD_TYPE_ERROR,
                    text);
  EXPECT_EQ(brood_process_free(nullptr), nullptr);
}

TEST_F(Null, OptionsAreAProcessThatDoesNothing) {
  for (const char *method : {"fork", "spawn", "forkserver"}) {
    brood_process *process =
        brood_process_new(brood_get_context(method), nullptr);
    ASSERT_NE(process, nullptr);
    EXPECT_WORKS(brood_process_start(process));
    EXPECT_WORKS(brood_process_join(process, kLong));
    int code = kNoCode;
    EXPECT_EQ(brood_process_exitcode(process, &code), 1);
    EXPECT_EQ(code, 0);
    EXPECT_EQ(brood_process_free(process), nullptr);
  }
}

}  // namespace
