// System calls that fail, one after the other: what a sweep stands on.
// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>

extern "C" {
#include "lib/sys/fault.h"
}

// Runs body with the n-th call failing, for n = 1, 2, … until none fails, and
// for each of several errors. body(error) is armed when it is called; what it
// does after sys_fault_arm(0, 0) is not counted.
template <typename Body>
void ForEachFault(const Body &body) {
  // Far more system calls than there are; a sweep that comes here never ends.
  constexpr int kMaxCalls = 400;
  for (int error : {EMFILE, ENOMEM, EIO}) {
    int nth = 1;
    bool injected = true;
    for (; injected && nth < kMaxCalls && !testing::Test::HasFailure(); nth++) {
      SCOPED_TRACE(testing::Message()
                   << "call " << nth << " failed with " << strerror(error));
      sys_fault_arm(nth, error);
      body(error);
      injected = sys_fault_left() == 0;
      sys_fault_arm(0, 0);
    }
    EXPECT_GT(nth, 2) << "no call was seen";
    EXPECT_LT(nth, kMaxCalls);
  }
}
