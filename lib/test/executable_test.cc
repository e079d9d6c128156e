// Proves what happens when the program to be run is not there, is another one,
// has forgotten brood_init, or is run by hand in the library's place.
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <gtest/gtest.h>
#include <limits.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "lib/test/capture.h"
#include "lib/test/process.h"
#include "lib/test/targets.h"

extern "C" {
#include "lib/sys/fd.h"
}

namespace {

class Executable : public MethodTest {
 protected:
  void SetUp() override {
    MethodTest::SetUp();
    KillServer();  // one that runs needs no executable any more
  }
  void TearDown() override {
    EXPECT_WORKS(brood_set_executable("/proc/self/exe"));
    int code = Process(GetParam(), exit_with, {brood_int64(3)}).Run();
    EXPECT_EQ(code, 3) << brood_error_message();
    MethodTest::TearDown();
  }
  std::string method() {
    return GetParam();
  }
};
INSTANTIATE_METHODS(Executable);

TEST_P(Executable, ThatIsNotThere) {
  const char path[] = "/nonexistent/program";
  EXPECT_WORKS(brood_set_executable(path));
  Process process(GetParam(), exit_with, {brood_int64(6)});
  if (method() == "fork") {
    EXPECT_EQ(process.Run(), 6) << "nothing is executed";
    return;
  }
  EXPECT_FAILS(process.Start(), BROOD_OS_ERROR, path);
  EXPECT_EQ(brood_errno(), ENOENT);
  EXPECT_EQ(process.Pid(), 0);
}

TEST_P(Executable, ThatMayNotBeRun) {
  EXPECT_WORKS(brood_set_executable("/etc/passwd"));
  Process process(GetParam(), exit_with, {brood_int64(6)});
  if (method() == "fork") return;
  EXPECT_FAILS(process.Start(), BROOD_OS_ERROR, "/etc/passwd");
  EXPECT_EQ(brood_errno(), EACCES);
}

TEST_P(Executable, OfANameThatIsTooLong) {
  std::string path(5000, '/');
  EXPECT_WORKS(brood_set_executable(path.c_str()));
  Process process(GetParam(), exit_with, {brood_int64(6)});
  if (method() == "fork") return;
  EXPECT_FAILS(process.Start(), BROOD_OS_ERROR, "executable");
  EXPECT_EQ(brood_errno(), ENAMETOOLONG);
}

// Programs that are none of ours: they end at once, with 1 and 0, or take no
// notice of what is asked of them.
TEST_P(Executable, ThatIsAnotherProgram) {
  struct {
    const char *path;
    int code;
  } programs[] = {
      {"/bin/false", 1}, {"/bin/true", 0}, {brood_argv(nullptr)[1], 4}};
  for (const auto &program : programs) {
    SCOPED_TRACE(program.path);
    EXPECT_WORKS(brood_set_executable(program.path));
    Process process(GetParam(), exit_with, {brood_int64(6)});
    if (method() == "forkserver") {
      EXPECT_FAILS(process.Start(), BROOD_RUNTIME_ERROR, "brood_init");
      EXPECT_EQ(process.Pid(), 0);
    } else {
      EXPECT_EQ(process.Run(), method() == "fork" ? 6 : program.code);
    }
  }
}

// Writes a script that is the executable for a while.
class Script {
 public:
  explicit Script(const std::string &text) {
    int fd = mkstemp(name_);
    EXPECT_EQ(sys_write_full(fd, text.data(), text.size()), 0);
    EXPECT_EQ(fchmod(fd, 0700), 0);
    close(fd);
    EXPECT_WORKS(brood_set_executable(name_));
  }
  ~Script() {
    unlink(name_);
  }

 private:
  char name_[32] = "/tmp/brood-script-XXXXXX";
};

// It was said to be another program's main that does not begin with brood_init.
TEST_P(Executable, ThatIsKilledWhileItBegins) {
  Script script("#!/bin/sh\nkill -9 $$\n");
  Process process(GetParam(), exit_with, {brood_int64(6)});
  if (method() == "forkserver") {
    EXPECT_FAILS(process.Start(), BROOD_OS_ERROR, "forkserver");
    EXPECT_EQ(brood_errno(), ECONNRESET);
  } else {
    EXPECT_EQ(process.Run(), method() == "fork" ? 6 : -SIGKILL);
  }
}

TEST_P(Executable, ThatIsKilledOnceWhileItBegins) {
  if (method() != "forkserver") return;
  char self[PATH_MAX] = "";
  ASSERT_GT(readlink("/proc/self/exe", self, sizeof self - 1), 0);
  char folder[] = "/tmp/brood-once-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  Script script(std::string("#!/bin/sh\nif rmdir ") + folder +
                "; then kill -9 $$; fi 2>/dev/null\nexec " + self + " $1\n");
  Process process(GetParam(), exit_with, {brood_int64(6)});
  EXPECT_EQ(process.Run(), 6) << brood_error_message();
}

// Runs a program with fds at 3 and after, and everything beyond closed; its
// output, and its exit code.
std::string RunByHand(const char *path, const char *argument,
                      const std::vector<int> &fds, int *out_code) {
  Capture out(STDOUT_FILENO), error(STDERR_FILENO);
  pid_t pid = fork();
  if (pid == 0) {
    alarm(kLong / kSecond);
    std::vector<int> sources;
    for (int fd : fds) sources.push_back(fcntl(fd, F_DUPFD, 100));
    for (int fd = 3; fd < 100; fd++) close(fd);
    for (size_t i = 0; i < sources.size(); i++) dup2(sources[i], 3 + (int)i);
    for (int fd = 100; fd < 300; fd++) close(fd);
    execl(path, path, argument, nullptr);
    _exit(127);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  *out_code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return out.Text() + error.Text();
}

class ByHand : public LibraryTest {};

TEST_F(ByHand, AProgramThatForgotBroodInit) {
  int code;
  std::string text = RunByHand(brood_argv(nullptr)[1], nullptr, {}, &code);
  EXPECT_EQ(code, 0);
  EXPECT_PRED2(StartsWith, text, "argv: none\nspawn: RuntimeError: ");
  EXPECT_PRED_FORMAT2(testing::IsSubstring,
                      "\nforkserver: RuntimeError: ", text);
  EXPECT_PRED_FORMAT2(testing::IsSubstring,
                      "main does not begin with brood_init", text);
  EXPECT_PRED_FORMAT2(testing::IsNotSubstring, "ran", text);
}

TEST_F(ByHand, ARoleWithoutItsDescriptors) {
  for (const char *role : {"--brood-spawned", "--brood-forkserver"}) {
    int code;
    std::string text = RunByHand("/proc/self/exe", role, {}, &code);
    EXPECT_EQ(code, 1) << role;
    EXPECT_PRED_FORMAT2(testing::IsSubstring, std::string("run with ") + role,
                        text);
  }
}

// Whatever happens to be open at the numbers where the library looks.
TEST_F(ByHand, ARoleWithOtherDescriptors) {
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  Pipe pipe;
  for (const char *role : {"--brood-spawned", "--brood-forkserver"}) {
    for (const std::vector<int> &fds : {std::vector<int>{null},
                                        {null, null},
                                        {file, file},
                                        {pipe.reading(), pipe.writing()},
                                        {pipe.writing(), file}}) {
      int code;
      std::string text = RunByHand("/proc/self/exe", role, fds, &code);
      EXPECT_EQ(code, 1) << role;
      EXPECT_PRED_FORMAT2(testing::IsSubstring, std::string("run with ") + role,
                          text);
    }
  }
  close(null);
  close(file);
}

}  // namespace
