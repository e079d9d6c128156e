// Proves that what stands in for glibc's extensions says the same.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <string.h>

extern "C" {
#include "lib/sys/libc.h"
}

namespace {

TEST(Libc, NamesOfSignalsAreGlibcs) {
  for (int number = -1; number <= 65; number++) {
    const char *name = sigabbrev_np(number);
    EXPECT_STREQ(sys_signal_name(number), name == nullptr ? "?" : name)
        << number;
  }
}

}  // namespace
