// SPDX-License-Identifier: MIT
//
// Raw calls and Brood, each with the least code that its user would write.
#include "bench/subject.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

#include "bench/clock.h"
#include "bench/fork_handlers.h"
#include "bench/targets.h"
#include "brood.h"

namespace bench {
namespace {

int stamp_fd = -1;

// What raw posix_spawn and Brood's spawn run: a program beside this one.
std::string ChildPath(const char *linkage = "") {
  char self[PATH_MAX] = "";
  if (readlink("/proc/self/exe", self, sizeof self - 1) < 0) return "";
  return std::string(self, strrchr(self, '/') + 1) + "startup_child" + linkage;
}

class RawSubject : public Subject {
 public:
  const char *impl() const override {
    return "raw";
  }
  bool Start(Act act) override {
    pid_t pid = StartOne(act);
    if (pid < 0) fault_ = std::string(method()) + ": " + strerror(errno);
    if (pid > 0) pids_.push_back(pid);
    return pid > 0;
  }
  bool Join() override {
    for (pid_t pid : pids_) {
      int status = -1;
      while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
      }
      if (status != 0)
        fault_ = "a child ended with wait status " + std::to_string(status);
    }
    return true;
  }
  std::string Finish() override {
    pids_.clear();
    return std::exchange(fault_, "");
  }

 protected:
  // The pid, or -1 with errno.
  virtual pid_t StartOne(Act act) = 0;

 private:
  std::vector<pid_t> pids_;
  std::string fault_;
};

class RawFork : public RawSubject {
 public:
  const char *method() const override {
    return "fork";
  }

 protected:
  pid_t StartOne(Act act) override {
    pid_t pid = ForkWithoutHandlers();
    if (pid != 0) return pid;
    if (act == Act::kSayWhen) bench_write_stamp(stamp_fd, bench_now_ns());
    if (act == Act::kSayMemory) bench_write_memory(stamp_fd);
    _exit(0);
  }
};

class RawPosixSpawn : public RawSubject {
 public:
  explicit RawPosixSpawn(std::string path, const char *linkage = "")
      : path_(std::move(path)), linkage_(linkage) {
  }
  const char *method() const override {
    return "posix_spawn";
  }
  const char *linkage() const override {
    return linkage_;
  }

 protected:
  pid_t StartOne(Act act) override {
    char *argv[] = {path_.data(), marker_.data(),
                    act != Act::kNothing ? stamp_.data() : nullptr,
                    act == Act::kSayMemory ? marker_.data() : nullptr, nullptr};
    pid_t pid = -1;
    errno = posix_spawn(&pid, path_.c_str(), nullptr, nullptr, argv, environ);
    return errno == 0 ? pid : -1;
  }

 private:
  std::string path_;
  const char *linkage_;
  std::string marker_ = BENCH_RAW_CHILD;
  std::string stamp_ = std::to_string(stamp_fd);
};

class Brood : public Subject {
 public:
  explicit Brood(const char *method) : method_(method) {
  }
  const char *impl() const override {
    return "brood";
  }
  const char *method() const override {
    return method_;
  }
  bool Start(Act act) override {
    brood_value value = brood_descriptor(stamp_fd);
    brood_process_options options = {};
    options.target = act == Act::kNothing   ? bench_do_nothing
                     : act == Act::kSayWhen ? bench_say_when
                                            : bench_say_memory;
    options.args = act == Act::kNothing ? nullptr : &value;
    options.num_args = act == Act::kNothing ? 0 : 1;
    brood_process *process =
        brood_process_new(brood_get_context(method_), &options);
    if (process != nullptr) processes_.push_back(process);
    if (process != nullptr && brood_process_start(process) == 0) return true;
    fault_ = std::string(method_) + ": " + brood_error_message();
    return false;
  }
  bool Join() override {
    bool joined = true;
    for (brood_process *process : processes_)
      joined = brood_process_join(process, BROOD_FOREVER) == 0 && joined;
    return joined;
  }
  std::string Finish() override {
    for (brood_process *process : processes_) {
      int exitcode = -1;
      if (!fault_.empty()) {
      } else if (brood_process_exitcode(process, &exitcode) != 1) {
        fault_ = "a child has no exit code after join";
      } else if (exitcode != 0) {
        fault_ = "a child ended with exit code " + std::to_string(exitcode);
      }
      brood_process_free(process);
    }
    processes_.clear();
    return std::exchange(fault_, "");
  }

 private:
  const char *method_;
  std::vector<brood_process *> processes_;
  std::string fault_;
};

class BroodSpawn : public Brood {
 public:
  explicit BroodSpawn(std::string path, const char *linkage = "")
      : Brood("spawn"), path_(std::move(path)), linkage_(linkage) {
  }
  const char *linkage() const override {
    return linkage_;
  }
  void Choose() override {
    brood_set_executable(path_.c_str());
  }

 private:
  std::string path_;
  const char *linkage_;
};

}  // namespace

void ClearStamp() {
  bench_write_stamp(stamp_fd, 0);
}

int64_t ReadStampNs() {
  int64_t then_ns = 0;
  ssize_t n = pread(stamp_fd, &then_ns, sizeof then_ns, 0);
  return n == sizeof then_ns ? then_ns : 0;
}

Memory ReadMemory() {
  Memory memory = {};
  ssize_t n = pread(stamp_fd, &memory, sizeof memory, 0);
  return n == sizeof memory ? memory : Memory{};
}

Subjects MakeSubjects(std::string *out_fault) {
  Subjects subjects;
  // Not close-on-exec: a raw child finds it under the same number.
  stamp_fd = memfd_create("stamp", 0);
  if (stamp_fd < 0) {
    *out_fault = std::string("memfd_create: ") + strerror(errno);
    return subjects;
  }
  // The server first, while it is still this program that it would run: its
  // children are copies as large as those of a fork.
  Brood forkserver("forkserver");
  bool done = forkserver.Start(Act::kNothing) && forkserver.Join();
  *out_fault = forkserver.Finish();
  std::string path = ChildPath();
  if (!done || brood_set_executable(path.c_str()) < 0) return subjects;
  subjects.push_back(std::make_unique<RawFork>());
  subjects.push_back(std::make_unique<Brood>("fork"));
  subjects.push_back(std::make_unique<Brood>("forkserver"));
  subjects.push_back(std::make_unique<RawPosixSpawn>(path));
  subjects.push_back(std::make_unique<BroodSpawn>(path));
  return subjects;
}

Subjects MakeLinkages() {
  // bench/BUILD makes them, an empty file for what this machine cannot make.
  constexpr struct {
    const char *ending, *name;
  } kLinkages[] = {{"_shared", "libbrood.so, libc.so"},
                   {"", "libbrood.a, libc.so"},
                   {"_static", "static"},
                   {"_musl", "static, musl"}};
  Subjects subjects;
  for (const auto &linkage : kLinkages) {
    std::string path = ChildPath(linkage.ending);
    struct stat status;
    if (stat(path.c_str(), &status) < 0 || status.st_size == 0) continue;
    subjects.push_back(std::make_unique<RawPosixSpawn>(path, linkage.name));
    subjects.push_back(std::make_unique<BroodSpawn>(path, linkage.name));
  }
  return subjects;
}

}  // namespace bench
