// Proves that the memory of shared values and arrays is what their typecodes
// say, and nobody else's; that they say so themselves; and that their lock is
// the one that was asked for.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <cwchar>
#include <limits>
#include <string>

#include "lib/test/objects.h"

namespace {

class ObjectsValues : public ObjectsTest {};
INSTANTIATE_TEST_SUITE_P(Methods, ObjectsValues, testing::Values("spawn"),
                         NameOfParam);

const brood_context *Context() {
  return brood_get_context("spawn");
}

void ExpectAligned(const void *memory) {
  EXPECT_NE(memory, nullptr);
  EXPECT_EQ((uintptr_t)memory % alignof(max_align_t), 0u);
}

template <typename T>
void ExpectValueOf(char typecode) {
  brood_shared_value *value =
      brood_shared_value_new(Context(), typecode, nullptr);
  ASSERT_NE(value, nullptr) << brood_error_message();
  EXPECT_EQ(brood_shared_value_typecode(value), typecode);
  EXPECT_EQ(brood_shared_value_itemsize(value), (int64_t)sizeof(T));
  auto *variable = (T *)brood_shared_value_get_obj(value);
  ExpectAligned(variable);
  EXPECT_EQ(*variable, (T)0);
  *variable = std::numeric_limits<T>::lowest();
  EXPECT_EQ(*(T *)brood_shared_value_get_obj(value),
            std::numeric_limits<T>::lowest());
  EXPECT_EQ(brood_shared_value_typecode(value), typecode);
  brood_shared_value_free(value);
}

// Each has the lowest and the highest number in turn, up to its end.
template <typename T>
void ExpectArrayOf(char typecode) {
  constexpr int64_t kLength = 101;
  brood_shared_array *array =
      brood_shared_array_new(Context(), typecode, kLength, nullptr);
  ASSERT_NE(array, nullptr) << brood_error_message();
  EXPECT_EQ(brood_shared_array_typecode(array), typecode);
  EXPECT_EQ(brood_shared_array_itemsize(array), (int64_t)sizeof(T));
  EXPECT_EQ(brood_shared_array_length(array), kLength);
  auto *elements = (T *)brood_shared_array_get_obj(array);
  ExpectAligned(elements);
  using Limits = std::numeric_limits<T>;
  for (int64_t i = 0; i < kLength; i++) {
    ASSERT_EQ(elements[i], (T)0) << i;
    elements[i] = i % 2 == 0 ? Limits::lowest() : Limits::max();
  }
  for (int64_t i = 0; i < kLength; i++) {
    ASSERT_EQ(elements[i], i % 2 == 0 ? Limits::lowest() : Limits::max()) << i;
  }
  EXPECT_EQ(brood_shared_array_get_obj(array), elements);
  EXPECT_EQ(brood_shared_array_typecode(array), typecode);
  EXPECT_EQ(brood_shared_array_length(array), kLength);
  brood_shared_array_free(array);
}

template <typename T>
void ExpectType(char typecode) {
  SCOPED_TRACE(typecode);
  ExpectValueOf<T>(typecode);
  ExpectArrayOf<T>(typecode);
}

TEST_P(ObjectsValues, EveryTypecodeIsItsTypeOfC) {
  ExpectType<char>('c');
  ExpectType<signed char>('b');
  ExpectType<unsigned char>('B');
  ExpectType<wchar_t>('u');
  ExpectType<short>('h');
  ExpectType<unsigned short>('H');
  ExpectType<int>('i');
  ExpectType<unsigned>('I');
  ExpectType<long>('l');
  ExpectType<unsigned long>('L');
  ExpectType<int64_t>('q');
  ExpectType<uint64_t>('Q');
  ExpectType<float>('f');
  ExpectType<double>('d');
}

TEST_P(ObjectsValues, OtherTypecodesAreRefused) {
  const std::string known = "cbBuhHiIlLqQfd";
  for (int code = 0; code < 256; code++) {
    if (code != 0 && known.find((char)code) != std::string::npos) continue;
    EXPECT_EQ(brood_shared_value_new(Context(), (char)code, nullptr), nullptr);
    EXPECT_EQ(brood_error(), BROOD_TYPE_ERROR) << code;
    EXPECT_EQ(brood_shared_array_new(Context(), (char)code, 1, nullptr),
              nullptr);
    EXPECT_EQ(brood_error(), BROOD_TYPE_ERROR) << code;
  }
}

TEST_P(ObjectsValues, SizedOnesAreBytes) {
  brood_shared_value *value =
      brood_shared_value_new_sized(Context(), 100, nullptr);
  ASSERT_NE(value, nullptr);
  auto *bytes = (unsigned char *)brood_shared_value_get_obj(value);
  ExpectAligned(bytes);
  for (int i = 0; i < 100; i++) EXPECT_EQ(bytes[i], 0);
  EXPECT_EQ(brood_shared_value_typecode(value), 0);
  EXPECT_EQ(brood_shared_value_itemsize(value), 100);
  brood_shared_value_free(value);
  for (int64_t size :
       {INT64_C(0), INT64_C(-1), INT64_MIN, BROOD_MAX_SHARED + 1, INT64_MAX}) {
    EXPECT_EQ(brood_shared_value_new_sized(Context(), size, nullptr), nullptr);
    EXPECT_EQ(brood_error(), BROOD_VALUE_ERROR) << size;
  }
}

// Of all sizes around those of blocks, side by side, each full to its last
// byte.
TEST_P(ObjectsValues, NoMemoryIsAnothers) {
  std::vector<brood_shared_array *> arrays;
  for (int64_t length = 0; length < 600; length += 7) {
    arrays.push_back(
        brood_shared_array_new(Context(), 'B', length, BROOD_NO_LOCK));
    ASSERT_NE(arrays.back(), nullptr) << brood_error_message();
    memset(brood_shared_array_get_obj(arrays.back()), (int)arrays.size(),
           (size_t)length);
  }
  for (size_t i = 0; i < arrays.size(); i++) {
    int64_t length = brood_shared_array_length(arrays[i]);
    ASSERT_EQ(length, (int64_t)i * 7);
    auto *bytes = (unsigned char *)brood_shared_array_get_obj(arrays[i]);
    EXPECT_EQ(std::count(bytes, bytes + length, (unsigned char)(i + 1)), length)
        << i;
    brood_shared_array_free(arrays[i]);
  }
}

TEST_P(ObjectsValues, AnArrayOfNoElements) {
  brood_shared_array *none =
      brood_shared_array_new(Context(), 'd', 0, BROOD_NO_LOCK);
  ASSERT_NE(none, nullptr);
  EXPECT_EQ(brood_shared_array_length(none), 0);
  EXPECT_EQ(brood_shared_array_typecode(none), 'd');
  EXPECT_EQ(brood_shared_array_itemsize(none), (int64_t)sizeof(double));
  EXPECT_NE(brood_shared_array_get_obj(none), nullptr);
  brood_shared_array_free(none);
}

// --------------------------------------------------------------- The lock --

TEST_P(ObjectsValues, TheirOwnLockIsAnRLock) {
  Objects objects("spawn");
  auto *of_value = (brood_rlock *)brood_shared_value_get_lock(objects.value);
  auto *of_array = (brood_rlock *)brood_shared_array_get_lock(objects.array);
  EXPECT_NE(of_value, of_array);
  EXPECT_EQ(brood_kind_of(of_value), BROOD_KIND_RLOCK);
  EXPECT_EQ(brood_kind_of(of_array), BROOD_KIND_RLOCK);
  EXPECT_EQ(brood_shared_value_get_lock(objects.value), of_value);
  EXPECT_EQ(brood_shared_array_get_lock(objects.array), of_array);
  for (int i = 0; i < 2; i++) {
    EXPECT_WORKS(brood_shared_value_acquire(objects.value, 0));
    EXPECT_WORKS(brood_shared_array_acquire(objects.array, 0));
  }
  for (int i = 0; i < 2; i++) {
    EXPECT_EQ(brood_rlock_locked(of_value), 1);
    EXPECT_EQ(brood_rlock_locked(of_array), 1);
    EXPECT_WORKS(brood_shared_value_release(objects.value));
    EXPECT_WORKS(brood_shared_array_release(objects.array));
  }
  EXPECT_EQ(brood_rlock_locked(of_value), 0);
  EXPECT_EQ(brood_rlock_locked(of_array), 0);
  EXPECT_FAILS(brood_shared_value_release(objects.value), BROOD_ASSERTION_ERROR,
               "not owned");
  EXPECT_FAILS(brood_shared_array_release(objects.array), BROOD_ASSERTION_ERROR,
               "not owned");
}

TEST_P(ObjectsValues, OnlyWhatCanBeAcquiredGuards) {
  brood_event *event = brood_event_new(Context());
  char on_the_stack[64];
  for (void *lock : {(void *)event, (void *)on_the_stack}) {
    EXPECT_NULL_FAILS(brood_shared_value_new(Context(), 'i', lock),
                      BROOD_ATTRIBUTE_ERROR, "acquire");
    EXPECT_NULL_FAILS(brood_shared_value_new_sized(Context(), 4, lock),
                      BROOD_ATTRIBUTE_ERROR, "acquire");
    EXPECT_NULL_FAILS(brood_shared_array_new(Context(), 'i', 1, lock),
                      BROOD_ATTRIBUTE_ERROR, "acquire");
  }
  brood_event_free(event);
}

TEST_P(ObjectsValues, AGivenLockIsTheOne) {
  brood_semaphore *semaphore = brood_semaphore_new(Context(), 1);
  brood_shared_value *value = brood_shared_value_new(Context(), 'i', semaphore);
  EXPECT_EQ(brood_shared_value_get_lock(value), semaphore);
  EXPECT_WORKS(brood_shared_value_acquire(value, 0));
  EXPECT_FAILS(brood_shared_value_acquire(value, 0), BROOD_TIMEOUT, "semaph");
  EXPECT_EQ(brood_semaphore_get_value(semaphore), 0);
  EXPECT_WORKS(brood_shared_value_release(value));
  EXPECT_EQ(brood_semaphore_get_value(semaphore), 1);
  // It holds its lock.
  brood_semaphore_free(semaphore);
  EXPECT_WORKS(brood_shared_value_acquire(value, 0));
  brood_shared_value_free(value);
  EXPECT_FAILS(brood_semaphore_get_value(semaphore), BROOD_VALUE_ERROR,
               "freed");
}

TEST_P(ObjectsValues, NothingGuardsARawOne) {
  brood_shared_value *value =
      brood_shared_value_new(Context(), 'i', BROOD_NO_LOCK);
  EXPECT_EQ(brood_shared_value_get_lock(value), nullptr);
  EXPECT_EQ(brood_error(), BROOD_OK);
  EXPECT_FAILS(brood_shared_value_acquire(value, 0), BROOD_ATTRIBUTE_ERROR,
               "without a lock");
  EXPECT_FAILS(brood_shared_value_release(value), BROOD_ATTRIBUTE_ERROR,
               "without a lock");
  brood_shared_value_free(value);
  brood_shared_array *array =
      brood_shared_array_new(Context(), 'i', 1, BROOD_NO_LOCK);
  EXPECT_EQ(brood_shared_array_get_lock(array), nullptr);
  EXPECT_EQ(brood_error(), BROOD_OK);
  EXPECT_FAILS(brood_shared_array_acquire(array, 0), BROOD_ATTRIBUTE_ERROR,
               "without a lock");
  EXPECT_FAILS(brood_shared_array_release(array), BROOD_ATTRIBUTE_ERROR,
               "without a lock");
  brood_shared_array_free(array);
}

}  // namespace
