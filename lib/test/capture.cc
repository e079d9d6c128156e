// See capture.h.
// SPDX-License-Identifier: MIT
#include "lib/test/capture.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>

extern "C" {
#include "lib/sys/fd.h"
}

Capture::Capture(int stream) : stream_(stream) {
  fflush(nullptr);
  before_ = fcntl(stream, F_DUPFD_CLOEXEC, 3);
  file_ = sys_memfd_new("capture", 0);
  EXPECT_GE(before_, 0);
  EXPECT_GE(file_, 0);
  // All who write share one place in the file, but for those who open it anew.
  EXPECT_GE(fcntl(file_, F_SETFL, O_APPEND), 0);
  EXPECT_GE(dup2(file_, stream), 0);
}

Capture::~Capture() {
  fflush(nullptr);
  dup2(before_, stream_);
  sys_close(before_);
  sys_close(file_);
}

std::string Capture::Text() {
  fflush(nullptr);
  std::string text;
  char part[4096];
  ssize_t n;
  while ((n = pread(file_, part, sizeof part, (off_t)text.size())) > 0) {
    text.append(part, (size_t)n);
  }
  return text;
}
