// Proves what brood_wait tells of connections and descriptors.
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "lib/test/connections.h"

extern "C" {
#include "lib/sys/clock.h"
#include "lib/sys/fd.h"
}

namespace {

class PipesWait : public ObjectsTest {};
INSTANTIATE_TEST_SUITE_P(Methods, PipesWait, testing::Values("fork"),
                         NameOfParam);

std::vector<size_t> Wait(const Values &objects, int64_t timeout_ns) {
  std::vector<size_t> ready(objects.size() + 1, SIZE_MAX);
  int count =
      brood_wait(objects.data(), objects.size(), ready.data(), timeout_ns);
  EXPECT_GE(count, 0) << brood_error_message();
  EXPECT_EQ(ready[(size_t)count], SIZE_MAX);
  ready.resize((size_t)count);
  return ready;
}

using Indexes = std::vector<size_t>;

TEST_P(PipesWait, WaitGivesAllThatAreReadyInTheirOrder) {
  Connections a, b, c;
  Pipe other;
  Values objects = {brood_object(c.first), brood_object(a.first),
                    other.ReadingArgument(), brood_object(b.first)};
  EXPECT_EQ(Wait(objects, 0), Indexes());
  EXPECT_EQ(Wait(objects, -5), Indexes());
  EXPECT_WORKS(Send(b.second, "b"));
  EXPECT_EQ(Wait(objects, BROOD_FOREVER), Indexes({3}));
  EXPECT_WORKS(Send(c.second, "c"));
  other.Release();
  EXPECT_EQ(Wait(objects, kLong), Indexes({0, 2, 3}));
  EXPECT_EQ(Receive(b.first), "b");
  EXPECT_EQ(Wait(objects, kLong), Indexes({0, 2}));
  a.FreeSecond();
  EXPECT_EQ(Wait(objects, kLong), Indexes({0, 1, 2}));
}

TEST_P(PipesWait, WaitTakesAnythingTwice) {
  Connections a, b;
  EXPECT_WORKS(Send(a.second, "a"));
  Values objects = {brood_object(a.first), brood_object(b.first),
                    brood_object(a.first),
                    brood_descriptor(brood_connection_fileno(a.first))};
  EXPECT_EQ(Wait(objects, 0), Indexes({0, 2, 3}));
}

TEST_P(PipesWait, WaitTakesItsTime) {
  Connections a;
  for (const Values &objects : {Values(), Values{brood_object(a.first)}}) {
    int64_t begin = sys_clock_ns();
    EXPECT_EQ(Wait(objects, 20 * kMillisecond), Indexes());
    EXPECT_GE(sys_clock_ns() - begin, 20 * kMillisecond);
  }
  EXPECT_EQ(brood_wait(nullptr, 0, nullptr, 0), 0);
  std::thread sender([&] { EXPECT_WORKS(Send(a.second, "late")); });
  EXPECT_EQ(Wait({brood_object(a.first)}, kLong), Indexes({0}));
  sender.join();
}

TEST_P(PipesWait, WaitRefuses) {
  Connections a, closed;
  brood_lock *lock = brood_lock_new(brood_get_context("fork"));
  EXPECT_WORKS(Send(a.second, "ready"));
  EXPECT_WORKS(brood_connection_close(closed.first));
  size_t ready[2] = {77, 77};
  auto refuses = [&](brood_value value, int code, const char *text) {
    brood_value objects[] = {brood_object(a.first), value};
    EXPECT_FAILS(brood_wait(objects, 2, ready, kLong), code, text);
  };
  refuses(brood_object(closed.first), BROOD_OS_ERROR, "handle is closed");
  EXPECT_EQ(brood_errno(), EBADF);
  refuses(brood_descriptor(1000), BROOD_VALUE_ERROR,
          "value 1: descriptor 1000 is not open");
  refuses(brood_descriptor(-1), BROOD_VALUE_ERROR,
          "value 1: descriptor -1 is not open");
  refuses(brood_object(lock), BROOD_TYPE_ERROR, "is no connection");
  refuses(brood_object(nullptr), BROOD_TYPE_ERROR, "is no connection");
  refuses(brood_string("kestrel"), BROOD_TYPE_ERROR,
          "value 1, which is a string");
  brood_value object = brood_object(a.first);
  EXPECT_FAILS(brood_wait(nullptr, 1, ready, 0), BROOD_TYPE_ERROR,
               "1 values at");
  EXPECT_FAILS(brood_wait(&object, 1, nullptr, 0), BROOD_TYPE_ERROR,
               "1 values at");
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  // To which it is a fault to ask.
  EXPECT_FAILS(brood_wait(&object, SIZE_MAX / 8, ready, 0), BROOD_OS_ERROR,
               "cannot wait for");
#endif
  EXPECT_EQ(ready[0], 77u);
  brood_lock_free(lock);
}

TEST_P(PipesWait, WaitForAThousandDescriptors) {
  constexpr size_t kMany = 1000;
  Pipe ready, other;
  ready.Release();
  Values objects;
  Indexes expected;
  for (size_t i = 0; i < kMany; i++) {
    objects.push_back(i % 7 == 0 ? ready.ReadingArgument()
                                 : other.ReadingArgument());
    if (i % 7 == 0) expected.push_back(i);
  }
  EXPECT_EQ(Wait(objects, kLong), expected);
}

}  // namespace
