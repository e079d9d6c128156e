// Proves what shared values and arrays do with every typecode, with numbers of
// the wrong size or type, and with slices of every kind.
// SPDX-License-Identifier: MIT
#include <cmath>
#include <cwchar>
#include <limits>
#include <numeric>

#include "lib/test/objects.h"

namespace {

class ObjectsValues : public ObjectsTest {};
INSTANTIATE_TEST_SUITE_P(Methods, ObjectsValues, testing::Values("spawn"),
                         NameOfParam);

const brood_context *Context() {
  return brood_get_context("spawn");
}

// A value of its own that the test frees.
class Value {
 public:
  explicit Value(char typecode)
      : value_(brood_shared_value_new(Context(), typecode, nullptr)) {
    EXPECT_NE(value_, nullptr) << brood_error_message();
  }
  ~Value() {
    brood_shared_value_free(value_);
  }
  operator brood_shared_value *() const {
    return value_;
  }
  int64_t Int64() const {
    int64_t number = -999;
    EXPECT_WORKS(brood_shared_value_get_int64(value_, &number));
    return number;
  }
  double Double() const {
    double number = -999;
    EXPECT_WORKS(brood_shared_value_get_double(value_, &number));
    return number;
  }

 private:
  brood_shared_value *value_;
};

// What becomes of a number by way of an integer type.
template <typename T>
void ExpectWraps(char typecode) {
  SCOPED_TRACE(typecode);
  Value value(typecode);
  EXPECT_EQ(value.Int64(), 0);
  const int64_t lowest = (int64_t)std::numeric_limits<T>::lowest();
  const int64_t highest = (int64_t)std::numeric_limits<T>::max();
  for (int64_t number :
       {INT64_C(0), INT64_C(1), INT64_C(-1), INT64_C(65), INT64_C(-129),
        INT64_C(300), INT64_C(70000), lowest, highest, INT64_MIN, INT64_MAX}) {
    EXPECT_WORKS(brood_shared_value_set_int64(value, number));
    EXPECT_EQ(value.Int64(), (int64_t)(T)number) << number;
    EXPECT_EQ(*(T *)brood_shared_value_get_obj(value), (T)number);
    EXPECT_EQ(value.Double(), (double)(int64_t)(T)number);
  }
  double out = 5;
  EXPECT_FAILS(brood_shared_value_set_double(value, 1.0), BROOD_TYPE_ERROR,
               "a double");
  EXPECT_EQ(out, 5);
}

TEST_P(ObjectsValues, IntegersWrap) {
  ExpectWraps<unsigned char>('c');
  ExpectWraps<signed char>('b');
  ExpectWraps<unsigned char>('B');
  ExpectWraps<uint32_t>('u');
  ExpectWraps<short>('h');
  ExpectWraps<unsigned short>('H');
  ExpectWraps<int>('i');
  ExpectWraps<unsigned>('I');
  ExpectWraps<long>('l');
  ExpectWraps<unsigned long>('L');
  ExpectWraps<int64_t>('q');
  ExpectWraps<uint64_t>('Q');
}

TEST_P(ObjectsValues, FloatsConvert) {
  for (char typecode : {'f', 'd'}) {
    Value value(typecode);
    EXPECT_EQ(value.Double(), 0.0);
    EXPECT_WORKS(brood_shared_value_set_double(value, 0.1));
    EXPECT_EQ(value.Double(), typecode == 'f' ? (double)0.1f : 0.1);
    EXPECT_WORKS(brood_shared_value_set_double(value, -INFINITY));
    EXPECT_EQ(value.Double(), -INFINITY);
    EXPECT_WORKS(brood_shared_value_set_double(value, NAN));
    EXPECT_TRUE(std::isnan(value.Double()));
    EXPECT_WORKS(brood_shared_value_set_int64(value, -3));
    EXPECT_EQ(value.Double(), -3.0);
    int64_t number = 5;
    EXPECT_FAILS(brood_shared_value_get_int64(value, &number), BROOD_TYPE_ERROR,
                 "an integer");
    EXPECT_EQ(number, 5);
  }
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
  EXPECT_EQ((uintptr_t)bytes % alignof(max_align_t), 0u);
  for (int i = 0; i < 100; i++) EXPECT_EQ(bytes[i], 0);
  int64_t number = 5;
  EXPECT_FAILS(brood_shared_value_get_int64(value, &number), BROOD_TYPE_ERROR,
               "100 bytes");
  EXPECT_FAILS(brood_shared_value_set_int64(value, 1), BROOD_TYPE_ERROR,
               "100 bytes");
  brood_shared_value_free(value);
  for (int64_t size :
       {INT64_C(0), INT64_C(-1), INT64_MIN, BROOD_MAX_SHARED + 1, INT64_MAX}) {
    EXPECT_EQ(brood_shared_value_new_sized(Context(), size, nullptr), nullptr);
    EXPECT_EQ(brood_error(), BROOD_VALUE_ERROR) << size;
  }
}

TEST_P(ObjectsValues, ItsLock) {
  brood_semaphore *semaphore = brood_semaphore_new(Context(), 1);
  brood_event *event = brood_event_new(Context());
  EXPECT_NULL_FAILS(brood_shared_value_new(Context(), 'i', event),
                    BROOD_ATTRIBUTE_ERROR, "acquire");
  char on_the_stack[64];
  EXPECT_NULL_FAILS(brood_shared_value_new(Context(), 'i', on_the_stack),
                    BROOD_ATTRIBUTE_ERROR, "acquire");
  brood_shared_value *value = brood_shared_value_new(Context(), 'i', semaphore);
  EXPECT_EQ(brood_shared_value_get_lock(value), semaphore);
  EXPECT_WORKS(brood_shared_value_acquire(value, 0));
  EXPECT_FAILS(brood_shared_value_acquire(value, 0), BROOD_TIMEOUT, "semaph");
  EXPECT_EQ(brood_semaphore_get_value(semaphore), 0);
  EXPECT_WORKS(brood_shared_value_release(value));
  EXPECT_WORKS(brood_shared_value_set_int64(value, 1));
  EXPECT_EQ(brood_semaphore_get_value(semaphore), 1);
  // It holds its lock.
  brood_semaphore_free(semaphore);
  EXPECT_WORKS(brood_shared_value_acquire(value, 0));
  brood_shared_value_free(value);
  EXPECT_FAILS(brood_semaphore_get_value(semaphore), BROOD_VALUE_ERROR,
               "freed");
  brood_event_free(event);

  value = brood_shared_value_new(Context(), 'i', BROOD_NO_LOCK);
  EXPECT_EQ(brood_shared_value_get_lock(value), nullptr);
  EXPECT_EQ(brood_error(), BROOD_OK);
  EXPECT_FAILS(brood_shared_value_acquire(value, 0), BROOD_ATTRIBUTE_ERROR,
               "without a lock");
  EXPECT_FAILS(brood_shared_value_release(value), BROOD_ATTRIBUTE_ERROR,
               "without a lock");
  brood_shared_value_free(value);
}

// ----------------------------------------------------------------- Arrays --

class ObjectsArrays : public ObjectsValues {
 protected:
  static constexpr int64_t kLength = 10;

  void SetUp() override {
    ObjectsValues::SetUp();
    array_ = brood_shared_array_new(Context(), 'h', kLength, nullptr);
    ASSERT_NE(array_, nullptr);
    for (int64_t i = 0; i < kLength; i++) {
      EXPECT_WORKS(brood_shared_array_set_int64(array_, i, i));
    }
  }
  void TearDown() override {
    brood_shared_array_free(array_);
    ObjectsValues::TearDown();
  }

  std::vector<short> All() {
    auto *first = (short *)brood_shared_array_get_obj(array_);
    return std::vector<short>(first, first + kLength);
  }

  brood_shared_array *array_;
};
INSTANTIATE_TEST_SUITE_P(Methods, ObjectsArrays, testing::Values("spawn"),
                         NameOfParam);

TEST_P(ObjectsArrays, Indices) {
  int64_t number = 77;
  for (int64_t i = 0; i < kLength; i++) {
    EXPECT_WORKS(brood_shared_array_get_int64(array_, i, &number));
    EXPECT_EQ(number, i);
    EXPECT_WORKS(brood_shared_array_get_int64(array_, i - kLength, &number));
    EXPECT_EQ(number, i);
  }
  for (int64_t i : {kLength, -kLength - 1, INT64_MAX, INT64_MIN}) {
    number = 77;
    EXPECT_EQ(brood_shared_array_get_int64(array_, i, &number),
              BROOD_INDEX_ERROR);
    EXPECT_EQ(number, 77);
    EXPECT_EQ(brood_shared_array_set_int64(array_, i, 1), BROOD_INDEX_ERROR);
    double real;
    EXPECT_EQ(brood_shared_array_get_double(array_, i, &real),
              BROOD_INDEX_ERROR);
  }
}

// Every slice that there is, and many that there are not, beside the plain way.
TEST_P(ObjectsArrays, Slices) {
  const std::vector<short> all = All();
  for (int64_t start = -kLength - 2; start <= kLength + 1; start++) {
    for (int64_t step = -4; step <= 4; step++) {
      for (int64_t count = 0; count <= kLength + 1; count++) {
        int64_t first = start < 0 ? start + kLength : start;
        int64_t last = first + step * (count - 1);
        bool inside =
            first >= 0 && first < kLength && last >= 0 && last < kLength;
        std::vector<short> out((size_t)kLength + 2, -1), expected = out;
        int r = brood_shared_array_read(array_, start, step, count, out.data());
        SCOPED_TRACE(testing::Message()
                     << start << " " << step << " " << count);
        if (step == 0) {
          ASSERT_EQ(r, BROOD_VALUE_ERROR);
        } else if (count > 0 && !inside) {
          ASSERT_EQ(r, BROOD_INDEX_ERROR);
        } else {
          ASSERT_EQ(r, 0);
          for (int64_t i = 0; i < count; i++) {
            expected[(size_t)i] = all[(size_t)(first + step * i)];
          }
        }
        ASSERT_EQ(out, expected);
        if (r != 0) {
          ASSERT_EQ(brood_shared_array_write(array_, start, step, count,
                                             expected.data()),
                    r);
        } else {
          ASSERT_EQ(brood_shared_array_write(array_, start, step, count,
                                             expected.data()),
                    0);
        }
        ASSERT_EQ(All(), all);
      }
    }
  }
}

TEST_P(ObjectsArrays, AWrittenSliceChangesNothingElse) {
  const short numbers[] = {100, 101, 102};
  EXPECT_WORKS(brood_shared_array_write(array_, -1, -3, 3, numbers));
  EXPECT_EQ(All(), (std::vector<short>{0, 1, 2, 102, 4, 5, 101, 7, 8, 100}));
}

TEST_P(ObjectsArrays, SlicesBeyondAllNumbers) {
  short out = 77;
  for (int64_t extreme : {INT64_MIN, INT64_MIN + 1, INT64_MAX - 1, INT64_MAX}) {
    EXPECT_EQ(brood_shared_array_read(array_, extreme, 1, 1, &out),
              BROOD_INDEX_ERROR);
    EXPECT_EQ(brood_shared_array_read(array_, 0, extreme, 2, &out),
              BROOD_INDEX_ERROR);
    EXPECT_EQ(brood_shared_array_read(array_, 9, extreme, 2, &out),
              BROOD_INDEX_ERROR);
    EXPECT_EQ(brood_shared_array_read(array_, 0, 1, extreme, &out),
              extreme < 0 ? BROOD_VALUE_ERROR : BROOD_INDEX_ERROR);
    EXPECT_EQ(brood_shared_array_read(array_, 3, extreme,
                                      extreme < 0 ? INT64_MAX : extreme, &out),
              BROOD_INDEX_ERROR);
    EXPECT_EQ(out, 77);
    EXPECT_EQ(brood_shared_array_read(array_, 4, extreme, 1, &out), 0);
    EXPECT_EQ(out, 4);
    out = 77;
  }
  EXPECT_EQ(brood_shared_array_read(array_, 0, 1, -1, &out), BROOD_VALUE_ERROR);
}

TEST_P(ObjectsArrays, OfNoElements) {
  brood_shared_array *none =
      brood_shared_array_new(Context(), 'd', 0, BROOD_NO_LOCK);
  ASSERT_NE(none, nullptr);
  EXPECT_EQ(brood_shared_array_length(none), 0);
  double out = 7;
  EXPECT_EQ(brood_shared_array_get_double(none, 0, &out), BROOD_INDEX_ERROR);
  EXPECT_EQ(brood_shared_array_get_double(none, -1, &out), BROOD_INDEX_ERROR);
  EXPECT_EQ(brood_shared_array_read(none, 0, 1, 1, &out), BROOD_INDEX_ERROR);
  EXPECT_EQ(brood_shared_array_read(none, 0, 1, 0, &out), 0);
  EXPECT_EQ(out, 7);
  brood_shared_array_free(none);
}

}  // namespace
