// Proves that what cannot be done is refused with its documented error and a
// sentence that names the value, that nothing runs then, and that the next
// start works. By all methods.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <thread>
#include <vector>

#include "lib/test/process.h"
#include "lib/test/targets.h"

extern "C" {
#include "lib/sys/fault.h"
#include "lib/sys/fd.h"
}

namespace {

class Refusals : public MethodTest {
 protected:
  bool IsFork() {
    return std::string(GetParam()) == "fork";
  }
  bool IsForkserver() {
    return std::string(GetParam()) == "forkserver";
  }

  void TearDown() override {
    int code = Process(GetParam(), exit_with, {brood_int64(3)}).Run();
    EXPECT_EQ(code, 3) << brood_error_message();
    MethodTest::TearDown();
  }
};
INSTANTIATE_METHODS(Refusals);

void unregistered(const brood_args *) {
  brood_exit(8);
}

TEST_P(Refusals, AnUnregisteredTargetIsForForkOnly) {
  Process process(GetParam(), unregistered);
  if (IsFork()) {
    EXPECT_EQ(process.Run(), 8);
    return;
  }
  EXPECT_FAILS(process.Start(), BROOD_VALUE_ERROR, "not registered");
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "BROOD_TARGET",
                      brood_error_message());
  EXPECT_EQ(process.Pid(), 0);
}

void first_twin(const brood_args *) {
}
void second_twin(const brood_args *) {
}
void again(const brood_args *) {
}
brood_target_entry twins[] = {{"twin", first_twin, nullptr},
                              {"twin", second_twin, nullptr},
                              {"again", again, nullptr},
                              {"again", again, nullptr}};

__attribute__((constructor)) void RegisterTwins() {
  for (int i = 0; i < 2; i++) {  // found was: the list became a ring
    for (brood_target_entry &entry : twins) brood_register_target(&entry);
  }
}

TEST_P(Refusals, ANameOfTwoTargetsIsNone) {
  for (brood_target target : {first_twin, second_twin}) {
    Process process(GetParam(), target);
    if (IsFork()) {
      EXPECT_EQ(process.Run(), 0);
    } else {
      EXPECT_FAILS(process.Start(), BROOD_VALUE_ERROR, "'twin'");
    }
  }
  Process process(GetParam(), again);
  EXPECT_EQ(process.Run(), 0) << "one function twice is no contradiction";
}

// Found was: two threads that registered one entry made the list a ring, too.
TEST_P(Refusals, AnEntryOfTwoThreadsIsOne) {
  InFork([] {
    constexpr int kNumEntries = 500;
    static brood_target_entry entries[kNumEntries];
    for (auto &entry : entries) entry = {"one of many", again, nullptr};
    std::atomic<int> at{0};
    auto both = [&at] {
      for (int i = 0; i < kNumEntries; i++) {
        at++;
        while (at < 2 * (i + 1)) continue;
        brood_register_target(&entries[i]);
      }
    };
    std::thread other(both);
    both();
    other.join();
    for (auto &entry : entries) ASSERT_NE(entry.next, &entry);
  });
}

TEST_P(Refusals, ANameIsAtMostSoLong) {
  const brood_context *context = brood_get_context(GetParam());
  std::string longest(BROOD_MAX_NAME, 'n'), huge(10 << 20, 'n');
  brood_process_options options = {};
  options.name = huge.c_str();
  EXPECT_NULL_FAILS(brood_process_new(context, &options), BROOD_VALUE_ERROR,
                    "10485760");
  Process process(GetParam(), nothing, {}, BROOD_NOT_DAEMON, longest.c_str());
  EXPECT_EQ(brood_process_name(process), longest);
  EXPECT_FAILS(brood_process_set_name(process, huge.c_str()), BROOD_VALUE_ERROR,
               "10485760");
  EXPECT_FAILS(brood_process_set_name(process, nullptr), BROOD_ASSERTION_ERROR,
               "string");
  EXPECT_EQ(brood_process_name(process), longest);
  EXPECT_EQ(process.Run(), 0);
}

TEST_P(Refusals, OptionsOutOfTheirRange) {
  const brood_context *context = brood_get_context(GetParam());
  brood_process_options options = {};
  options.group = "group";
  EXPECT_NULL_FAILS(brood_process_new(context, &options), BROOD_ASSERTION_ERROR,
                    "group");
  options = {};
  options.daemon = (enum brood_daemon)7;
  EXPECT_NULL_FAILS(brood_process_new(context, &options), BROOD_TYPE_ERROR,
                    "7");
}

TEST_P(Refusals, AuthkeysOutOfTheirRange) {
  Process process(GetParam(), nothing);
  char key[BROOD_MAX_AUTHKEY + 1] = {};
  EXPECT_FAILS(brood_process_set_authkey(process, nullptr, 3), BROOD_TYPE_ERROR,
               "NULL");
  EXPECT_FAILS(brood_process_set_authkey(process, key, 0), BROOD_VALUE_ERROR,
               "0 bytes");
  EXPECT_FAILS(brood_process_set_authkey(process, key, sizeof key),
               BROOD_VALUE_ERROR, "256");
  size_t size;
  brood_process_authkey(process, &size);
  EXPECT_EQ(size, 32u);
}

TEST_P(Refusals, SettingsOutOfTheirRange) {
  std::vector<const char *> names(BROOD_MAX_PRELOAD + 1, "name");
  EXPECT_FAILS(brood_set_forkserver_preload(names.data(), names.size()),
               BROOD_VALUE_ERROR, "256");
  names = {"one", nullptr};
  EXPECT_FAILS(brood_set_forkserver_preload(names.data(), 2), BROOD_TYPE_ERROR,
               "number 1");
  EXPECT_FAILS(brood_set_forkserver_preload(nullptr, 1), BROOD_TYPE_ERROR,
               "NULL");
  EXPECT_FAILS(brood_set_executable(nullptr), BROOD_TYPE_ERROR, "NULL");
  EXPECT_FAILS(brood_log_to_stderr(-1), BROOD_VALUE_ERROR, "-1");
}

TEST_P(Refusals, NoMoreProcesses) {
  if (IsForkserver()) return;  // its server forks: see the sweep of a server
  const char *wrapper = IsFork() ? "sys_fork" : "sys_spawn";
  Process process(GetParam(), nothing);
  for (int error : {EAGAIN, ENOMEM}) {
    sys_fault_only(wrapper);
    sys_fault_arm(1, error);
    EXPECT_FAILS(process.Start(), BROOD_OS_ERROR, strerror(error));
    EXPECT_EQ(brood_errno(), error);
    sys_fault_only(nullptr);
    EXPECT_EQ(brood_process_is_alive(process), 0);
  }
  EXPECT_EQ(process.Run(), 0) << "start may be tried again";
}

// Fills the descriptor table, under a limit that makes it small.
class FullTable {
 public:
  FullTable() {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit small = {64, before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &small), 0);
    int fd;
    while ((fd = dup(STDIN_FILENO)) >= 0) fds_.push_back(fd);
    EXPECT_EQ(errno, EMFILE);
  }
  ~FullTable() {
    while (Free()) continue;
    setrlimit(RLIMIT_NOFILE, &before_);
  }

  // Frees one; false if there was none.
  bool Free() {
    if (fds_.empty()) return false;
    close(fds_.back());
    fds_.pop_back();
    return true;
  }

 private:
  rlimit before_;
  std::vector<int> fds_;
};

TEST_P(Refusals, AFullDescriptorTable) {
  for (enum brood_daemon daemon : {BROOD_NOT_DAEMON, BROOD_DAEMON}) {
    Process process(GetParam(), exit_with, {brood_int64(5)}, daemon);
    FullTable table;
    int num_refused = 0;
    while (process.Start() != 0) {
      EXPECT_EQ(brood_error(), BROOD_OS_ERROR) << brood_error_message();
      EXPECT_EQ(brood_errno(), EMFILE) << brood_error_message();
      EXPECT_EQ(brood_process_is_alive(process), 0);
      num_refused++;
      ASSERT_TRUE(table.Free()) << brood_error_message();
    }
    EXPECT_GT(num_refused, 0);
    EXPECT_WORKS(process.Join());
    EXPECT_EQ(process.Code(), 5);
  }
}

// As above, but with a server to be run or to be connected to.
TEST_P(Refusals, AFullDescriptorTableBeforeTheFirstStart) {
  for (bool inherited : {true, false}) {
    if (!inherited) KillServer();
    InFork([] {
      Process process(GetParam(), exit_with, {brood_int64(5)});
      FullTable table;
      while (process.Start() != 0) {
        EXPECT_EQ(brood_errno(), EMFILE) << brood_error_message();
        if (!table.Free()) break;
      }
      EXPECT_WORKS(process.Join());
      EXPECT_EQ(process.Code(), 5);
    });
  }
}

TEST_P(Refusals, ACurrentDirectoryThatIsGone) {
  char before[PATH_MAX], gone[] = "/tmp/brood-gone-XXXXXX";
  ASSERT_NE(getcwd(before, sizeof before), nullptr);
  ASSERT_NE(mkdtemp(gone), nullptr);
  ASSERT_EQ(chdir(gone), 0);
  ASSERT_EQ(rmdir(gone), 0);
  Process process(GetParam(), exit_with, {brood_int64(5)});
  EXPECT_EQ(process.Run(), 5) << brood_error_message();
  ASSERT_EQ(chdir(before), 0);
}

}  // namespace
