// See targets.h.
// SPDX-License-Identifier: MIT
#include "lib/test/targets.h"

#include <signal.h>
#include <unistd.h>

extern "C" {
#include "lib/sys/fd.h"
}

int64_t Int64At(const brood_args *args, size_t index) {
  int64_t value;
  CHILD_CHECK(brood_value_int64(brood_args_get(args, index), &value) == 0);
  return value;
}

int DescriptorAt(const brood_args *args, size_t index) {
  int value;
  CHILD_CHECK(brood_value_descriptor(brood_args_get(args, index), &value) == 0);
  return value;
}

std::string StringAt(const brood_args *args, size_t index) {
  const char *value;
  CHILD_CHECK(brood_value_string(brood_args_get(args, index), &value) == 0);
  return value;
}

void WaitForByte(int fd) {
  alarm(kLong / kSecond);
  char byte;
  while (read(fd, &byte, 1) < 0 && errno == EINTR) continue;
  alarm(0);
}

void Tell(int fd, const std::string &text) {
  CHILD_CHECK(sys_write_full(fd, text.data(), text.size()) == 0);
}

void nothing(const brood_args *) {
}

void exit_with(const brood_args *args) {
  brood_exit((int)Int64At(args, 0));
}

void raise_signal(const brood_args *args) {
  int number = (int)Int64At(args, 0);
  signal(number, SIG_DFL);  // A sanitizer may have taken it.
  raise(number);
}

void hold(const brood_args *args) {
  WaitForByte(DescriptorAt(args, 0));
  if (brood_args_count(args) > 1) brood_exit((int)Int64At(args, 1));
}

void tell_and_hold(const brood_args *args) {
  Tell(DescriptorAt(args, 0), "t");
  WaitForByte(DescriptorAt(args, 1));
}

void tell_parent(const brood_args *args) {
  pid_t parent = getppid();
  Tell(DescriptorAt(args, 0),
       std::string((const char *)&parent, sizeof parent));
}

BROOD_TARGET(nothing);
BROOD_TARGET(exit_with);
BROOD_TARGET(raise_signal);
BROOD_TARGET(hold);
BROOD_TARGET(tell_and_hold);
BROOD_TARGET(tell_parent);
