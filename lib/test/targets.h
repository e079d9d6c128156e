// What the tests' processes run. All that wait do so for kLong at most, so
// that a test which fails leaves nothing behind.
// SPDX-License-Identifier: MIT
#pragma once

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

// The kind that each type of object is.
constexpr brood_kind KindOf(brood_lock *) {
  return BROOD_KIND_LOCK;
}
constexpr brood_kind KindOf(brood_rlock *) {
  return BROOD_KIND_RLOCK;
}
constexpr brood_kind KindOf(brood_semaphore *) {
  return BROOD_KIND_SEMAPHORE;
}
constexpr brood_kind KindOf(brood_condition *) {
  return BROOD_KIND_CONDITION;
}
constexpr brood_kind KindOf(brood_event *) {
  return BROOD_KIND_EVENT;
}
constexpr brood_kind KindOf(brood_barrier *) {
  return BROOD_KIND_BARRIER;
}
constexpr brood_kind KindOf(brood_shared_value *) {
  return BROOD_KIND_VALUE;
}
constexpr brood_kind KindOf(brood_shared_array *) {
  return BROOD_KIND_ARRAY;
}
constexpr brood_kind KindOf(brood_queue *) {
  return BROOD_KIND_QUEUE;
}
constexpr brood_kind KindOf(brood_simple_queue *) {
  return BROOD_KIND_SIMPLE_QUEUE;
}
constexpr brood_kind KindOf(brood_connection *) {
  return BROOD_KIND_CONNECTION;
}
constexpr brood_kind KindOf(brood_dict *) {
  return BROOD_KIND_DICT;
}
constexpr brood_kind KindOf(brood_list *) {
  return BROOD_KIND_LIST;
}
constexpr brood_kind KindOf(brood_proxy *) {
  return BROOD_KIND_PROXY;
}

// ObjectIn returns an object among the arguments, or null with the error set;
// ObjectAt ends the process then.
template <typename T>
T *ObjectIn(const brood_args *args, size_t index) {
  constexpr brood_kind kKind = KindOf(static_cast<T *>(nullptr));
  const brood_value *value = brood_args_get(args, index);
  return static_cast<T *>(brood_value_object(value, kKind));
}

template <typename T>
T *ObjectAt(const brood_args *args, size_t index) {
  T *object = ObjectIn<T>(args, index);
  if (object == nullptr) brood_fail(brood_error_message());
  return object;
}

// Waits for a byte, or the end of the file.
void WaitForByte(int fd);

// Writes all of a text, or ends the process.
void Tell(int fd, const std::string &text);

// Ends a child, with a sentence, unless the condition holds.
#define CHILD_CHECK(condition)                                          \
  do {                                                                  \
    if (!(condition)) brood_fail(#condition " is not so in the child"); \
  } while (0)
