// What the tests' processes run. All that wait do so for kLong at most, so
// that a test which fails leaves nothing behind.
// SPDX-License-Identifier: MIT
#ifndef BROOD_LIB_TEST_TARGETS_H
#define BROOD_LIB_TEST_TARGETS_H

#include <string>

#include "lib/test/fixture.h"

// nothing returns at once.
void nothing(const brood_args *args);

// exit_with(code) ends with the code.
void exit_with(const brood_args *args);

// raise_signal(number) kills itself.
void raise_signal(const brood_args *args);

// hold(reading end[, code]) waits for a byte, and ends with the code.
void hold(const brood_args *args);

// tell_and_hold(writing end, reading end) writes a byte, and waits for one.
void tell_and_hold(const brood_args *args);

// tell_parent(writing end) writes the pid of its kernel parent.
void tell_parent(const brood_args *args);

// Reading arguments, in targets: the value, or the end of the process.
int64_t Int64At(const brood_args *args, size_t index);
int DescriptorAt(const brood_args *args, size_t index);
std::string StringAt(const brood_args *args, size_t index);

// Waits for a byte, or the end of the file.
void WaitForByte(int fd);

// Writes all of a text, or ends the process.
void Tell(int fd, const std::string &text);

// Ends a child, with a sentence, unless the condition holds.
#define CHILD_CHECK(condition)                                          \
  do {                                                                  \
    if (!(condition)) brood_fail(#condition " is not so in the child"); \
  } while (0)

#endif  // BROOD_LIB_TEST_TARGETS_H
