// A process handle and a pipe that clean up behind themselves.
// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "lib/test/fixture.h"

// Exit code of a process that has none.
constexpr int kNoCode = -1000;

using Values = std::vector<brood_value>;

class Process {
 public:
  Process(const char *method, brood_target target, const Values &args = {},
          enum brood_daemon daemon = BROOD_DAEMON_INHERIT,
          const char *name = nullptr, const brood_child_setup *setup = nullptr);
  Process(const Process &) = delete;
  ~Process() {
    brood_process_free(handle_);
  }

  operator brood_process *() const {
    return handle_;
  }

  int Start() {
    return brood_process_start(handle_);
  }
  int Join(int64_t timeout_ns = kLong) {
    return brood_process_join(handle_, timeout_ns);
  }
  int Code() const;
  int Pid() const {
    return brood_process_pid(handle_);
  }

  // Starts and joins; the exit code, or the error.
  int Run();

 private:
  brood_process *handle_;
};

// A pipe whose ends are gone with it. Reading waits for kLong at most.
class Pipe {
 public:
  Pipe();
  Pipe(const Pipe &) = delete;
  ~Pipe();

  int reading() const {
    return ends_[0];
  }
  int writing() const {
    return ends_[1];
  }
  brood_value Argument() const {
    return brood_descriptor(ends_[1]);
  }
  brood_value ReadingArgument() const {
    return brood_descriptor(ends_[0]);
  }
  void CloseWriting();
  void CloseReading();

  // Reads exactly size bytes, or fails the test.
  void ReadInto(void *out_data, size_t size);

  template <typename T>
  T Read() {
    T value = {};
    ReadInto(&value, sizeof value);
    return value;
  }

  // Closes the writing end here and reads until nobody has one.
  std::string ReadAll();

  // Writes bytes, each of which lets one process that waits go on.
  void Release(int count = 1);

 private:
  int ends_[2];
};
