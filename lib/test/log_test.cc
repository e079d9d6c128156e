// Proves what the log says: each record as often as there are handlers, with
// the name of its process, in children of every method.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <unistd.h>

#include "lib/test/capture.h"
#include "lib/test/process.h"
#include "lib/test/targets.h"

namespace {

class Log : public MethodTest {
 protected:
  // What a child says in a copy of this process where prepare was called.
  // Handlers are never taken away again, hence the copy.
  std::string SaidAfter(const std::function<void()> &prepare) {
    KillServer();
    Capture capture(STDERR_FILENO);
    InFork([&] {
      prepare();
      Process process(GetParam(), exit_with, {brood_int64(5)}, BROOD_NOT_DAEMON,
                      "logged");
      EXPECT_EQ(process.Run(), 5);
    });
    KillServer();
    return capture.Text();
  }
};
INSTANTIATE_METHODS(Log);

constexpr const char *kRun = "[INFO/logged] child process calling self.run()\n";
constexpr const char *kDown = "[INFO/logged] process shutting down\n";
constexpr const char *kExit = "[INFO/logged] process exiting with exitcode 5\n";

TEST_P(Log, IsSilentUnlessAskedFor) {
  EXPECT_EQ(SaidAfter([] {}), "");
}

TEST_P(Log, SaysWhatAProcessDoes) {
  EXPECT_EQ(SaidAfter([] { brood_log_to_stderr(BROOD_LOG_INFO); }),
            std::string(kRun) + kDown + kExit);
}

TEST_P(Log, EachHandlerSaysItAgain) {
  EXPECT_EQ(SaidAfter([] {
              brood_log_to_stderr(BROOD_LOG_DEBUG);
              brood_log_to_stderr(BROOD_LOG_UNCHANGED);
            }),
            std::string(kRun) + kRun + kDown + kDown + kExit + kExit);
}

TEST_P(Log, AHigherLevelKeepsItQuiet) {
  EXPECT_EQ(SaidAfter([] { brood_log_to_stderr(BROOD_LOG_WARNING); }), "");
  EXPECT_EQ(SaidAfter([] { brood_log_to_stderr(BROOD_LOG_UNCHANGED); }), "");
}

TEST_P(Log, ARefusedLevelAddsNoHandler) {
  EXPECT_EQ(
      SaidAfter([] { EXPECT_EQ(brood_log_to_stderr(-20), BROOD_VALUE_ERROR); }),
      "");
}

// With the log of a child by whatever comes between.
void start_one_more(const brood_args *args) {
  Process process(StringAt(args, 0).c_str(), nothing, {}, BROOD_NOT_DAEMON,
                  "grandchild");
  CHILD_CHECK(process.Run() == 0);
}
BROOD_TARGET(start_one_more);

TEST_P(Log, ReachesTheChildrenOfChildren) {
  for (const char *method : {"fork", "spawn", "forkserver"}) {
    KillServer();
    Capture capture(STDERR_FILENO);
    InFork([&] {
      brood_log_to_stderr(BROOD_LOG_INFO);
      Process process(GetParam(), start_one_more, {brood_string(method)});
      EXPECT_EQ(process.Run(), 0);
    });
    EXPECT_PRED_FORMAT2(testing::IsSubstring,
                        "[INFO/grandchild] process exiting", capture.Text());
    KillServer();
  }
}

}  // namespace
