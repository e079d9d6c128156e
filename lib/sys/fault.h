/* SPDX-License-Identifier: MIT
 *
 * Fault injection at the one seam that talks to the kernel. Tests arm it; in a
 * program it costs one load of a zero for each system call.
 */
#pragma once

#include <errno.h>
#include <limits.h>

#include "lib/names.h"

/* In place of nth: each call fails from now on. */
#define SYS_FAULT_ALL INT_MIN

/* sys_fault_arm makes the nth fallible call from now (1 is the next) of the
 * calling process return -error_number, once. 0 disarms. Fork copies what is
 * left of the count: sys_fault_left, 0 after the fault, so that a sweep knows
 * where to stop. sys_fault_only restricts the count to one wrapper, by name
 * ("sys_fork"), which must outlive the arming; NULL counts all. */
void sys_fault_arm(int nth, int error_number);
int sys_fault_left(void);
void sys_fault_only(const char *wrapper);

/* sys_fault is the first line of each wrapper: 0, or the negative errno that
 * the wrapper must return instead of calling the kernel. */
int sys_fault(const char *wrapper);

/* Without the prefix of lib/names.h. */
#define SYS_FAULT()                                            \
  do {                                                         \
    int fault_ = sys_fault(__func__ + sizeof "brood_in_" - 1); \
    if (fault_ < 0) return fault_;                             \
  } while (0)

/* SYS_CALL defines a wrapper that is nothing but one call: 0 or -errno. */
#define SYS_CALL(name, parameters, call) \
  int name parameters {                  \
    SYS_FAULT();                         \
    return (call) < 0 ? -errno : 0;      \
  }
