// The main of every test of the library: spawn and forkserver run it again.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "brood.h"

int main(int argc, char **argv) {
  brood_init(argc, argv);
  // A group of our own, so that the fixture can count what belongs to us.
  setpgid(0, 0);
  // The watchdog: a test that hangs ends with its name as the last line.
  const char *limit = getenv("TEST_TIMEOUT");
  alarm(limit == nullptr ? 600 : (unsigned)atoi(limit) - 2);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
