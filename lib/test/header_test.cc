// Proves what header.c proves, to a C++ program, and with numbers that the
// compiler does not know.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <string>
#include <type_traits>

#include "brood.h"

namespace {

static_assert(BROOD_SECONDS(3) == INT64_C(3000000000), "");
static_assert(BROOD_MILLISECONDS(5000) == BROOD_SECONDS(5), "");
static_assert(BROOD_SECONDS(INT32_MAX) == INT64_C(2147483647000000000), "");
static_assert(BROOD_SECONDS(INT32_MIN) == INT64_C(-2147483648000000000), "");
static_assert(BROOD_SECONDS(UINT32_MAX) == INT64_C(4294967295000000000), "");
static_assert(std::is_same<decltype(BROOD_SECONDS(1)), int64_t>::value, "");
static_assert(std::is_same<decltype(BROOD_MILLISECONDS(1)), int64_t>::value,
              "");

// In an int the first is 705,032,704, and the second negative: a poll.
TEST(Header, SecondsOfAnIntAreSeconds) {
  volatile int five = 5, three = 3;
  EXPECT_EQ(BROOD_SECONDS(five), INT64_C(5000000000));
  EXPECT_EQ(BROOD_SECONDS(three), INT64_C(3000000000));
  EXPECT_EQ(BROOD_MILLISECONDS(five), INT64_C(5000000));
  int64_t half = BROOD_SECONDS(0.5);
  EXPECT_EQ(half, BROOD_MILLISECONDS(500));
}

TEST(Header, VersionIsTheLibrarys) {
  EXPECT_EQ(brood_version(), std::to_string(BROOD_VERSION_MAJOR) + "." +
                                 std::to_string(BROOD_VERSION_MINOR) + "." +
                                 std::to_string(BROOD_VERSION_PATCH));
}

}  // namespace
