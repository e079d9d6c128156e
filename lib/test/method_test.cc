// Proves the rules of the default context: chosen once, by force again, fixed
// by a look at it. Each test is a fresh copy of a process in which nobody has
// chosen.
// SPDX-License-Identifier: MIT
#include "lib/test/process.h"
#include "lib/test/targets.h"

namespace {

constexpr const char *kSet = "context has already been set";
constexpr const char *kUnknown = "cannot find context for 'thread'";

class Method : public LibraryTest {};

TEST_F(Method, AllStartMethodsTheDefaultFirst) {
  const char *const *methods = brood_get_all_start_methods();
  EXPECT_STREQ(methods[0], "fork");
  EXPECT_STREQ(methods[1], "spawn");
  EXPECT_STREQ(methods[2], "forkserver");
  EXPECT_EQ(methods[3], nullptr);
  EXPECT_GE(brood_cpu_count(), 1);
}

TEST_F(Method, IsNoneUntilSomebodyChooses) {
  InFork([] {
    EXPECT_EQ(brood_get_start_method(BROOD_ALLOW_NONE), nullptr);
    EXPECT_EQ(brood_error(), BROOD_OK);
    EXPECT_STREQ(brood_get_start_method(0), "fork");
    EXPECT_STREQ(brood_get_start_method(BROOD_ALLOW_NONE), "fork");
    EXPECT_FAILS(brood_set_start_method("spawn", 0), BROOD_RUNTIME_ERROR, kSet);
  });
}

TEST_F(Method, IsChosenOnce) {
  InFork([] {
    EXPECT_WORKS(brood_set_start_method("spawn", 0));
    EXPECT_STREQ(brood_get_start_method(0), "spawn");
    EXPECT_FAILS(brood_set_start_method("spawn", 0), BROOD_RUNTIME_ERROR, kSet);
    EXPECT_FAILS(brood_set_start_method("thread", 0), BROOD_RUNTIME_ERROR,
                 kSet);
    EXPECT_FAILS(brood_set_start_method(nullptr, 0), BROOD_RUNTIME_ERROR, kSet);
    EXPECT_STREQ(brood_get_start_method(0), "spawn");
  });
}

TEST_F(Method, ForceReplacesTheChoiceOrTakesItBack) {
  InFork([] {
    EXPECT_WORKS(brood_set_start_method("spawn", BROOD_FORCE));
    EXPECT_WORKS(brood_set_start_method("forkserver", BROOD_FORCE));
    EXPECT_STREQ(brood_get_start_method(0), "forkserver");
    EXPECT_FAILS(brood_set_start_method("thread", BROOD_FORCE),
                 BROOD_VALUE_ERROR, kUnknown);
    EXPECT_STREQ(brood_get_start_method(0), "forkserver");
    EXPECT_WORKS(brood_set_start_method(nullptr, BROOD_FORCE));
    EXPECT_EQ(brood_get_start_method(BROOD_ALLOW_NONE), nullptr);
    EXPECT_WORKS(brood_set_start_method(nullptr, 0));
    EXPECT_STREQ(brood_get_start_method(0), "fork");
  });
}

TEST_F(Method, AnUnknownOneOrAnUnknownFlagChangesNothing) {
  InFork([] {
    EXPECT_FAILS(brood_set_start_method("thread", 0), BROOD_VALUE_ERROR,
                 kUnknown);
    EXPECT_FAILS(brood_set_start_method("", 0), BROOD_VALUE_ERROR, "''");
    EXPECT_FAILS(brood_set_start_method("spawn", 4), BROOD_TYPE_ERROR, "0x4");
    EXPECT_FAILS(brood_set_start_method("spawn", BROOD_ALLOW_NONE),
                 BROOD_TYPE_ERROR, "0x2");
    EXPECT_NULL_FAILS(brood_get_start_method(BROOD_FORCE), BROOD_TYPE_ERROR,
                      "0x1");
    EXPECT_NULL_FAILS(brood_get_start_method(~0u), BROOD_TYPE_ERROR,
                      "0xffffffff");
    EXPECT_NULL_FAILS(brood_get_context("thread"), BROOD_VALUE_ERROR, kUnknown);
    EXPECT_EQ(brood_get_start_method(BROOD_ALLOW_NONE), nullptr);
  });
}

TEST_F(Method, AskingForTheDefaultContextFixesIt) {
  InFork([] {
    const brood_context *context = brood_get_context(nullptr);
    EXPECT_EQ(context, brood_get_context("fork"));
    EXPECT_FAILS(brood_set_start_method("spawn", 0), BROOD_RUNTIME_ERROR, kSet);
  });
}

TEST_F(Method, AProcessBindsToTheDefaultWhenItStarts) {
  InFork([] {
    Process process(nullptr, nothing);
    EXPECT_EQ(brood_get_start_method(BROOD_ALLOW_NONE), nullptr);
    EXPECT_WORKS(brood_set_start_method("spawn", 0));
    EXPECT_EQ(process.Run(), 0);
    Process fixes(nullptr, nothing);
    EXPECT_WORKS(brood_set_start_method(nullptr, BROOD_FORCE));
    EXPECT_EQ(fixes.Run(), 0);
    EXPECT_STREQ(brood_get_start_method(BROOD_ALLOW_NONE), "fork");
  });
}

TEST_F(Method, OfAConcreteContextIsItsOwnForEver) {
  for (const char *method : {"fork", "spawn", "forkserver"}) {
    const brood_context *context = brood_get_context(method);
    ASSERT_NE(context, nullptr);
    EXPECT_EQ(brood_get_context(method), context);
    EXPECT_STREQ(brood_context_get_start_method(context, 0), method);
    EXPECT_STREQ(brood_context_get_start_method(context, BROOD_ALLOW_NONE),
                 method);
    EXPECT_NULL_FAILS(brood_context_get_start_method(context, BROOD_FORCE),
                      BROOD_TYPE_ERROR, "0x1");
    for (unsigned flags : {0u, (unsigned)BROOD_FORCE}) {
      EXPECT_FAILS(brood_context_set_start_method(context, "fork", flags),
                   BROOD_VALUE_ERROR, method);
    }
    EXPECT_EQ(brood_context_get_context(context, nullptr), context);
    EXPECT_EQ(brood_context_get_context(context, "spawn"),
              brood_get_context("spawn"));
    EXPECT_NULL_FAILS(brood_context_get_context(context, "thread"),
                      BROOD_VALUE_ERROR, kUnknown);
  }
}

TEST_F(Method, OfTheDefaultContextByItsNullHandle) {
  InFork([] {
    EXPECT_EQ(brood_context_get_start_method(nullptr, BROOD_ALLOW_NONE),
              nullptr);
    EXPECT_WORKS(brood_context_set_start_method(nullptr, "spawn", 0));
    EXPECT_STREQ(brood_context_get_start_method(nullptr, 0), "spawn");
    EXPECT_EQ(brood_context_get_context(nullptr, nullptr),
              brood_get_context("spawn"));
    EXPECT_WORKS(brood_context_set_start_method(nullptr, "fork", BROOD_FORCE));
  });
}

TEST_F(Method, ErrorNamesAreTheFields) {
  const char *const names[] = {"ok",
                               "ValueError",
                               "TypeError",
                               "RuntimeError",
                               "AssertionError",
                               "IndexError",
                               "AttributeError",
                               "OSError",
                               "TimeoutError",
                               "OverflowError",
                               "BrokenBarrierError",
                               "OwnerDied",
                               "Empty",
                               "Full",
                               "EOFError",
                               "BufferTooShort",
                               "TaskError",
                               "WorkerLostError",
                               "TimeLimitExceeded",
                               "SoftTimeLimitExceeded",
                               "Terminated",
                               "CancelledError",
                               "BrokenPool",
                               "MaybeEncodingError",
                               "KeyError",
                               "RemoteError",
                               "AuthenticationError",
                               "unknown error"};
  for (int i = 0; i < 28; i++) EXPECT_STREQ(brood_error_name(-i), names[i]);
  EXPECT_STREQ(brood_error_name(1), "unknown error");
}

}  // namespace
