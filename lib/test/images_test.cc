// Proves which program a fresh process is an image of, and that nobody can have
// a program with more rights than their own run as one.
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "lib/test/capture.h"
#include "lib/test/process.h"
#include "lib/test/targets.h"

namespace {

constexpr uid_t kNobody = 65534;
constexpr char kAllStart[] = "fork 7\nspawn 7\nforkserver 7\n";

class Images : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/brood-images-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
    ASSERT_EQ(chmod(name, 0755), 0);
    program_ = folder_ + "/lone";
    std::filesystem::copy_file(brood_argv(nullptr)[1], program_);
    ASSERT_EQ(chmod(program_.c_str(), 0755), 0);
  }
  void TearDown() override {
    std::filesystem::remove_all(folder_);
  }

  // Runs the program as somebody; its output, and its exit code.
  std::string Run(const char *argument, uid_t uid, int *out_code) {
    Capture out(STDOUT_FILENO), error(STDERR_FILENO);
    pid_t pid = fork();
    if (pid == 0) {
      alarm(kLong / kSecond);
      if (uid != getuid() &&
          (setgroups(0, nullptr) != 0 || setgid(uid) != 0 || setuid(uid) != 0))
        _exit(99);
      execl(program_.c_str(), "lone", argument, nullptr);
      _exit(98);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    *out_code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    return out.Text() + error.Text();
  }

  std::string folder_, program_;
};

class ImagesOf : public Images,
                 public testing::WithParamInterface<const char *> {};

// The name of its file was run: with "/path (deleted)", with what was put there
// or mounted over it; there was none after the end of main's thread. And the
// arguments in memory are the program's to change. A directory that had no name
// any more had no forkserver.
TEST_P(ImagesOf, AProgramThatChanged) {
  int code = 0;
  std::string text = Run(GetParam(), getuid(), &code);
  if (text.find("no mounts") == 0) {
    GTEST_SKIP() << "needs root or user namespaces, for a mount";
  }
  EXPECT_EQ(text, kAllStart);
  EXPECT_EQ(code, 0);
}
INSTANTIATE_TEST_SUITE_P(All, ImagesOf,
                         testing::Values("--same", "--deleted", "--replaced",
                                         "--mounted-over", "--main-ends",
                                         "--arguments", "--no-directory"));

class ImagesSetUid : public Images {
 protected:
  void SetUp() override {
    Images::SetUp();
    if (HasFatalFailure()) return;
    if (getuid() != 0) GTEST_SKIP() << "needs root, to make a set-uid program";
    ASSERT_EQ(chmod(program_.c_str(), 04755), 0);
    int code = 0;
    if (Run("--secure", kNobody, &code) != "secure\n") {
      GTEST_SKIP() << "needs a second user and a file system without nosuid, "
                      "for a set-uid program";
    }
  }
};

// The role is in argv, and the record with the target and its arguments in a
// descriptor: the caller's, both of them.
TEST_F(ImagesSetUid, ARoleIsRefused) {
  for (const char *role : {"--brood-spawned", "--brood-forkserver"}) {
    int code = 0;
    std::string text = Run(role, kNobody, &code);
    EXPECT_EQ(code, 1);
    EXPECT_PRED_FORMAT2(testing::IsSubstring, "has not its rights", text)
        << role;
  }
}

TEST_F(ImagesSetUid, StartsOnlyByFork) {
  int code = 0;
  std::string text = Run(nullptr, kNobody, &code);
  EXPECT_EQ(code, 0);
  EXPECT_PRED2(StartsWith, text, "fork 7\nspawn RuntimeError: ");
  EXPECT_PRED_FORMAT2(testing::IsSubstring,
                      "\nforkserver RuntimeError: ", text);
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "set-uid", text);
}

// Rights are what its caller has not.
TEST_F(ImagesSetUid, ItsOwnUserMayStartByEveryMethod) {
  int code = 0;
  EXPECT_EQ(Run(nullptr, 0, &code), kAllStart);
  EXPECT_EQ(code, 0);
}

}  // namespace
