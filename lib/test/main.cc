// The main of every test of the library: spawn and forkserver run it again.
//
// Variables of the environment change what it is then. With BROOD_TEST_REPORTS
// a forkserver believes to run on a kernel before Linux 6.15, and reports the
// ends of its children. BROOD_TEST_FAULT, "ROLE NTH ERRNO [WRAPPER]", makes a
// system call, or one of lib/sys, fail in a process that is run in a role. With
// BROOD_TEST_NO_PIDFDS, which is the reason, the kernel makes no pidfd. With
// BROOD_TEST_STORM a test gets a signal each millisecond.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "brood.h"
#include "lib/test/storm.h"

extern "C" {
#include "lib/sys/fault.h"
}

static void ArmForRole(const char *role) {
  char armed_role[32];
  static char wrapper[64];
  int nth, error_number, count;
  const char *fault = getenv("BROOD_TEST_FAULT");
  count = fault == nullptr ? 0
                           : sscanf(fault, "%31s %d %d %63s", armed_role, &nth,
                                    &error_number, wrapper);
  if (count >= 3 && strcmp(role, armed_role) == 0) {
    if (count == 4) sys_fault_only(wrapper);
    sys_fault_arm(nth, error_number);
  } else if (getenv("BROOD_TEST_REPORTS") != nullptr &&
             strcmp(role, "--brood-forkserver") == 0) {
    sys_fault_only("sys_pidfd_exit_info");
    sys_fault_arm(1, ENOSYS);
  }
}

// Has the kernel refuse the call, here and in all that descend from here.
static void DenyPidfds(int error_number) {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error_number),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog filter = {sizeof program / sizeof *program, program};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0) return;
  perror("seccomp");
  exit(1);
}

int main(int argc, char **argv) {
  const char *why_not = getenv("BROOD_TEST_NO_PIDFDS");
  if (why_not != nullptr) DenyPidfds(atoi(why_not));
  if (argc == 2) ArmForRole(argv[1]);
  brood_init(argc, argv);
  // A group of our own, so that the fixture can count what belongs to us.
  setpgid(0, 0);
  // The watchdog: a test that hangs ends with its name as the last line.
  const char *limit = getenv("TEST_TIMEOUT");
  alarm(limit == nullptr ? 3600 : (unsigned)atoi(limit) - 2);
  std::unique_ptr<Storm> storm;
  if (getenv("BROOD_TEST_STORM") != nullptr) {
    storm = std::make_unique<Storm>(1000000);
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
