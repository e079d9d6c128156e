// SPDX-License-Identifier: MIT
//
// Raw calls and Brood, each with the least code that its user would write.
#include "bench/subject.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
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

// What raw posix_spawn and Brood's spawn run: the program beside this one.
std::string ChildPath() {
  char self[PATH_MAX] = "";
  if (readlink("/proc/self/exe", self, sizeof self - 1) < 0) return "";
  return std::string(self, strrchr(self, '/') + 1) + "startup_child";
}

class RawSubject : public Subject {
 public:
  const char *impl() const override {
    return "raw";
  }
  bool Join() override {
    pid_t pid;
    while ((pid = waitpid(pid_, &status_, 0)) < 0 && errno == EINTR) {
    }
    return pid == pid_;
  }
  std::string Finish() override {
    if (pid_ < 0) return std::string(method()) + ": " + strerror(errno);
    if (status_ == 0) return "";
    return "the child ended with wait status " + std::to_string(status_);
  }

 protected:
  pid_t pid_ = -1;

 private:
  int status_ = -1;
};

class RawFork : public RawSubject {
 public:
  const char *method() const override {
    return "fork";
  }
  bool Start(bool stamped) override {
    pid_ = ForkWithoutHandlers();
    if (pid_ != 0) return pid_ > 0;
    if (stamped) bench_write_stamp(stamp_fd, bench_now_ns());
    _exit(0);
  }
};

class RawPosixSpawn : public RawSubject {
 public:
  explicit RawPosixSpawn(std::string path) : path_(std::move(path)) {
  }
  const char *method() const override {
    return "posix_spawn";
  }
  bool Start(bool stamped) override {
    char *argv[] = {path_.data(), marker_.data(),
                    stamped ? stamp_.data() : nullptr, nullptr};
    int error =
        posix_spawn(&pid_, path_.c_str(), nullptr, nullptr, argv, environ);
    if (error == 0) return true;
    errno = error;
    pid_ = -1;
    return false;
  }

 private:
  std::string path_;
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
  bool Start(bool stamped) override {
    brood_value value = brood_descriptor(stamp_fd);
    brood_process_options options = {};
    options.target = stamped ? bench_say_when : bench_do_nothing;
    options.args = stamped ? &value : nullptr;
    options.num_args = stamped ? 1 : 0;
    process_ = brood_process_new(brood_get_context(method_), &options);
    return process_ != nullptr && brood_process_start(process_) == 0;
  }
  bool Join() override {
    return brood_process_join(process_, BROOD_FOREVER) == 0;
  }
  std::string Finish() override {
    std::string fault;
    int exitcode = -1;
    if (process_ == nullptr || brood_process_pid(process_) == 0) {
      fault = std::string(method_) + ": " + brood_error_message();
    } else if (brood_process_exitcode(process_, &exitcode) != 1) {
      fault = "the child has no exit code after join";
    } else if (exitcode != 0) {
      fault = "the child ended with exit code " + std::to_string(exitcode);
    }
    process_ = brood_process_free(process_);
    return fault;
  }

 private:
  const char *method_;
  brood_process *process_ = nullptr;
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

std::vector<std::unique_ptr<Subject>> MakeSubjects(std::string *out_fault) {
  std::vector<std::unique_ptr<Subject>> subjects;
  // Not close-on-exec: a raw child finds it under the same number.
  stamp_fd = memfd_create("stamp", 0);
  if (stamp_fd < 0) {
    *out_fault = std::string("memfd_create: ") + strerror(errno);
    return subjects;
  }
  // The server first, while it is still this program that it would run: its
  // children are copies as large as those of a fork.
  Brood forkserver("forkserver");
  bool done = forkserver.Start(false) && forkserver.Join();
  *out_fault = forkserver.Finish();
  std::string path = ChildPath();
  if (!done || brood_set_executable(path.c_str()) < 0) return subjects;
  subjects.push_back(std::make_unique<RawFork>());
  subjects.push_back(std::make_unique<Brood>("fork"));
  subjects.push_back(std::make_unique<Brood>("forkserver"));
  subjects.push_back(std::make_unique<RawPosixSpawn>(path));
  subjects.push_back(std::make_unique<Brood>("spawn"));
  return subjects;
}

}  // namespace bench
