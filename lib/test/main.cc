// The main of every test of the library: spawn and forkserver run it again.
//
// Two variables of the environment change what it is then. With
// BROOD_TEST_REPORTS a forkserver believes to run on a kernel before Linux
// 6.15, and reports the ends of its children. BROOD_TEST_FAULT, "ROLE NTH
// ERRNO", makes a system call fail in a process that is run in a role.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "brood.h"

extern "C" {
#include "lib/sys/fault.h"
}

static void ArmForRole(const char *role) {
  char armed_role[32];
  int nth, error_number;
  const char *fault = getenv("BROOD_TEST_FAULT");
  if (fault != nullptr &&
      sscanf(fault, "%31s %d %d", armed_role, &nth, &error_number) == 3 &&
      strcmp(role, armed_role) == 0) {
    sys_fault_arm(nth, error_number);
  } else if (getenv("BROOD_TEST_REPORTS") != nullptr &&
             strcmp(role, "--brood-forkserver") == 0) {
    sys_fault_only("sys_pidfd_exit_info");
    sys_fault_arm(1, ENOSYS);
  }
}

int main(int argc, char **argv) {
  if (argc == 2) ArmForRole(argv[1]);
  brood_init(argc, argv);
  // A group of our own, so that the fixture can count what belongs to us.
  setpgid(0, 0);
  // The watchdog: a test that hangs ends with its name as the last line.
  const char *limit = getenv("TEST_TIMEOUT");
  alarm(limit == nullptr ? 3600 : (unsigned)atoi(limit) - 2);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
