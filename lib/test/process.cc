// See process.h.
// SPDX-License-Identifier: MIT
#include "lib/test/process.h"

#include <poll.h>
#include <unistd.h>

extern "C" {
#include "lib/sys/clock.h"
#include "lib/sys/fd.h"
}

Process::Process(const char *method, brood_target target, const Values &args,
                 enum brood_daemon daemon, const char *name,
                 const brood_child_setup *setup) {
  brood_process_options options = {};
  options.target = target;
  options.name = name;
  options.args = args.data();
  options.num_args = args.size();
  options.daemon = daemon;
  options.setup = setup;
  const brood_context *context =
      method == nullptr ? nullptr : brood_get_context(method);
  handle_ = brood_process_new(context, &options);
  EXPECT_NE(handle_, nullptr) << brood_error_message();
}

int Process::Code() const {
  int code = kNoCode;
  int r = brood_process_exitcode(handle_, &code);
  EXPECT_EQ(r, code == kNoCode ? 0 : 1);
  return code;
}

int Process::Run() {
  int r = Start();
  if (r == 0) r = Join();
  return r == 0 ? Code() : r;
}

Pipe::Pipe() {
  EXPECT_EQ(sys_pipe(ends_), 0);
}

Pipe::~Pipe() {
  CloseReading();
  CloseWriting();
}

void Pipe::CloseWriting() {
  ends_[1] = sys_close(ends_[1]);
}

void Pipe::CloseReading() {
  ends_[0] = sys_close(ends_[0]);
}

void Pipe::ReadInto(void *out_data, size_t size) {
  char *at = (char *)out_data;
  int64_t deadline = sys_clock_deadline(kLong);
  while (size > 0) {
    ASSERT_GT(sys_poll_one(ends_[0], POLLIN, deadline), 0) << "nothing came";
    ssize_t n = read(ends_[0], at, size);
    ASSERT_GT(n, 0) << "the end came " << size << " bytes early";
    at += n;
    size -= (size_t)n;
  }
}

std::string Pipe::ReadAll() {
  CloseWriting();
  std::string text;
  int64_t deadline = sys_clock_deadline(kLong);
  for (;;) {
    if (sys_poll_one(ends_[0], POLLIN, deadline) <= 0) {
      ADD_FAILURE() << "the pipe is still open somewhere";
      return text;
    }
    char part[4096];
    ssize_t n = read(ends_[0], part, sizeof part);
    if (n <= 0) return text;
    text.append(part, (size_t)n);
  }
}

void Pipe::Release(int count) {
  for (int i = 0; i < count; i++) EXPECT_EQ(write(ends_[1], "r", 1), 1);
}
