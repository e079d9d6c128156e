// See objects.h.
// SPDX-License-Identifier: MIT
#include "lib/test/objects.h"

#include "lib/test/targets.h"

void ObjectsTest::SetUp() {
  brood_shared_array *array = brood_shared_array_new(
      brood_get_context("fork"), 'b', 1 << 19, BROOD_NO_LOCK);
  ASSERT_NE(array, nullptr) << brood_error_message();
  brood_shared_array_free(array);
  MethodTest::SetUp();
}

Objects::Objects(const char *method) {
  const brood_context *context = brood_get_context(method);
  lock = brood_lock_new(context);
  rlock = brood_rlock_new(context);
  semaphore = brood_semaphore_new(context, 2);
  condition = brood_condition_new(context, lock);
  event = brood_event_new(context);
  barrier = brood_barrier_new(context, 2, nullptr, BROOD_FOREVER);
  value = brood_shared_value_new(context, 'q', nullptr);
  array = brood_shared_array_new(context, 'i', 10, nullptr);
  EXPECT_NE(array, nullptr) << brood_error_message();
}

void Objects::Free() {
  array = brood_shared_array_free(array);
  value = brood_shared_value_free(value);
  barrier = brood_barrier_free(barrier);
  event = brood_event_free(event);
  condition = brood_condition_free(condition);
  semaphore = brood_semaphore_free(semaphore);
  rlock = brood_rlock_free(rlock);
  lock = brood_lock_free(lock);
}

template <typename T>
static Values List(const T &of) {
  return {brood_object(of.lock),      brood_object(of.rlock),
          brood_object(of.semaphore), brood_object(of.condition),
          brood_object(of.event),     brood_object(of.barrier),
          brood_object(of.value),     brood_object(of.array)};
}

Values Objects::Arguments() const {
  return List(*this);
}

Values Received::Arguments() const {
  return List(*this);
}

Received::Received(const brood_args *args, size_t index) {
  lock = ObjectAt<brood_lock>(args, index);
  rlock = ObjectAt<brood_rlock>(args, index + 1);
  semaphore = ObjectAt<brood_semaphore>(args, index + 2);
  condition = ObjectAt<brood_condition>(args, index + 3);
  event = ObjectAt<brood_event>(args, index + 4);
  barrier = ObjectAt<brood_barrier>(args, index + 5);
  value = ObjectAt<brood_shared_value>(args, index + 6);
  array = ObjectAt<brood_shared_array>(args, index + 7);
}

int NumDescriptors() {
  int count = 0;
  for (const auto &kind : Inventory().descriptors) count += kind.second;
  return count;
}

int NumArenas() {
  int count = 0;
  for (const auto &mapping : Inventory().mappings) {
    if (mapping.first.find("memfd:brood") != std::string::npos) {
      count += mapping.second;
    }
  }
  return count;
}
