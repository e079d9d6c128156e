// Proves what becomes of starts when a process gives up rights: by all methods
// its children have those that it has left, and no others.
// SPDX-License-Identifier: MIT
#include <grp.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/test/process.h"
#include "lib/test/targets.h"

namespace {

constexpr uid_t kNobody = 65534;

void BecomeNobody() {
  CHILD_CHECK(setgroups(0, nullptr) == 0);
  CHILD_CHECK(setgid(kNobody) == 0);
  CHILD_CHECK(setuid(kNobody) == 0);
}

class Rights : public MethodTest {
 protected:
  void SetUp() override {
    MethodTest::SetUp();
    pid_t pid = fork();
    if (pid == 0)
      _exit(setgroups(0, nullptr) == 0 && setgid(kNobody) == 0 &&
                    setuid(kNobody) == 0
                ? 0
                : 1);
    if (!WaitForChild(pid)) GTEST_SKIP() << "needs root and a second user";
  }
};
INSTANTIATE_METHODS(Rights);

// Changes to a new directory, and back and away with it at the end.
class OwnDirectory {
 public:
  OwnDirectory() {
    EXPECT_NE(getcwd(before_, sizeof before_), nullptr);
    EXPECT_NE(mkdtemp(name_), nullptr);
    EXPECT_EQ(chdir(name_), 0);
  }
  ~OwnDirectory() {
    EXPECT_EQ(chdir(before_), 0);
    EXPECT_EQ(rmdir(name_), 0);
  }

 private:
  char before_[PATH_MAX];
  char name_[32] = "/tmp/brood-directory-XXXXXX";
};

// Who is in a directory may stay there, whatever it says of going in.
TEST_P(Rights, ToADirectory) {
  OwnDirectory directory;
  InFork([&] {
    BecomeNobody();
    EXPECT_NE(access(".", X_OK), 0);
    EXPECT_EQ(Process(GetParam(), exit_with, {brood_int64(7)}).Run(), 7)
        << brood_error_message();
  });
}

}  // namespace
