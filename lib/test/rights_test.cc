// Proves what becomes of starts when a process gives up rights: by all methods
// its children have those that it has left, and no others.
// SPDX-License-Identifier: MIT
#include <grp.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>
#include <vector>

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

struct Ids {
  uid_t real, effective, saved;
  gid_t group;
  int num_groups;
};

void tell_ids(const brood_args *args) {
  Ids ids = {};
  getresuid(&ids.real, &ids.effective, &ids.saved);
  ids.group = getegid();
  ids.num_groups = getgroups(0, nullptr);
  Tell(DescriptorAt(args, 0), std::string((const char *)&ids, sizeof ids));
}
BROOD_TARGET(tell_ids);

// start_as_nobody(told, method)
void start_as_nobody(const brood_args *args) {
  BecomeNobody();
  Process process(StringAt(args, 1).c_str(), tell_ids,
                  {brood_descriptor(DescriptorAt(args, 0))});
  CHILD_CHECK(process.Run() == 0);
}
BROOD_TARGET(start_as_nobody);

void ExpectNobody(Pipe *told) {
  Ids ids = told->Read<Ids>();
  EXPECT_EQ(ids.real, kNobody);
  EXPECT_EQ(ids.effective, kNobody);
  EXPECT_EQ(ids.saved, kNobody);
  EXPECT_EQ(ids.group, kNobody);
  EXPECT_EQ(ids.num_groups, 0);
}

// The forkserver that had been run before went on starting root's processes.
TEST_P(Rights, GivenUpAfterAStart) {
  Pipe told;
  InFork([&] {
    EXPECT_EQ(Process(GetParam(), nothing).Run(), 0);
    BecomeNobody();
    for (int i = 0; i < 2; i++) {
      EXPECT_EQ(Process(GetParam(), tell_ids, {told.Argument()}).Run(), 0)
          << brood_error_message();
    }
  });
  for (int i = 0; i < 2; i++) ExpectNobody(&told);
}

TEST_P(Rights, GivenUpByAChild) {
  for (const char *outer : {"fork", "spawn", "forkserver"}) {
    SCOPED_TRACE(outer);
    Pipe told;
    Process process(outer, start_as_nobody,
                    {told.Argument(), brood_string(GetParam())});
    EXPECT_EQ(process.Run(), 0) << brood_error_message();
    ExpectNobody(&told);
  }
}

TEST_P(Rights, ThatAreOnlyGroups) {
  Pipe told;
  InFork([&] {
    gid_t group = kNobody;
    ASSERT_EQ(setgroups(1, &group), 0);
    EXPECT_EQ(Process(GetParam(), tell_ids, {told.Argument()}).Run(), 0);
    ASSERT_EQ(setgroups(0, nullptr), 0);
    EXPECT_EQ(Process(GetParam(), tell_ids, {told.Argument()}).Run(), 0);
  });
  EXPECT_EQ(told.Read<Ids>().num_groups, 1);
  EXPECT_EQ(told.Read<Ids>().num_groups, 0);
}

// A fresh image would be taken for a set-uid program's.
TEST_P(Rights, LaidDownForAWhile) {
  InFork([] {
    ASSERT_EQ(seteuid(kNobody), 0);
    Process process(GetParam(), exit_with, {brood_int64(7)});
    if (std::string(GetParam()) == "fork") {
      EXPECT_EQ(process.Run(), 7);
    } else {
      EXPECT_FAILS(process.Start(), BROOD_RUNTIME_ERROR, "effective");
    }
    ASSERT_EQ(seteuid(0), 0);
    Process later(GetParam(), exit_with, {brood_int64(7)});
    EXPECT_EQ(later.Run(), 7) << brood_error_message();
  });
}

// A setup cannot give what its creator has not.
TEST_P(Rights, OfASetup) {
  InFork([] {
    BecomeNobody();
    uint32_t group = 0;
    for (const auto &[flags, text] :
         std::vector<std::pair<unsigned, const char *>>{
             {BROOD_SETUP_USER_ID, "user id 0: Operation not permitted"},
             {BROOD_SETUP_GROUP_ID, "group id 0: Operation not permitted"},
             {BROOD_SETUP_GROUPS,
              "1 supplementary groups: Operation not permitted"},
             {BROOD_SETUP_NICE, "nice value -9: Permission denied"}}) {
      brood_child_setup setup = {};
      setup.flags = flags;
      setup.nice = -9;
      setup.groups = &group;
      setup.num_groups = 1;
      Process process(GetParam(), nothing, {}, BROOD_DAEMON_INHERIT, nullptr,
                      &setup);
      EXPECT_FAILS(process.Start(), BROOD_OS_ERROR, text);
    }
    EXPECT_EQ(brood_active_children(nullptr, 0), 0);
  });
}

}  // namespace
