// What the tests of shared objects stand on, beside the fixture: one of each
// kind, and the memory that the library keeps for them.
// SPDX-License-Identifier: MIT
#pragma once

#include "lib/test/fixture.h"
#include "lib/test/process.h"

// Slow tools, slow machines: --define=scale=N.
#ifndef BROOD_TEST_SCALE
#define BROOD_TEST_SCALE 1
#endif

// Until somebody's death is known.
constexpr int64_t kNoticed = BROOD_TEST_SCALE * 200 * kMillisecond;

constexpr const char *kMethods[] = {"fork", "spawn", "forkserver"};

// An arena for small objects is kept; one that is large enough is made before
// the test.
class ObjectsTest : public MethodTest {
 protected:
  void SetUp() override;
};

// One of each kind.
struct Objects {
  explicit Objects(const char *method);
  Objects(const Objects &) = delete;
  ~Objects() {
    Free();
  }

  // In the order of brood.h.
  Values Arguments() const;
  void Free();

  brood_lock *lock;
  brood_rlock *rlock;
  brood_semaphore *semaphore;  // of 2
  brood_condition *condition;  // over the lock
  brood_event *event;
  brood_barrier *barrier;     // of 2 parties
  brood_shared_value *value;  // an int64_t
  brood_shared_array *array;  // of 10 ints
};

// The same, borrowed, as a target receives them from index on.
struct Received {
  Received(const brood_args *args, size_t index);

  Values Arguments() const;

  brood_lock *lock;
  brood_rlock *rlock;
  brood_semaphore *semaphore;
  brood_condition *condition;
  brood_event *event;
  brood_barrier *barrier;
  brood_shared_value *value;
  brood_shared_array *array;
};

// What is behind an Objects' value, and behind an array of Ts; the lock is the
// caller's care. A negative index counts from the end.
inline int64_t &NumberIn(brood_shared_value *value) {
  return *static_cast<int64_t *>(brood_shared_value_get_obj(value));
}

template <typename T = int>
T &ElementOf(brood_shared_array *array, int64_t index) {
  if (index < 0) index += brood_shared_array_length(array);
  return static_cast<T *>(brood_shared_array_get_obj(array))[index];
}

// How many descriptors this process has.
int NumDescriptors();

// How many arenas are mapped.
int NumArenas();
