// Proves that objects give back what they take, and that whatever pointer comes
// instead of an object, or after it was freed, is refused.
// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <set>
#include <thread>

#include "lib/test/objects.h"
#include "lib/test/targets.h"

extern "C" {
#include "lib/sys/fd.h"
}

namespace {

class ObjectsMemory : public ObjectsTest {};
INSTANTIATE_TEST_SUITE_P(Methods, ObjectsMemory, testing::Values("fork"),
                         NameOfParam);

const brood_context *Context() {
  return brood_get_context("fork");
}

// In a copy, for its arenas stay.
TEST_P(ObjectsMemory, TenThousandLocksCostFewDescriptors) {
  InFork([] {
    int before = NumDescriptors();
    std::vector<brood_lock *> locks(10000);
    for (brood_lock *&lock : locks) {
      lock = brood_lock_new(Context());
      ASSERT_NE(lock, nullptr) << brood_error_message();
    }
    EXPECT_LE(NumDescriptors(), before + 3);
    std::set<brood_lock *> different(locks.begin(), locks.end());
    EXPECT_EQ(different.size(), locks.size());
    for (brood_lock *lock : locks) EXPECT_WORKS(brood_lock_acquire(lock, 0));
    for (brood_lock *lock : locks) brood_lock_free(lock);
  });
}

TEST_P(ObjectsMemory, FreedMemoryIsUsedAgainAndZeroed) {
  brood_shared_array *first =
      brood_shared_array_new(Context(), 'B', 1000, BROOD_NO_LOCK);
  memset(brood_shared_array_get_obj(first), 0xff, 1000);
  EXPECT_EQ(brood_shared_array_free(first), nullptr);
  brood_shared_array *second =
      brood_shared_array_new(Context(), 'B', 1000, BROOD_NO_LOCK);
  EXPECT_EQ(second, first);
  auto *bytes = (unsigned char *)brood_shared_array_get_obj(second);
  for (int i = 0; i < 1000; i++) ASSERT_EQ(bytes[i], 0) << i;
  brood_shared_array_free(second);
}

TEST_P(ObjectsMemory, WhatWasNotSentIsUsedAgain) {
  brood_queue *full = brood_queue_new(Context(), 1);
  EXPECT_WORKS(brood_queue_put(full, brood_none(), 0));
  brood_lock *first = brood_lock_new(Context());
  EXPECT_EQ(brood_queue_put(full, brood_object(first), 0), BROOD_FULL);
  brood_lock_free(first);
  brood_lock *second = brood_lock_new(Context());
  EXPECT_EQ(second, first);
  brood_lock_free(second);
  brood_queue_free(full);
}

TEST_P(ObjectsMemory, ALargeArrayGivesItsMemoryBack) {
  int arenas = NumArenas(), descriptors = NumDescriptors();
  for (int i = 0; i < 20; i++) {
    brood_shared_array *array =
        brood_shared_array_new(Context(), 'q', 1 << 18, nullptr);
    ASSERT_NE(array, nullptr) << brood_error_message();
    EXPECT_EQ(NumArenas(), arenas + 1);
    EXPECT_EQ(NumDescriptors(), descriptors + 1);
    ElementOf<int64_t>(array, -1) = 7;
    brood_shared_array_free(array);
    EXPECT_EQ(NumArenas(), arenas);
    EXPECT_EQ(NumDescriptors(), descriptors);
  }
}

// In a copy, for its arenas stay.
TEST_P(ObjectsMemory, AnArrayIsLargeFromThisSizeOn) {
  InFork([] {
    constexpr int kLarge = 1048496;  // as brood.h says
    for (int size : {kLarge - 1, kLarge}) {
      brood_shared_array *array =
          brood_shared_array_new(Context(), 'b', size, BROOD_NO_LOCK);
      int arenas = NumArenas();
      brood_shared_array_free(array);
      EXPECT_EQ(NumArenas(), size == kLarge ? arenas - 1 : arenas);
    }
  });
}

TEST_P(ObjectsMemory, MoreThanTheMachineHasIsRefused) {
  int64_t all = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
  EXPECT_NULL_FAILS(
      brood_shared_array_new(Context(), 'b', 4 * all + BROOD_MAX_SHARED / 100,
                             nullptr),
      BROOD_OS_ERROR, "memory");
  EXPECT_EQ(brood_errno(), ENOMEM);
  EXPECT_NULL_FAILS(
      brood_shared_array_new(Context(), 'b', BROOD_MAX_SHARED, nullptr),
      BROOD_OS_ERROR, "memory");
  EXPECT_NULL_FAILS(
      brood_shared_array_new(Context(), 'b', BROOD_MAX_SHARED + 1, nullptr),
      BROOD_VALUE_ERROR, "maximum");
  EXPECT_NULL_FAILS(brood_shared_array_new(Context(), 'q', INT64_MAX, nullptr),
                    BROOD_VALUE_ERROR, "maximum");
  EXPECT_NULL_FAILS(brood_shared_array_new(Context(), 'q', -1, nullptr),
                    BROOD_VALUE_ERROR, "-1");
}

// ------------------------------------------------------- Wrong pointers --

TEST_P(ObjectsMemory, FreeTakesNoOtherPointer) {
  EXPECT_EQ(brood_lock_free(nullptr), nullptr);
  Objects objects("fork");
  alignas(64) char on_the_stack[256] = {};
  std::unique_ptr<char[]> on_the_heap(new char[256]());
  for (void *pointer :
       {(void *)(on_the_stack + 64), (void *)(on_the_heap.get() + 64),
        (void *)objects.rlock, (void *)((char *)objects.lock + 8),
        (void *)((char *)objects.array + 64), (void *)1, (void *)UINTPTR_MAX,
        BROOD_NO_LOCK}) {
    EXPECT_NULL_FAILS(brood_lock_free((brood_lock *)pointer), BROOD_VALUE_ERROR,
                      "is not a lock, or has been freed");
  }
  EXPECT_EQ(brood_rlock_locked(objects.rlock), 0) << "it is still there";
}

// The user's own bytes may look like anything.
TEST_P(ObjectsMemory, FreeTakesNoPointerIntoAnArray) {
  brood_shared_array *array =
      brood_shared_array_new(Context(), 'B', 4096, BROOD_NO_LOCK);
  auto *bytes = (char *)brood_shared_array_get_obj(array);
  for (int i = 0; i < 4096; i++) {
    EXPECT_EQ(brood_lock_free((brood_lock *)(bytes + i)), nullptr);
    EXPECT_EQ(brood_error(), BROOD_VALUE_ERROR);
  }
  EXPECT_EQ(brood_shared_array_length(array), 4096);
  brood_shared_array_free(array);
}

TEST_P(ObjectsMemory, FreeingTwiceIsRefused) {
  brood_lock *lock = brood_lock_new(Context());
  brood_shared_array *large =
      brood_shared_array_new(Context(), 'b', 1 << 20, BROOD_NO_LOCK);
  brood_lock_free(lock);
  brood_shared_array_free(large);
  EXPECT_NULL_FAILS(brood_lock_free(lock), BROOD_VALUE_ERROR, "freed");
  EXPECT_NULL_FAILS(brood_shared_array_free(large), BROOD_VALUE_ERROR, "freed");
  // Also while a process handle has it still.
  lock = brood_lock_new(Context());
  Process process("fork", nothing, {brood_object(lock)});
  EXPECT_EQ(brood_lock_free(lock), nullptr);
  EXPECT_NULL_FAILS(brood_lock_free(lock), BROOD_VALUE_ERROR, "freed");
}

TEST_P(ObjectsMemory, AFreedOneIsRefusedByAll) {
  Objects gone("fork");
  Objects copy("fork");
  brood_lock *lock = gone.lock;
  brood_rlock *rlock = gone.rlock;
  brood_semaphore *semaphore = gone.semaphore;
  brood_condition *condition = gone.condition;
  brood_event *event = gone.event;
  brood_barrier *barrier = gone.barrier;
  brood_shared_value *value = gone.value;
  brood_shared_array *array = gone.array;
  gone.Free();
  const int kRefused = BROOD_VALUE_ERROR;
  EXPECT_FAILS(brood_lock_acquire(lock, 0), kRefused, "a lock");
  EXPECT_FAILS(brood_lock_release(lock), kRefused, "a lock");
  EXPECT_FAILS(brood_lock_locked(lock), kRefused, "a lock");
  EXPECT_FAILS(brood_rlock_acquire(rlock, 0), kRefused, "an rlock");
  EXPECT_FAILS(brood_rlock_release(rlock), kRefused, "an rlock");
  EXPECT_FAILS(brood_rlock_locked(rlock), kRefused, "an rlock");
  EXPECT_FAILS(brood_semaphore_acquire(semaphore, 0), kRefused, "a sem");
  EXPECT_FAILS(brood_semaphore_release(semaphore), kRefused, "a sem");
  EXPECT_FAILS(brood_semaphore_get_value(semaphore), kRefused, "a sem");
  EXPECT_FAILS(brood_condition_acquire(condition, 0), kRefused, "a cond");
  EXPECT_FAILS(brood_condition_release(condition), kRefused, "a cond");
  EXPECT_FAILS(brood_condition_wait(condition, 0), kRefused, "a cond");
  auto never = [](void *) { return 1; };
  EXPECT_FAILS(brood_condition_wait_for(condition, never, nullptr, 0), kRefused,
               "a cond");
  EXPECT_FAILS(brood_condition_notify(condition, 1), kRefused, "a cond");
  EXPECT_FAILS(brood_condition_notify_all(condition), kRefused, "a cond");
  EXPECT_FAILS(brood_event_is_set(event), kRefused, "an event");
  EXPECT_FAILS(brood_event_set(event), kRefused, "an event");
  EXPECT_FAILS(brood_event_clear(event), kRefused, "an event");
  EXPECT_FAILS(brood_event_wait(event, 0), kRefused, "an event");
  EXPECT_FAILS(brood_barrier_wait(barrier, 0), kRefused, "a barrier");
  EXPECT_FAILS(brood_barrier_abort(barrier), kRefused, "a barrier");
  EXPECT_FAILS(brood_barrier_reset(barrier), kRefused, "a barrier");
  EXPECT_FAILS(brood_barrier_parties(barrier), kRefused, "a barrier");
  EXPECT_FAILS(brood_barrier_n_waiting(barrier), kRefused, "a barrier");
  EXPECT_FAILS(brood_barrier_broken(barrier), kRefused, "a barrier");
  EXPECT_FAILS(brood_shared_value_typecode(value), kRefused, "value");
  EXPECT_FAILS((int)brood_shared_value_itemsize(value), kRefused, "value");
  EXPECT_NULL_FAILS(brood_shared_value_get_obj(value), kRefused, "value");
  EXPECT_NULL_FAILS(brood_shared_value_get_lock(value), kRefused, "value");
  EXPECT_FAILS(brood_shared_value_acquire(value, 0), kRefused, "value");
  EXPECT_FAILS(brood_shared_value_release(value), kRefused, "value");
  EXPECT_FAILS((int)brood_shared_array_length(array), kRefused, "array");
  EXPECT_FAILS(brood_shared_array_typecode(array), kRefused, "array");
  EXPECT_FAILS((int)brood_shared_array_itemsize(array), kRefused, "array");
  EXPECT_NULL_FAILS(brood_shared_array_get_obj(array), kRefused, "array");
  EXPECT_NULL_FAILS(brood_shared_array_get_lock(array), kRefused, "array");
  EXPECT_FAILS(brood_shared_array_acquire(array, 0), kRefused, "array");
  EXPECT_FAILS(brood_shared_array_release(array), kRefused, "array");
  EXPECT_NULL_FAILS(brood_condition_new(Context(), lock), BROOD_ATTRIBUTE_ERROR,
                    "acquire");
  brood_value argument = brood_object(lock);
  brood_process_options options = {};
  options.args = &argument;
  options.num_args = 1;
  EXPECT_NULL_FAILS(brood_process_new(Context(), &options), BROOD_TYPE_ERROR,
                    "freed");
}

// ------------------------------------------------------ After a fork --

TEST_P(ObjectsMemory, ACopyOfTheMakerIsNotTheMaker) {
  Objects objects("fork");
  InFork([&] {
    brood_lock_free(objects.lock);
    EXPECT_WORKS(brood_lock_acquire(objects.lock, 0));
    EXPECT_WORKS(brood_lock_release(objects.lock));
    // What it makes is its own.
    brood_lock *own = brood_lock_new(Context());
    EXPECT_NE(own, nullptr);
    brood_lock_free(own);
    EXPECT_FAILS(brood_lock_acquire(own, 0), BROOD_VALUE_ERROR, "freed");
  });
  EXPECT_WORKS(brood_lock_acquire(objects.lock, 0));
}

// What the copy still holds when the maker frees it, the copy drops, and then
// the maker uses its memory again.
TEST_P(ObjectsMemory, WhatOthersDropIsUsedAgain) {
  constexpr int kCycles = 300;
  constexpr int kSize = 100000;  // that no other test asks for
  Pipe to, from;
  pid_t pid = fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    alarm(kLong / kSecond);
    for (int i = 0; i < kCycles; i++) {
      auto *array = to.Read<brood_shared_array *>();
      Process process("fork", nothing, {brood_object(array)});
      from.Release();
      to.Read<char>();
    }
    _exit(HasFailure() ? 1 : 0);
  }
  std::set<brood_shared_array *> different;
  for (int i = 0; i < kCycles; i++) {
    brood_shared_array *array =
        brood_shared_array_new(Context(), 'B', kSize, BROOD_NO_LOCK);
    different.insert(array);
    ASSERT_EQ(sys_write_full(to.writing(), (char *)&array, sizeof array), 0);
    from.Read<char>();
    brood_shared_array_free(array);
    EXPECT_EQ(brood_shared_array_length(array), kSize)
        << "the other has it still";
    to.Release();
    // Gone when the other has freed its handle.
    EXPECT_TRUE(
        WaitUntil([&] { return brood_shared_array_length(array) < 0; }));
  }
  EXPECT_TRUE(WaitForChild(pid));
  EXPECT_LE(different.size(), 3u);
}

TEST_P(ObjectsMemory, ALargeOneThatOthersDropGivesItsMemoryBack) {
  int arenas = NumArenas();
  Pipe ready, go;
  brood_shared_array *array =
      brood_shared_array_new(Context(), 'b', 1 << 20, BROOD_NO_LOCK);
  pid_t pid = fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    alarm(kLong / kSecond);
    {
      Process process("fork", nothing, {brood_object(array)});
      ready.Release();
      go.Read<char>();
    }
    _exit(HasFailure() ? 1 : 0);
  }
  ready.Read<char>();
  brood_shared_array_free(array);
  EXPECT_EQ(brood_shared_array_length(array), 1 << 20);
  go.Release();
  EXPECT_TRUE(WaitForChild(pid));
  // The next large one collects it.
  array = brood_shared_array_new(Context(), 'b', 1 << 20, BROOD_NO_LOCK);
  EXPECT_EQ(NumArenas(), arenas + 1);
  brood_shared_array_free(array);
  EXPECT_EQ(NumArenas(), arenas);
}

// Others may write what they like into what they share. Found was: an access
// far outside of the mapping.
TEST_P(ObjectsMemory, ALockThatIsElsewhere) {
  brood_shared_value *value = brood_shared_value_new(Context(), 'q', nullptr);
  brood_condition *condition = brood_condition_new(Context(), nullptr);
  for (void *object : {(void *)value, (void *)condition}) {
    uint64_t *offset = (uint64_t *)object - 3; /* struct share_block */
    uint64_t before = *offset;
    EXPECT_GT(before, 0u);
    EXPECT_LT(before, (uint64_t)1 << 24);
    for (uint64_t wrong :
         {before + 1, (uint64_t)1 << 24, (uint64_t)1 << 40, ~(uint64_t)63}) {
      *offset = wrong;
      if (object == value) {
        EXPECT_EQ(brood_shared_value_acquire(value, 0), BROOD_ATTRIBUTE_ERROR);
        EXPECT_EQ(brood_shared_value_release(value), BROOD_ATTRIBUTE_ERROR);
        EXPECT_EQ(brood_shared_value_get_lock(value), nullptr);
      } else {
        EXPECT_EQ(brood_condition_notify_all(condition), BROOD_ASSERTION_ERROR);
        EXPECT_EQ(brood_condition_wait(condition, 0), BROOD_ASSERTION_ERROR);
      }
    }
    *offset = before;
  }
  brood_condition_free(condition);
  brood_shared_value_free(value);
}

// What a value arrives as that its own process sent, or copied.
TEST_P(ObjectsMemory, WhatItsMakerReceivedOutlivesTheFirstHandle) {
  brood_connection *from, *to;
  ASSERT_WORKS(brood_pipe_new(Context(), 0, &from, &to));
  for (bool is_copied : {false, true}) {
    brood_queue *queue = brood_queue_new(Context(), 0);
    brood_lock *lock = brood_lock_new(Context());
    brood_value items[] = {brood_object(queue), brood_object(lock)}, value;
    if (is_copied) {
      brood_value pair = brood_tuple(items, 2);
      ASSERT_WORKS(brood_value_copy(&pair, &value));
    } else {
      ASSERT_WORKS(brood_connection_send(from, brood_tuple(items, 2), 0));
      ASSERT_WORKS(brood_connection_recv(to, &value, 0));
    }
    brood_queue_free(queue);
    brood_lock_free(lock);
    queue = static_cast<brood_queue *>(
        brood_value_object(&value.as.items[0], BROOD_KIND_QUEUE));
    lock = static_cast<brood_lock *>(
        brood_value_object(&value.as.items[1], BROOD_KIND_LOCK));
    brood_value item;
    EXPECT_WORKS(brood_queue_put(queue, brood_int64(7), 0));
    EXPECT_WORKS(brood_queue_get(queue, &item, kLong));
    EXPECT_EQ(item.as.int64, 7);
    EXPECT_WORKS(brood_lock_acquire(lock, 0));
    EXPECT_WORKS(brood_lock_release(lock));
    brood_value_clear(&value);
  }
  brood_connection_free(from);
  brood_connection_free(to);
}

// Found was: the lock's memory stayed mapped.
TEST_P(ObjectsMemory, AReceivedLockGoesWithWhatItGuards) {
  brood_connection *from, *to;
  ASSERT_WORKS(brood_pipe_new(Context(), 0, &from, &to));
  int arenas = NumArenas();
  for (bool is_sent : {false, true}) {
    InFork([&] {
      brood_lock *lock = brood_lock_new(Context());
      EXPECT_WORKS(brood_connection_send(from, brood_object(lock), 0));
    });
    brood_value value, again;
    ASSERT_WORKS(brood_connection_recv(to, &value, 0));
    void *lock = brood_value_object(&value, BROOD_KIND_LOCK);
    brood_shared_value *guarded = brood_shared_value_new(Context(), 'i', lock);
    ASSERT_NE(guarded, nullptr) << brood_error_message();
    brood_value_clear(&value);
    EXPECT_EQ(NumArenas(), arenas + 1);
    EXPECT_WORKS(brood_shared_value_acquire(guarded, 0));
    EXPECT_WORKS(brood_shared_value_release(guarded));
    if (is_sent) {
      ASSERT_WORKS(brood_connection_send(from, brood_object(guarded), 0));
    }
    brood_shared_value_free(guarded);
    EXPECT_EQ(NumArenas(), arenas);
    if (is_sent) {
      ASSERT_WORKS(brood_connection_recv(to, &again, 0));
      EXPECT_WORKS(brood_shared_value_acquire(guarded, 0));
      EXPECT_WORKS(brood_shared_value_release(guarded));
      brood_value_clear(&again);
      EXPECT_EQ(NumArenas(), arenas);
    }
  }
  brood_connection_free(from);
  brood_connection_free(to);
}

// Found was: the lock's memory stayed mapped with who had made the value.
TEST_P(ObjectsMemory, AReceivedLockGoesWhereverItsValueEnds) {
  brood_connection *from, *to;
  ASSERT_WORKS(brood_pipe_new(Context(), 0, &from, &to));
  int arenas = NumArenas();
  InFork([&] {
    brood_lock *lock = brood_lock_new(Context());
    EXPECT_WORKS(brood_connection_send(from, brood_object(lock), 0));
  });
  brood_value value;
  ASSERT_WORKS(brood_connection_recv(to, &value, 0));
  void *lock = brood_value_object(&value, BROOD_KIND_LOCK);
  brood_shared_value *guarded = brood_shared_value_new(Context(), 'i', lock);
  ASSERT_NE(guarded, nullptr) << brood_error_message();
  brood_value_clear(&value);
  EXPECT_EQ(NumArenas(), arenas + 1);
  ASSERT_WORKS(brood_connection_send(from, brood_object(guarded), 0));
  Pipe held, go;
  pid_t pid = fork();
  if (pid == 0) {
    alarm(kLong / kSecond);
    brood_value ours;
    EXPECT_WORKS(brood_connection_recv(to, &ours, 0));
    {
      Process process("fork", nothing, {ours});
      held.Release();
      go.Read<char>();
    }
    brood_value_clear(&ours);
    _exit(HasFailure() ? 1 : 0);
  }
  held.Read<char>();
  brood_shared_value_free(guarded);
  EXPECT_EQ(NumArenas(), arenas);
  go.Release();
  EXPECT_TRUE(WaitForChild(pid));
  brood_connection_free(from);
  brood_connection_free(to);
}

TEST_P(ObjectsMemory, AForkWhileAThreadMakesObjects) {
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    while (!stop) {
      Objects objects("fork");
    }
  });
  for (int i = 0; i < 30; i++) {
    InFork([] { Objects objects("fork"); });
  }
  stop = true;
  busy.join();
}

}  // namespace
