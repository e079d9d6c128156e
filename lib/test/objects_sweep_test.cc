// Proves that no system call that fails while objects are made, passed or
// attached leaves anything behind: the n-th one fails, for n = 1, 2, …, and
// each time it is an error or makes no difference. SPDX-License-Identifier: MIT
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "lib/test/capture.h"
#include "lib/test/objects.h"
#include "lib/test/targets.h"

extern "C" {
#include "lib/sys/fault.h"
}

namespace {

constexpr int kErrors[] = {EMFILE, ENOMEM, EIO};
constexpr int kCode = 7;
constexpr int64_t kLarge = 1 << 20;

// Far more system calls than there are; a sweep that comes here never ends.
constexpr int kMaxCalls = 200;
// More than a spawned process makes before its target.
constexpr int kNumChildCalls = 40;

// touch_all(objects..., large array)
void touch_all(const brood_args *args) {
  Received here(args, 0);
  brood_shared_array *large;
  large = ObjectAt<brood_shared_array>(args, 8);
  ElementOf<char>(large, -1) = 1;
  CHILD_CHECK(brood_shared_array_acquire(here.array, kLong) == 0);
  ElementOf(here.array, -1) = 1;
  CHILD_CHECK(brood_shared_array_release(here.array) == 0);
  CHILD_CHECK(brood_condition_acquire(here.condition, kLong) == 0);
  CHILD_CHECK(brood_condition_release(here.condition) == 0);
  brood_exit(kCode);
}
BROOD_TARGET(touch_all);

// A forked child has the count of its parent; here it is about the parent.
void disarm() {
  sys_fault_arm(0, 0);
}

class ObjectsSweep : public ObjectsTest {
 protected:
  void SetUp() override {
    static int registered = pthread_atfork(nullptr, nullptr, disarm);
    ASSERT_EQ(registered, 0);
    ObjectsTest::SetUp();
  }

  // Runs body with the n-th call failing, for each n and each error; body
  // returns whether one did.
  template <typename Body>
  void ForEachCall(const Body &body) {
    for (int error : kErrors) {
      int nth = 1;
      bool injected = true;
      for (; injected && nth < kMaxCalls && !HasFailure(); nth++) {
        SCOPED_TRACE(testing::Message()
                     << "call " << nth << " failed with " << strerror(error));
        error_ = error;
        injected = body(nth);
      }
      EXPECT_GT(nth, 2) << "no call was seen";
      EXPECT_LT(nth, kMaxCalls);
    }
  }

  // What was made, or the reason injected.
  template <typename T>
  T *Checked(T *made) {
    if (made == nullptr) {
      EXPECT_EQ(sys_fault_left(), 0);
      EXPECT_EQ(brood_error(), BROOD_OS_ERROR) << brood_error_message();
      EXPECT_EQ(brood_errno(), error_) << brood_error_message();
    }
    return made;
  }

  int error_ = 0;
};
INSTANTIATE_METHODS(ObjectsSweep);

// In a copy, which has no arena yet.
TEST_P(ObjectsSweep, Making) {
  const brood_context *context = brood_get_context(GetParam());
  ForEachCall([&](int nth) {
    Pipe answer;
    InFork([&] {
      int descriptors = NumDescriptors(), arenas = NumArenas();
      sys_fault_arm(nth, error_);
      brood_lock *lock = Checked(brood_lock_new(context));
      if (lock == nullptr) {
        EXPECT_EQ(NumDescriptors(), descriptors);
        EXPECT_EQ(NumArenas(), arenas);
      }
      brood_condition *condition = Checked(brood_condition_new(context, lock));
      brood_shared_array *large =
          Checked(brood_shared_array_new(context, 'b', kLarge, nullptr));
      bool injected = sys_fault_left() == 0;
      disarm();
      brood_shared_array_free(large);
      brood_condition_free(condition);
      brood_lock_free(lock);
      { Objects objects(GetParam()); }
      EXPECT_EQ(NumDescriptors(), descriptors + 1);
      EXPECT_EQ(NumArenas(), arenas + 1);
      if (!HasFailure()) answer.Release(injected ? 1 : 2);
    });
    return answer.ReadAll().size() == 1;
  });
}

TEST_P(ObjectsSweep, Passing) {
  Objects objects(GetParam());
  brood_shared_array *large = brood_shared_array_new(
      brood_get_context(GetParam()), 'b', kLarge, BROOD_NO_LOCK);
  Values values = objects.Arguments();
  values.push_back(brood_object(large));
  brood_process_options options = {};
  options.target = touch_all;
  options.args = values.data();
  options.num_args = values.size();
  Belongings before = Inventory();
  ForEachCall([&](int nth) {
    sys_fault_arm(nth, error_);
    brood_process *process =
        Checked(brood_process_new(brood_get_context(GetParam()), &options));
    bool started = process != nullptr && brood_process_start(process) == 0;
    bool injected = sys_fault_left() == 0;
    disarm();
    if (started) {
      int code = kNoCode;
      EXPECT_WORKS(brood_process_join(process, kLong));
      EXPECT_EQ(brood_process_exitcode(process, &code), 1);
      EXPECT_EQ(code, kCode);
    } else {
      EXPECT_TRUE(injected) << brood_error_message();
      EXPECT_EQ(brood_errno(), error_) << brood_error_message();
    }
    brood_process_free(process);
    // They are as good as before.
    EXPECT_EQ(Process(GetParam(), touch_all, values).Run(), kCode);
    return injected;
  });
  EXPECT_TRUE(WaitUntil([&] {
    return Describe(Inventory()) == Describe(before);
  })) << Describe(Inventory())
      << "before: " << Describe(before);
  brood_shared_array_free(large);
  objects.Free();
  EXPECT_FAILS(brood_lock_locked((brood_lock *)values[0].as.data),
               BROOD_VALUE_ERROR, "freed");
}

// A new process that cannot attach them does not run its target.
TEST_F(LibraryTest, AttachingInASpawnedProcess) {
  brood_lock_free(brood_lock_new(brood_get_context("spawn")));
  Objects objects("spawn");
  brood_shared_array *large = brood_shared_array_new(
      brood_get_context("spawn"), 'b', kLarge, BROOD_NO_LOCK);
  Values values = objects.Arguments();
  values.push_back(brood_object(large));
  int num_refused = 0;
  for (int nth = 1; nth <= kNumChildCalls && !HasFailure(); nth++) {
    SCOPED_TRACE(nth);
    Capture capture(STDERR_FILENO);
    std::string fault =
        "--brood-spawned " + std::to_string(nth) + " " + std::to_string(EIO);
    setenv("BROOD_TEST_FAULT", fault.c_str(), 1);
    int code = Process("spawn", touch_all, values).Run();
    unsetenv("BROOD_TEST_FAULT");
    EXPECT_TRUE(code == kCode || code == 1) << code;
    if (code == 1) {
      EXPECT_NE(capture.Text(), "") << "code 1 without a word";
    }
    num_refused += code == 1;
  }
  EXPECT_GT(num_refused, 0);
  EXPECT_EQ(Process("spawn", touch_all, values).Run(), kCode);
  brood_shared_array_free(large);
}

}  // namespace
