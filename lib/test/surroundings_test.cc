// Proves what a child finds around it: the environment and the directory of its
// creator at the start, no standard input, only the descriptors that it is
// meant to have; and that all below a process share its forkserver.
// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <set>
#include <thread>

#include "lib/test/process.h"
#include "lib/test/targets.h"

namespace {

class Surroundings : public MethodTest {};
INSTANTIATE_METHODS(Surroundings);

void tell_surroundings(const brood_args *args) {
  char cwd[PATH_MAX];
  CHILD_CHECK(getcwd(cwd, sizeof cwd) != nullptr);
  const char *value = getenv("BROOD_TEST_VARIABLE");
  Tell(DescriptorAt(args, 0),
       std::string(value == nullptr ? "unset" : value) + " " + cwd);
}
BROOD_TARGET(tell_surroundings);

std::string SurroundingsOfAChild(const char *method) {
  Pipe told;
  Process process(method, tell_surroundings, {told.Argument()});
  EXPECT_WORKS(process.Start());
  std::string text = told.ReadAll();
  EXPECT_WORKS(process.Join());
  EXPECT_EQ(process.Code(), 0);
  return text;
}

TEST_P(Surroundings, AreTheCreatorsAtTheStart) {
  char before[PATH_MAX];
  ASSERT_NE(getcwd(before, sizeof before), nullptr);
  std::string here = before;
  EXPECT_EQ(SurroundingsOfAChild(GetParam()), "unset " + here);
  ASSERT_EQ(setenv("BROOD_TEST_VARIABLE", "set", 1), 0);
  EXPECT_EQ(SurroundingsOfAChild(GetParam()), "set " + here);
  ASSERT_EQ(chdir("/"), 0);
  ASSERT_EQ(setenv("BROOD_TEST_VARIABLE", "", 1), 0);
  EXPECT_EQ(SurroundingsOfAChild(GetParam()), " /");
  ASSERT_EQ(unsetenv("BROOD_TEST_VARIABLE"), 0);
  EXPECT_EQ(SurroundingsOfAChild(GetParam()), "unset /");
  ASSERT_EQ(chdir(before), 0);
}

TEST_P(Surroundings, OfALargeEnvironment) {
  std::string large(100000, 'v');
  ASSERT_EQ(setenv("BROOD_TEST_VARIABLE", large.c_str(), 1), 0);
  EXPECT_PRED2(StartsWith, SurroundingsOfAChild(GetParam()), large + " ");
  ASSERT_EQ(unsetenv("BROOD_TEST_VARIABLE"), 0);
}

// One walk over the environment counted, another one wrote.
TEST_F(LibraryTest, AnEnvironmentThatChangesMeanwhile) {
  std::atomic<bool> stop{false};
  std::thread changes([&] {
    for (size_t i = 0; !stop; i++) {
      setenv("BROOD_TEST_VARIABLE", std::string(i * 977 % 19000, 'v').c_str(),
             1);
    }
  });
  for (int i = 0; i < 300 && !HasFailure(); i++) {
    EXPECT_EQ(Process("forkserver", exit_with, {brood_int64(7)}).Run(), 7)
        << brood_error_message();
  }
  stop = true;
  changes.join();
  ASSERT_EQ(unsetenv("BROOD_TEST_VARIABLE"), 0);
}

void read_stdin(const brood_args *) {
  char byte;
  brood_exit(read(STDIN_FILENO, &byte, 1) == 0 ? 0 : 1);
}
BROOD_TARGET(read_stdin);

TEST_P(Surroundings, StandardInputIsEmpty) {
  EXPECT_EQ(Process(GetParam(), read_stdin).Run(), 0);
}

// Without standard streams of its own a program's descriptors take their
// numbers; nothing may be mixed up.
TEST_P(Surroundings, OfAProgramWithoutStandardStreams) {
  InFork([] {
    int out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 50);
    int error = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 50);
    for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) close(fd);
    std::string text;
    {
      Pipe told;  // takes 0 and 1
      Process process(GetParam(), tell_surroundings, {told.Argument()});
      if (process.Start() == 0 && process.Join() == 0 && process.Code() == 0) {
        text = told.ReadAll();
      }
    }
    dup2(out, STDOUT_FILENO);
    dup2(error, STDERR_FILENO);
    EXPECT_PRED2(StartsWith, text, "unset /");
  });
}

// Lists what is open: in a fresh image and in a forkserver's child only what
// the library gave, and nothing of the creator's.
void tell_descriptors(const brood_args *args) {
  int told = DescriptorAt(args, 0);
  struct stat mine, other;
  CHILD_CHECK(fstat((int)Int64At(args, 1), &other) != 0 ||
              (fstat(told, &mine) == 0 && mine.st_ino == other.st_ino));
  DIR *folder = opendir("/proc/self/fd");
  int count = 0;
  while (readdir(folder) != nullptr) count++;
  // ".", "..", the folder's own, three standard streams.
  Tell(told, std::to_string(count - 6));
  closedir(folder);
}
BROOD_TARGET(tell_descriptors);

TEST_F(LibraryTest, AFreshProcessHasOnlyWhatItWasGiven) {
  // Not close-on-exec, and at a number far away.
  int stray = fcntl(STDERR_FILENO, F_DUPFD, 700);
  ASSERT_GE(stray, 0);
  for (const char *method : {"spawn", "forkserver"}) {
    Pipe told;
    Process process(method, tell_descriptors,
                    {told.Argument(), brood_int64(stray)});
    EXPECT_EQ(process.Run(), 0) << method;
    // The argument, the creator's pidfd, and a way to the forkserver with its
    // pidfd.
    EXPECT_EQ(told.ReadAll(), std::string(method) == "spawn" ? "2" : "4");
  }
  close(stray);
}

// tell_server_below(told, depth): each level starts the next by the forkserver.
void tell_server_below(const brood_args *args) {
  int told = DescriptorAt(args, 0);
  int64_t depth = Int64At(args, 1);
  pid_t server = getppid();
  Tell(told, std::string((const char *)&server, sizeof server));
  for (int i = 0; depth > 0 && i < 2; i++) {
    Process process("forkserver", tell_server_below,
                    {brood_descriptor(told), brood_int64(depth - 1)});
    CHILD_CHECK(process.Run() == 0);
  }
}
BROOD_TARGET(tell_server_below);

TEST_F(LibraryTest, AllBelowAProcessShareItsForkserver) {
  Pipe told;
  Process process("forkserver", tell_server_below,
                  {told.Argument(), brood_int64(2)});
  EXPECT_EQ(process.Run(), 0);
  pid_t server = told.Read<pid_t>();
  for (int i = 0; i < 6; i++) EXPECT_EQ(told.Read<pid_t>(), server);
  EXPECT_NE(server, getpid());
}

// through_a_fork(told): a child by fork starts one by the forkserver.
void through_a_fork(const brood_args *args) {
  for (int i = 0; i < 2; i++) {
    Process process("forkserver", tell_parent,
                    {brood_descriptor(DescriptorAt(args, 0))});
    CHILD_CHECK(process.Run() == 0);
  }
}
BROOD_TARGET(through_a_fork);

TEST_F(LibraryTest, AForkSharesTheForkserverToo) {
  Pipe told;
  Process own("forkserver", tell_parent, {told.Argument()});
  EXPECT_EQ(own.Run(), 0);
  pid_t server = told.Read<pid_t>();
  Process process("fork", through_a_fork, {told.Argument()});
  EXPECT_EQ(process.Run(), 0);
  for (int i = 0; i < 2; i++) EXPECT_EQ(told.Read<pid_t>(), server);
  InFork([&] {
    Process raw("forkserver", tell_parent, {told.Argument()});
    EXPECT_EQ(raw.Run(), 0);
    EXPECT_EQ(told.Read<pid_t>(), server);
  });
}

}  // namespace
