// See fixture.h. Processes are counted by process group, because what a
// forkserver started is nobody's child here.
// SPDX-License-Identifier: MIT
#include "lib/test/fixture.h"

#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <memory>
#include <sstream>
#include <vector>

#include "lib/test/process.h"
#include "lib/test/targets.h"

extern "C" {
#include "lib/sys/clock.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"
}

namespace {

std::vector<std::string> List(const char *path) {
  std::vector<std::string> names;
  DIR *folder = opendir(path);
  if (folder == nullptr) return names;
  std::string self = std::to_string(dirfd(folder));
  while (const dirent *entry = readdir(folder)) {
    std::string name = entry->d_name;
    if (name[0] != '.' && name != self) names.push_back(name);
  }
  closedir(folder);
  return names;
}

// "socket:[1234]" is any socket.
std::string KindOf(std::string name) {
  return name.substr(0, name.find(":[") == std::string::npos ? std::string::npos
                                                             : name.find(":["));
}

std::map<std::string, int> Descriptors() {
  std::map<std::string, int> kinds;
  for (const std::string &number : List("/proc/self/fd")) {
    char target[4096];
    std::string link = "/proc/self/fd/" + number;
    ssize_t n = readlink(link.c_str(), target, sizeof target);
    if (n > 0) kinds[KindOf(std::string(target, (size_t)n))]++;
  }
  return kinds;
}

std::map<std::string, int> Mappings() {
  std::map<std::string, int> names;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    size_t at = line.find("/memfd:");
    if (at != std::string::npos) names[line.substr(at)]++;
  }
  return names;
}

struct Stat {
  char state = 0;
  pid_t parent = 0;
  pid_t group = 0;
};

// The fields behind the program's name; zeroes if there is no such process.
Stat ReadStat(const std::string &pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  std::string text;
  std::getline(file, text);
  Stat stat;
  size_t at = text.rfind(')');
  if (at == std::string::npos) return stat;
  std::istringstream fields(text.substr(at + 1));
  fields >> stat.state >> stat.parent >> stat.group;
  return stat;
}

// A dead process whose parent is none of us: it waits for whoever adopts
// orphans here, at that one's leisure.
bool IsBuried(const Stat &stat) {
  return stat.state == 'Z' && stat.parent != getpid() &&
         ReadStat(std::to_string(stat.parent)).group != getpgrp();
}

void CountProcesses(Belongings *out) {
  for (const std::string &name : List("/proc")) {
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    Stat stat = ReadStat(name);
    if (stat.parent == getpid()) out->num_children++;
    if (stat.group == getpgrp() && !IsBuried(stat)) out->num_processes++;
  }
}

void Print(std::ostream &out, const char *title,
           const std::map<std::string, int> &counts) {
  for (const auto &[name, count] : counts) {
    out << title << " " << name << ": " << count << "\n";
  }
}

// Has the library make everything that it keeps.
void WarmUp() {
  for (const char *method : {"fork", "forkserver"}) {
    EXPECT_EQ(Process(method, nothing).Run(), 0) << brood_error_message();
  }
  brood_event_free(brood_event_new(brood_get_context("fork")));  // an arena
}

}  // namespace

Belongings Inventory() {
  Belongings belongings = {};
  belongings.descriptors = Descriptors();
  belongings.mappings = Mappings();
  for (const std::string &name : List("/dev/shm")) {
    belongings.shared_memory.insert(name);
  }
  CountProcesses(&belongings);
  return belongings;
}

std::string Describe(const Belongings &belongings) {
  std::ostringstream out;
  Print(out, "descriptors of", belongings.descriptors);
  Print(out, "mappings of", belongings.mappings);
  for (const std::string &name : belongings.shared_memory) {
    out << "/dev/shm/" << name << "\n";
  }
  out << belongings.num_children << " children, " << belongings.num_processes
      << " processes\n";
  return out.str();
}

void LibraryTest::SetUp() {
  KernelTells();
  WarmUp();
  // The last process of the warm-up may still be on its way out.
  WaitUntil([this] {
    Belongings now = Inventory();
    bool settled = Describe(now) == Describe(before_);
    before_ = now;
    return settled;
  });
}

void LibraryTest::TearDown() {
  WarmUp();
  ExpectAsBefore();
}

void LibraryTest::ExpectAsBefore() {
  std::string now, before = Describe(before_);
  // A process of the forkserver's may still be on its way out; or was it then,
  // for longer than settling took.
  int64_t deadline = sys_clock_deadline(10 * kSecond);
  do {
    Belongings all = Inventory();
    all.num_processes = std::max(all.num_processes, before_.num_processes);
    now = Describe(all);
  } while (now != before && sys_clock_ns() < deadline);
  EXPECT_EQ(now, before);
}

std::string NameOfParam(const testing::TestParamInfo<const char *> &info) {
  return info.param;
}

void InFork(const std::function<void()> &body) {
  fflush(nullptr);
  pid_t pid = fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    alarm(kLong / kSecond);
    body();
    fflush(nullptr);
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  EXPECT_TRUE(WaitForChild(pid)) << "in the copy of this process";
}

bool WaitUntil(const std::function<bool()> &is_so) {
  int64_t deadline = sys_clock_deadline(kLong);
  while (!is_so()) {
    if (sys_clock_ns() > deadline) return false;
    timespec moment = {0, kMillisecond};
    nanosleep(&moment, nullptr);
  }
  return true;
}

bool WaitForChild(pid_t pid) {
  int status = -1;
  pid_t waited;
  while ((waited = waitpid(pid, &status, 0)) < 0 && errno == EINTR) continue;
  return waited == pid && status == 0;
}

char StateOf(pid_t pid) {
  return ReadStat(std::to_string(pid)).state;
}

void KillServer() {
  Pipe pipe;
  Process process("forkserver", tell_parent, {pipe.Argument()});
  ASSERT_EQ(process.Run(), 0) << brood_error_message();
  pid_t server = pipe.Read<pid_t>();
  int pidfd = sys_pidfd_open(server);
  ASSERT_GE(pidfd, 0);
  EXPECT_EQ(sys_pidfd_signal(pidfd, SIGKILL), 0);
  EXPECT_EQ(sys_pidfd_wait(pidfd, sys_clock_deadline(kLong)), 1);
  sys_close(pidfd);
}

bool StartsWith(const std::string &text, const std::string &start) {
  return text.compare(0, start.size(), start) == 0;
}

bool EndsWith(const std::string &text, const std::string &end) {
  return text.size() >= end.size() &&
         text.compare(text.size() - end.size(), end.size(), end) == 0;
}

testing::AssertionResult Works(int64_t r) {
  if (r == 0) return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << "returned " << r << ": " << brood_error_message();
}

testing::AssertionResult Fails(int64_t r, int code, const std::string &text) {
  std::string message = brood_error_message();
  if (r == code && brood_error() == code &&
      message.find(text) != std::string::npos) {
    return testing::AssertionSuccess();
  }
  return testing::AssertionFailure()
         << "returned " << r << ", error " << brood_error() << " \"" << message
         << "\"; to be " << code << " and \"" << text << "\"";
}

testing::AssertionResult FailsNull(const void *made, int code,
                                   const std::string &text) {
  if (made == nullptr) return Fails(brood_error(), code, text);
  return testing::AssertionFailure() << "succeeded; to be " << code;
}

bool KernelTells() {
  // Once, from SetUp: a test may be ignoring SIGCHLD by now.
  static const bool tells = [] {
    pid_t pid = fork();
    if (pid == 0) _exit(0);
    int pidfd = sys_pidfd_open(pid);
    EXPECT_TRUE(WaitForChild(pid));
    int exitcode;
    bool told = sys_pidfd_exit_info(pidfd, &exitcode) == 1;
    sys_close(pidfd);
    return told;
  }();
  return tells;
}
