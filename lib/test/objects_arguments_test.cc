// Proves that every kind of object works in a process of every method,
// whichever context made it; passed on to children of children; freed by its
// maker right after the start; and under a lock from elsewhere.
// SPDX-License-Identifier: MIT
#include "lib/test/objects.h"
#include "lib/test/targets.h"

namespace {

INSTANTIATE_METHODS(ObjectsTest);

// use_each(objects...): the maker holds lock and rlock, and waits at the
// barrier.
void use_each(const brood_args *args) {
  Received here(args, 0);
  CHILD_CHECK(brood_lock_acquire(here.lock, 0) == BROOD_TIMEOUT);
  CHILD_CHECK(brood_rlock_acquire(here.rlock, 0) == BROOD_TIMEOUT);
  CHILD_CHECK(brood_rlock_release(here.rlock) == BROOD_ASSERTION_ERROR);
  CHILD_CHECK(brood_condition_acquire(here.condition, 0) == BROOD_TIMEOUT);
  CHILD_CHECK(brood_semaphore_acquire(here.semaphore, 0) == 0);
  CHILD_CHECK(brood_shared_value_typecode(here.value) == 'q');
  CHILD_CHECK(brood_shared_value_itemsize(here.value) == 8);
  CHILD_CHECK(brood_shared_value_acquire(here.value, 0) == 0);
  NumberIn(here.value) = 42;
  CHILD_CHECK(brood_shared_value_release(here.value) == 0);
  CHILD_CHECK(brood_shared_array_length(here.array) == 10);
  CHILD_CHECK(brood_shared_array_typecode(here.array) == 'i');
  CHILD_CHECK(brood_shared_array_itemsize(here.array) == 4);
  CHILD_CHECK(brood_shared_array_acquire(here.array, 0) == 0);
  ElementOf(here.array, -1) = 43;
  CHILD_CHECK(brood_shared_array_release(here.array) == 0);
  CHILD_CHECK(brood_event_set(here.event) == 0);
  CHILD_CHECK(brood_barrier_parties(here.barrier) == 2);
  CHILD_CHECK(brood_barrier_wait(here.barrier, kLong) >= 0);
  // The maker releases the lock and waits on the condition.
  CHILD_CHECK(brood_condition_acquire(here.condition, kLong) == 0);
  CHILD_CHECK(brood_condition_notify(here.condition, 1) == 0);
  CHILD_CHECK(brood_condition_release(here.condition) == 0);
  // What is not ours we cannot free.
  brood_lock_free(here.lock);
  brood_shared_array_free(here.array);
  CHILD_CHECK(brood_lock_locked(here.lock) >= 0);
  CHILD_CHECK(brood_shared_array_length(here.array) == 10);
  CHILD_CHECK(ObjectIn<brood_lock>(args, 1) == nullptr);
  CHILD_CHECK(brood_error() == BROOD_TYPE_ERROR);
  CHILD_CHECK(ObjectIn<brood_rlock>(args, 0) == nullptr);
  CHILD_CHECK(brood_error() == BROOD_TYPE_ERROR);
  CHILD_CHECK(ObjectIn<brood_lock>(args, 8) == nullptr);
  CHILD_CHECK(brood_error() == BROOD_INDEX_ERROR);
  CHILD_CHECK(brood_args_get(args, 3)->type == BROOD_TYPE_OBJECT);
}
BROOD_TARGET(use_each);

TEST_P(ObjectsTest, OfEachContextInAProcessOfThisMethod) {
  for (const char *maker : kMethods) {
    SCOPED_TRACE(maker);
    Objects objects(maker);
    EXPECT_WORKS(brood_lock_acquire(objects.lock, 0));
    EXPECT_WORKS(brood_rlock_acquire(objects.rlock, 0));
    Process process(GetParam(), use_each, objects.Arguments());
    ASSERT_WORKS(process.Start());
    EXPECT_WORKS(brood_event_wait(objects.event, kLong));
    EXPECT_GE(brood_barrier_wait(objects.barrier, kLong), 0);
    EXPECT_WORKS(brood_condition_wait(objects.condition, kLong));
    EXPECT_WORKS(process.Join());
    EXPECT_EQ(process.Code(), 0);
    EXPECT_WORKS(brood_lock_release(objects.lock));
    EXPECT_WORKS(brood_rlock_release(objects.rlock));
    EXPECT_EQ(brood_semaphore_get_value(objects.semaphore), 1);
    EXPECT_EQ(NumberIn(objects.value), 42);
    EXPECT_EQ(ElementOf(objects.array, 9), 43);
  }
}

// add_and_pass_on(index of the next method, objects...): adds one to the value,
// and has a child do the same, until all methods have had their turn.
void add_and_pass_on(const brood_args *args) {
  int64_t next = Int64At(args, 0);
  Received here(args, 1);
  CHILD_CHECK(brood_shared_value_acquire(here.value, kLong) == 0);
  NumberIn(here.value) += 1;
  CHILD_CHECK(brood_shared_value_release(here.value) == 0);
  if (next == 3) {
    CHILD_CHECK(brood_event_set(here.event) == 0);
    CHILD_CHECK(brood_barrier_wait(here.barrier, kLong) >= 0);
    return;
  }
  Values values = here.Arguments();
  values.insert(values.begin(), brood_int64(next + 1));
  Process process(kMethods[next], add_and_pass_on, values);
  CHILD_CHECK(process.Run() == 0);
}
BROOD_TARGET(add_and_pass_on);

TEST_P(ObjectsTest, PassedOnThroughAllMethods) {
  Objects objects(GetParam());
  Values values = objects.Arguments();
  values.insert(values.begin(), brood_int64(0));
  Process process(GetParam(), add_and_pass_on, values);
  ASSERT_WORKS(process.Start());
  EXPECT_WORKS(brood_event_wait(objects.event, kLong));
  EXPECT_GE(brood_barrier_wait(objects.barrier, kLong), 0);
  EXPECT_WORKS(process.Join());
  EXPECT_EQ(process.Code(), 0);
  EXPECT_EQ(NumberIn(objects.value), 4);
}

// use_late(reading end, writing end, objects...): uses them when told to.
void use_late(const brood_args *args) {
  Received here(args, 2);
  WaitForByte(DescriptorAt(args, 0));
  CHILD_CHECK(brood_condition_acquire(here.condition, 0) == 0);
  CHILD_CHECK(brood_condition_notify_all(here.condition) == 0);
  CHILD_CHECK(brood_condition_release(here.condition) == 0);
  CHILD_CHECK(brood_shared_value_acquire(here.value, 0) == 0);
  NumberIn(here.value) = 1;
  CHILD_CHECK(brood_shared_value_release(here.value) == 0);
  CHILD_CHECK(brood_shared_array_acquire(here.array, 0) == 0);
  ElementOf(here.array, 0) = 1;
  CHILD_CHECK(brood_shared_array_release(here.array) == 0);
  CHILD_CHECK(brood_event_set(here.event) == 0);
  Tell(DescriptorAt(args, 1), "used");
}
BROOD_TARGET(use_late);

TEST_P(ObjectsTest, FreedByTheMakerRightAfterTheStart) {
  Pipe go, said;
  {
    Objects objects(GetParam());
    Values values = objects.Arguments();
    values.insert(values.begin(), {go.ReadingArgument(), said.Argument()});
    Process process(GetParam(), use_late, values);
    ASSERT_WORKS(process.Start());
    objects.Free();
  }
  // What is made now lies elsewhere.
  Objects others(GetParam());
  EXPECT_WORKS(brood_lock_acquire(others.lock, 0));
  go.Release();
  EXPECT_EQ(said.ReadAll(), "used");
  EXPECT_EQ(brood_event_is_set(others.event), 0);
  EXPECT_TRUE(WaitUntil([] { return brood_active_children(nullptr, 0) == 0; }));
}

void acquire(const brood_args *args) {
  CHILD_CHECK(brood_lock_acquire(ObjectAt<brood_lock>(args, 0), 0) == 0);
}
BROOD_TARGET(acquire);

// pass_received_on(method, connection): forgets what it received before the
// process that has it is done.
void pass_received_on(const brood_args *args) {
  brood_value value;
  CHILD_CHECK(brood_connection_recv(ObjectAt<brood_connection>(args, 1), &value,
                                    kLong) == 0);
  Process process(StringAt(args, 0).c_str(), acquire, {value});
  brood_value_clear(&value);
  CHILD_CHECK(process.Run() == 0);
}
BROOD_TARGET(pass_received_on);

TEST_P(ObjectsTest, ReceivedAndPassedOn) {
  brood_connection *from, *to;
  ASSERT_WORKS(brood_pipe_new(nullptr, 0, &from, &to));
  brood_lock *lock = brood_lock_new(nullptr);
  EXPECT_WORKS(brood_connection_send(from, brood_object(lock), 0));
  Process process("spawn", pass_received_on,
                  {brood_string(GetParam()), brood_object(to)});
  EXPECT_EQ(process.Run(), 0);
  brood_lock_free(lock);
  brood_connection_free(from);
  brood_connection_free(to);
}

void are_the_same(const brood_args *args) {
  brood_lock *first, *second;
  brood_condition *condition;
  first = ObjectAt<brood_lock>(args, 0);
  second = ObjectAt<brood_lock>(args, 1);
  condition = ObjectAt<brood_condition>(args, 2);
  CHILD_CHECK(first == second);
  CHILD_CHECK(brood_lock_acquire(first, 0) == 0);
  CHILD_CHECK(brood_lock_locked(second) == 1);
  CHILD_CHECK(brood_condition_notify_all(condition) == 0);
}
BROOD_TARGET(are_the_same);

TEST_P(ObjectsTest, TheSameObjectTwice) {
  brood_lock *lock = brood_lock_new(brood_get_context(GetParam()));
  brood_condition *condition =
      brood_condition_new(brood_get_context(GetParam()), lock);
  Process process(
      GetParam(), are_the_same,
      {brood_object(lock), brood_object(lock), brood_object(condition)});
  EXPECT_EQ(process.Run(), 0);
  brood_condition_free(condition);
  brood_lock_free(lock);
}

// More arenas than are remembered while arguments are packed.
void sum_up(const brood_args *args) {
  int64_t sum = 0;
  for (size_t i = 0; i < brood_args_count(args); i++) {
    sum += ElementOf<char>(ObjectAt<brood_shared_array>(args, i), -1);
  }
  brood_exit((int)sum);
}
BROOD_TARGET(sum_up);

TEST_P(ObjectsTest, InManyArenas) {
  std::vector<brood_shared_array *> arrays;
  Values values;
  for (int i = 0; i < 12; i++) {
    arrays.push_back(
        brood_shared_array_new(nullptr, 'b', 1 << 20, BROOD_NO_LOCK));
    ASSERT_NE(arrays[i], nullptr);
    ElementOf<char>(arrays[i], -1) = (char)i;
    values.insert(values.end(), 2, brood_object(arrays[i]));
  }
  Process process(GetParam(), sum_up, values);
  EXPECT_EQ(process.Run(), 12 * 11);
  for (brood_shared_array *array : arrays) brood_shared_array_free(array);
  brood_set_start_method(nullptr, BROOD_FORCE);
}

// notify_foreign(condition): its lock is of the maker's maker.
void notify_foreign(const brood_args *args) {
  brood_condition *condition;
  condition = ObjectAt<brood_condition>(args, 0);
  CHILD_CHECK(brood_condition_acquire(condition, kLong) == 0);
  CHILD_CHECK(brood_condition_notify(condition, 1) == 0);
  CHILD_CHECK(brood_condition_release(condition) == 0);
}
BROOD_TARGET(notify_foreign);

// wait_over_foreign(method, lock or rlock): makes a condition over it, and has
// a child notify.
void wait_over_foreign(const brood_args *args) {
  std::string method = StringAt(args, 0);
  brood_lock *lock = nullptr;
  brood_rlock *rlock = nullptr;
  if ((lock = ObjectIn<brood_lock>(args, 1)) == nullptr) {
    rlock = ObjectAt<brood_rlock>(args, 1);
  }
  brood_condition *condition = brood_condition_new(
      nullptr, lock != nullptr ? (void *)lock : (void *)rlock);
  CHILD_CHECK(condition != nullptr);
  CHILD_CHECK(brood_condition_acquire(condition, kLong) == 0);
  Process process(method.c_str(), notify_foreign, {brood_object(condition)});
  CHILD_CHECK(process.Start() == 0);
  CHILD_CHECK(brood_condition_wait(condition, kLong) == 0);
  CHILD_CHECK((lock != nullptr ? brood_lock_locked(lock)
                               : brood_rlock_locked(rlock)) == 1);
  CHILD_CHECK(brood_condition_release(condition) == 0);
  CHILD_CHECK(process.Join() == 0 && process.Code() == 0);
  brood_condition_free(condition);
}
BROOD_TARGET(wait_over_foreign);

TEST_P(ObjectsTest, AConditionOverALockFromElsewhere) {
  brood_lock *lock = brood_lock_new(brood_get_context(GetParam()));
  brood_rlock *rlock = brood_rlock_new(brood_get_context(GetParam()));
  for (const char *method : kMethods) {
    for (brood_value object : {brood_object(lock), brood_object(rlock)}) {
      SCOPED_TRACE(method);
      Process process(GetParam(), wait_over_foreign,
                      {brood_string(method), object});
      EXPECT_EQ(process.Run(), 0);
    }
  }
  EXPECT_EQ(brood_lock_locked(lock), 0);
  brood_rlock_free(rlock);
  brood_lock_free(lock);
}

}  // namespace
