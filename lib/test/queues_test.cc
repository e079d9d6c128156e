// Proves what one process sees of queues: order, limits, timeouts, sizes of
// items from nothing to megabytes, closing, and each error.
// SPDX-License-Identifier: MIT
#include "lib/test/queues.h"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <filesystem>
#include <fstream>
#include <thread>

namespace {

constexpr size_t kInside = BROOD_MAX_ITEM;

class QueuesTest : public ObjectsTest {};
INSTANTIATE_TEST_SUITE_P(Methods, QueuesTest, testing::Values("fork"),
                         NameOfParam);

TEST_P(QueuesTest, EachTypeArrivesAsItself) {
  Queue queue;
  const std::vector<brood_value> values = {
      brood_none(),           brood_bool(true),       brood_bool(false),
      brood_int64(INT64_MIN), brood_int64(INT64_MAX), brood_double(-0.5),
      brood_string(""),       brood_string("grüße"),  brood_bytes("", 0),
      brood_bytes("a\0b", 3), brood_bytes(nullptr, 0)};
  for (const brood_value &value : values) {
    EXPECT_WORKS(brood_queue_put(queue, value, 0));
  }
  for (const char *text :
       {"none", "true", "false", "-9223372036854775808", "9223372036854775807",
        "-0.500000", "", "grüße", "b"}) {
    EXPECT_EQ(queue.Get(0), text);
  }
  EXPECT_EQ(queue.Get(0), std::string("ba\0b", 4));
  EXPECT_EQ(queue.Get(0), "b");
  EXPECT_EQ(queue.Get(0), "Empty");
}

TEST_P(QueuesTest, FirstInFirstOut) {
  Queue queue;
  for (int i = 0; i < 10000; i++) EXPECT_WORKS(queue.Put(i, 0));
  EXPECT_EQ(brood_queue_qsize(queue), 10000);
  for (int i = 0; i < 10000; i++) EXPECT_EQ(queue.Number(0), i);
  EXPECT_EQ(brood_queue_qsize(queue), 0);
}

// Around every limit: of what goes round the end of a ring, of what a ring
// begins with, of what is inside of it at all.
TEST_P(QueuesTest, ItemsOfAllSizesStayWhole) {
  Queue queue;
  uint32_t seed = 0;
  for (size_t size : {size_t{1}, size_t{7}, size_t{8}, size_t{9}, size_t{4095},
                      size_t{16384}, size_t{65528}, size_t{65536}, kInside - 1,
                      kInside, kInside + 1, size_t{1} << 20, size_t{5} << 20}) {
    for (int i = 0; i < 3; i++) {
      std::vector<char> bytes = Pattern(size, seed + i);
      ASSERT_WORKS(
          brood_queue_put(queue, brood_bytes(bytes.data(), size), kLong));
    }
    for (int i = 0; i < 3; i++) {
      brood_value value = brood_none();
      ASSERT_WORKS(brood_queue_get(queue, &value, kLong));
      EXPECT_TRUE(IsPattern(&value, size, seed + i)) << size;
    }
    seed += 3;
  }
}

TEST_P(QueuesTest, LargeTextEndsWithNul) {
  Queue queue;
  std::string text(3 << 20, 'x');
  EXPECT_WORKS(queue.Put(text));
  EXPECT_EQ(queue.Get(), text);
}

// What is in the ring when it grows is not where it belongs in a larger one,
// wherever it began.
TEST_P(QueuesTest, GrowingKeepsOrderAndBytes) {
  for (size_t start : {0, 1, 4000, 8191}) {
    Queue queue;
    for (size_t i = 0; i < start; i++) {
      ASSERT_WORKS(queue.Put(0, 0));
      ASSERT_EQ(queue.Number(0), 0);
    }
    int put = 0, got = 0;
    for (int round = 0; round < 200; round++) {
      for (int i = 0; i < 30; i++) {
        std::vector<char> bytes = Pattern(round * 7 + i, put);
        ASSERT_WORKS(
            brood_queue_put(queue, brood_bytes(bytes.data(), bytes.size()), 0));
        put++;
      }
      for (int i = 0; i < 20; i++, got++) {
        brood_value value = brood_none();
        ASSERT_WORKS(brood_queue_get(queue, &value, 0));
        ASSERT_TRUE(IsPattern(&value, got / 30 * 7 + got % 30, got));
      }
    }
    for (; got < put; got++) {
      brood_value value = brood_none();
      ASSERT_WORKS(brood_queue_get(queue, &value, 0));
      ASSERT_TRUE(IsPattern(&value, got / 30 * 7 + got % 30, got));
    }
  }
}

// Bytes in the memory that this process has descriptors of.
int64_t SharedMemory() {
  int64_t blocks = 0;
  for (const auto &entry :
       std::filesystem::directory_iterator("/proc/self/fd")) {
    struct stat status;
    std::error_code none;
    std::string path = std::filesystem::read_symlink(entry, none).string();
    if (path.rfind("/memfd:", 0) == 0 &&
        stat(entry.path().c_str(), &status) == 0) {
      blocks += status.st_blocks;
    }
  }
  return blocks * 512;
}

TEST_P(QueuesTest, HoldsWhatIsPromisedAndGivesItBack) {
  Queue queue;
  int64_t before = SharedMemory();
  const size_t size = 100000;
  std::vector<char> bytes = Pattern(size, 1);
  brood_value item = brood_bytes(bytes.data(), size);
  size_t count = 0;
  while (brood_queue_put_nowait(queue, item) == 0) count++;
  EXPECT_EQ(brood_error(), BROOD_FULL) << brood_error_message();
  EXPECT_EQ(count, BROOD_MAX_QUEUE / (size + 8));
  EXPECT_FAILS(brood_queue_put(queue, item, kMillisecond), BROOD_FULL,
               std::to_string(count));
  EXPECT_EQ(brood_queue_full(queue), 0) << "of maxsize there is none";
  EXPECT_GT(SharedMemory() - before, BROOD_MAX_QUEUE / 4 * 3);
  for (size_t i = 0; i < count; i++) {
    brood_value value = brood_none();
    ASSERT_WORKS(brood_queue_get(queue, &value, 0));
    ASSERT_TRUE(IsPattern(&value, size, 1));
  }
  EXPECT_LT(SharedMemory() - before, BROOD_MAX_QUEUE / 4);
  EXPECT_WORKS(brood_queue_put_nowait(queue, item));
  EXPECT_EQ(brood_queue_qsize(queue), 1);
}

TEST_P(QueuesTest, MaxsizeIsTheNumberOfItems) {
  Queue queue("fork", 2);
  EXPECT_WORKS(queue.Put("a", 0));
  EXPECT_EQ(brood_queue_full(queue), 0);
  EXPECT_WORKS(queue.Put("b", 0));
  EXPECT_EQ(brood_queue_full(queue), 1);
  EXPECT_FAILS(queue.Put("c", 0), BROOD_FULL, "2 items");
  EXPECT_FAILS(brood_queue_put_nowait(queue, brood_none()), BROOD_FULL, "full");
  EXPECT_FAILS(queue.Put("c", kMillisecond), BROOD_FULL, "full");
  EXPECT_EQ(queue.Get(0), "a");
  EXPECT_WORKS(queue.Put("c", 0));
  EXPECT_EQ(queue.Get(0), "b");
  EXPECT_EQ(queue.Get(0), "c");
}

TEST_P(QueuesTest, ZeroAndNegativeMaxsizesAreNone) {
  for (int64_t maxsize : {INT64_C(0), INT64_C(-1), INT64_MIN}) {
    Queue queue("fork", maxsize);
    for (int i = 0; i < 100; i++) EXPECT_WORKS(queue.Put(i, 0));
    EXPECT_EQ(brood_queue_full(queue), 0);
  }
  EXPECT_NULL_FAILS(brood_queue_new(nullptr, INT64_C(1) << 31),
                    BROOD_OVERFLOW_ERROR, "2147483648");
  Queue largest("fork", BROOD_MAX_MAXSIZE);
  EXPECT_WORKS(largest.Put(1, 0));
}

TEST_P(QueuesTest, EmptyWaitsAsLongAsItSays) {
  Queue queue;
  brood_value value = brood_int64(5);
  EXPECT_FAILS(brood_queue_get(queue, &value, 0), BROOD_EMPTY, "empty");
  EXPECT_FAILS(brood_queue_get(queue, &value, -1), BROOD_EMPTY, "empty");
  EXPECT_FAILS(brood_queue_get_nowait(queue, &value), BROOD_EMPTY, "empty");
  EXPECT_FAILS(brood_queue_get(queue, &value, kMillisecond), BROOD_EMPTY,
               "empty");
  EXPECT_EQ(value.as.int64, 5) << "outputs are written on success only";
  EXPECT_EQ(brood_queue_empty(queue), 1);
}

// Whoever waits is woken by the other side: a slice would be much longer than
// all of these together, and the test then takes its time.
TEST_P(QueuesTest, WaitersAreWoken) {
  Queue there("fork", 1), back("fork", 1);
  std::thread other([&] {
    for (int i = 0; i < 300; i++) ASSERT_WORKS(back.Put(there.Number() + 1));
  });
  for (int i = 0; i < 300; i++) {
    ASSERT_WORKS(there.Put(i));
    ASSERT_EQ(back.Number(), i + 1);
  }
  other.join();
}

// How often a thread of this process has slept.
int64_t NumSleeps(pid_t thread) {
  std::ifstream file("/proc/self/task/" + std::to_string(thread) + "/status");
  std::string word;
  int64_t number = -1;
  while (file >> word && word != "voluntary_ctxt_switches:") continue;
  file >> number;
  return number;
}

// Who waits for room does so at first until much is free, but not for long.
TEST_P(QueuesTest, EachItemGotIsRoomForOne) {
  for (int64_t maxsize : {1, 2, 31, 32, 4096}) {
    for (int sleeps : {1, 2}) {
      Queue queue("fork", maxsize);
      for (int64_t i = 0; i < maxsize; i++) ASSERT_WORKS(queue.Put(i, 0));
      std::vector<std::thread> threads;
      for (int i = 0; i < 2; i++) {
        std::atomic<pid_t> id{0};
        threads.emplace_back([&] {
          id = gettid();
          EXPECT_WORKS(queue.Put(-1));
        });
        ASSERT_TRUE(WaitUntil([&] { return NumSleeps(id) >= sleeps; }));
      }
      EXPECT_EQ(queue.Number(), 0);
      EXPECT_EQ(queue.Number(), maxsize == 1 ? -1 : 1);
      for (std::thread &thread : threads) thread.join();
      EXPECT_EQ(brood_queue_full(queue), 1);
    }
  }
}

TEST_P(QueuesTest, ManyAtOnce) {
  Queue queue("fork", 5);
  std::vector<brood_value> items;
  for (int i = 0; i < 8; i++) items.push_back(brood_int64(i));
  EXPECT_EQ(brood_queue_put_many(queue, items.data(), 8, 0), 5);
  EXPECT_FAILS(brood_queue_put_many(queue, items.data(), 8, 0), BROOD_FULL,
               "5 items");
  EXPECT_EQ(brood_queue_put_many(queue, nullptr, 0, 0), 0);
  brood_value out[8];
  EXPECT_EQ(brood_queue_get_many(queue, out, 3, 0), 3);
  for (int i = 0; i < 3; i++) EXPECT_EQ(out[i].as.int64, i);
  EXPECT_EQ(brood_queue_get_many(queue, out, 8, kLong), 2);
  EXPECT_EQ(out[1].as.int64, 4);
  EXPECT_FAILS(brood_queue_get_many(queue, out, 8, 0), BROOD_EMPTY, "empty");
  EXPECT_FAILS(brood_queue_get_many(queue, nullptr, 8, 0), BROOD_TYPE_ERROR,
               "8 items at NULL");
  EXPECT_FAILS(brood_queue_get_many(queue, out, 0, 0), BROOD_VALUE_ERROR,
               "0 items");
  EXPECT_FAILS(brood_queue_put_many(queue, nullptr, 2, 0), BROOD_TYPE_ERROR,
               "2 items at NULL");
  EXPECT_FAILS(brood_queue_put_many(queue, items.data(),
                                    (size_t)BROOD_MAX_MAXSIZE + 1, 0),
               BROOD_VALUE_ERROR, "2147483648 items");
}

// Large items, after as many as the ring takes, are kept outside, and come in
// order. A maxsize holds nevertheless.
TEST_P(QueuesTest, MoreLargeItemsThanTheRingTakes) {
  constexpr size_t kSize = 1 << 19;
  constexpr int kCount = BROOD_MAX_QUEUE / kSize + 10;
  Queue queue, two("fork", 2);
  std::vector<char> bytes = Pattern(kSize, 5);
  brood_value item = brood_bytes(bytes.data(), kSize);
  for (int i = 0; i < kCount; i++) {
    memcpy(bytes.data(), &i, sizeof i);
    ASSERT_WORKS(brood_queue_put(queue, item, 0)) << i;
  }
  EXPECT_EQ(brood_queue_qsize(queue), kCount);
  for (int i = 0; i < kCount; i++) {
    brood_value got = brood_none();
    ASSERT_WORKS(brood_queue_get(queue, &got, 0)) << i;
    memcpy(bytes.data(), &i, sizeof i);
    ASSERT_EQ(got.size_bytes, kSize);
    EXPECT_EQ(memcmp(got.as.data, bytes.data(), kSize), 0) << i;
    brood_value_clear(&got);
  }
  for (int i = 0; i < 2; i++) EXPECT_WORKS(brood_queue_put(two, item, 0));
  EXPECT_FAILS(brood_queue_put(two, item, 0), BROOD_FULL, "2 items");
}

// One hold of the queue gets no more than some bytes, so that others get some.
TEST_P(QueuesTest, ManyLargeOnesAreNotGotAtOnce) {
  Queue queue;
  std::vector<char> bytes = Pattern(40000, 6);
  std::vector<brood_value> items(4, brood_bytes(bytes.data(), bytes.size()));
  EXPECT_EQ(brood_queue_put_many(queue, items.data(), 4, 0), 4);
  brood_value out[4];
  for (int i = 0; i < 2; i++) {
    ASSERT_EQ(brood_queue_get_many(queue, out, 4, 0), 2);
    for (int k = 0; k < 2; k++) EXPECT_TRUE(IsPattern(&out[k], 40000, 6));
  }
  EXPECT_EQ(brood_queue_empty(queue), 1);
}

// Good ones before a bad one are put; the bad one is reported when it is first.
TEST_P(QueuesTest, ManyStopAtABadOne) {
  Queue queue;
  const brood_value items[] = {brood_int64(1), brood_int64(2),
                               brood_string(nullptr), brood_int64(4)};
  EXPECT_EQ(brood_queue_put_many(queue, items, 4, 0), 2);
  EXPECT_FAILS(brood_queue_put_many(queue, items + 2, 2, 0), BROOD_TYPE_ERROR,
               "NULL");
  EXPECT_EQ(brood_queue_qsize(queue), 2);
}

// More than one hold of the lock puts, and more than a ring holds at first.
TEST_P(QueuesTest, ManyMoreThanTheRingHolds) {
  Queue queue;
  std::vector<brood_value> items(50000, brood_string("sixteen letters."));
  EXPECT_EQ(brood_queue_put_many(queue, items.data(), items.size(), 0), 50000);
  std::vector<brood_value> out(50000);
  size_t got = 0;
  while (got < out.size()) {
    int r = brood_queue_get_many(queue, &out[got], out.size() - got, 0);
    ASSERT_GT(r, 0) << brood_error_message();
    got += (size_t)r;
  }
  for (brood_value &value : out) ASSERT_EQ(TextOf(&value), "sixteen letters.");
}

TEST_P(QueuesTest, BadItemsAreRefusedAndNothingIsPut) {
  Queue queue;
  int here = 0;
  EXPECT_FAILS(brood_queue_put(queue, brood_pointer(&here), 0),
               BROOD_TYPE_ERROR, "pointer");
  EXPECT_FAILS(brood_queue_put(queue, brood_string(nullptr), 0),
               BROOD_TYPE_ERROR, "NULL");
  EXPECT_FAILS(brood_queue_put(queue, brood_bytes(nullptr, 3), 0),
               BROOD_TYPE_ERROR, "NULL");
  EXPECT_FAILS(brood_queue_put(queue, brood_object(&here), 0), BROOD_TYPE_ERROR,
               "no shared object");
  EXPECT_FAILS(brood_queue_put(
                   queue, brood_bytes(&here, (size_t)BROOD_MAX_MESSAGE + 1), 0),
               BROOD_VALUE_ERROR, "4294967297");
  EXPECT_FAILS(brood_queue_put(queue, brood_descriptor(-3), 0), BROOD_OS_ERROR,
               "-3");
  EXPECT_FAILS(brood_queue_put(queue, brood_descriptor(987), 0), BROOD_OS_ERROR,
               "987");
  EXPECT_EQ(brood_errno(), EBADF);
  brood_value unknown = brood_none();
  unknown.type = static_cast<enum brood_type>(77);
  EXPECT_FAILS(brood_queue_put(queue, unknown, 0), BROOD_TYPE_ERROR, "77");
  EXPECT_EQ(brood_queue_empty(queue), 1);
  EXPECT_WORKS(queue.Put("still works", 0));
}

TEST_P(QueuesTest, ClosedForThisProcessOnly) {
  Queue queue, other;
  EXPECT_FAILS(brood_queue_join_thread(queue), BROOD_ASSERTION_ERROR,
               "not closed");
  EXPECT_WORKS(brood_queue_cancel_join_thread(queue));
  EXPECT_WORKS(queue.Put("kept", 0));
  EXPECT_WORKS(brood_queue_close(queue));
  EXPECT_WORKS(brood_queue_close(queue));
  EXPECT_WORKS(brood_queue_join_thread(queue));
  brood_value value;
  EXPECT_FAILS(queue.Put("a", 0), BROOD_VALUE_ERROR, "is closed");
  EXPECT_FAILS(brood_queue_get(queue, &value, 0), BROOD_VALUE_ERROR,
               "is closed");
  EXPECT_FAILS(brood_queue_qsize(queue), BROOD_VALUE_ERROR, "is closed");
  EXPECT_FAILS(brood_queue_empty(queue), BROOD_VALUE_ERROR, "is closed");
  EXPECT_FAILS(brood_queue_full(queue), BROOD_VALUE_ERROR, "is closed");
  EXPECT_WORKS(other.Put("open", 0));
  InFork([&] { EXPECT_EQ(queue.Get(0), "kept"); });
}

TEST_P(QueuesTest, WhatIsNoQueueIsRefused) {
  brood_lock *lock = brood_lock_new(brood_get_context("fork"));
  brood_queue *queue = reinterpret_cast<brood_queue *>(lock);
  brood_value value;
  EXPECT_FAILS(brood_queue_put(queue, brood_none(), 0), BROOD_VALUE_ERROR,
               "not a queue");
  EXPECT_FAILS(brood_queue_get(queue, &value, 0), BROOD_VALUE_ERROR,
               "not a queue");
  EXPECT_FAILS(brood_queue_close(queue), BROOD_VALUE_ERROR, "not a queue");
  EXPECT_FAILS(brood_queue_task_done(nullptr), BROOD_VALUE_ERROR, "not a");
  EXPECT_FAILS(brood_queue_join(nullptr, 0), BROOD_VALUE_ERROR, "not a");
  EXPECT_FAILS(brood_simple_queue_empty(nullptr), BROOD_VALUE_ERROR, "simple");
  EXPECT_EQ(brood_queue_free(queue), nullptr);
  EXPECT_EQ(brood_error(), BROOD_VALUE_ERROR);
  EXPECT_EQ(brood_queue_free(nullptr), nullptr);
  brood_lock_free(lock);
}

TEST_P(QueuesTest, Joinable) {
  Queue queue(NewJoinable("fork"));
  EXPECT_WORKS(brood_queue_join(queue, 0));
  EXPECT_FAILS(brood_queue_task_done(queue), BROOD_VALUE_ERROR,
               "too many times");
  EXPECT_WORKS(queue.Put("a", 0));
  EXPECT_WORKS(queue.Put("b", 0));
  EXPECT_FAILS(brood_queue_join(queue, 0), BROOD_TIMEOUT, "2 items");
  EXPECT_EQ(queue.Get(0), "a");
  EXPECT_WORKS(brood_queue_task_done(queue));
  EXPECT_EQ(queue.Get(0), "b");
  EXPECT_FAILS(brood_queue_join(queue, kMillisecond), BROOD_TIMEOUT, "1 item");
  std::thread joiner([&] { EXPECT_WORKS(brood_queue_join(queue, kLong)); });
  EXPECT_WORKS(brood_queue_task_done(queue));
  joiner.join();
  EXPECT_FAILS(brood_queue_task_done(queue), BROOD_VALUE_ERROR, "2 items");
}

TEST_P(QueuesTest, OnlyJoinableOnesCanBeJoined) {
  Queue queue;
  EXPECT_FAILS(brood_queue_task_done(queue), BROOD_ATTRIBUTE_ERROR,
               "task_done");
  EXPECT_FAILS(brood_queue_join(queue, 0), BROOD_ATTRIBUTE_ERROR, "join");
}

TEST_P(QueuesTest, Simple) {
  brood_simple_queue *queue = brood_simple_queue_new(brood_get_context("fork"));
  ASSERT_NE(queue, nullptr);
  EXPECT_EQ(brood_simple_queue_empty(queue), 1);
  EXPECT_WORKS(brood_simple_queue_put(queue, brood_string("a")));
  EXPECT_WORKS(brood_simple_queue_put(queue, brood_int64(2)));
  EXPECT_FAILS(brood_simple_queue_put(queue, brood_pointer(&queue)),
               BROOD_TYPE_ERROR, "pointer");
  EXPECT_EQ(brood_simple_queue_empty(queue), 0);
  brood_value value = brood_none();
  EXPECT_WORKS(brood_simple_queue_get(queue, &value));
  EXPECT_EQ(TextOf(&value), "a");
  EXPECT_WORKS(brood_simple_queue_get(queue, &value));
  EXPECT_EQ(TextOf(&value), "2");
  EXPECT_WORKS(brood_simple_queue_close(queue));
  EXPECT_WORKS(brood_simple_queue_close(queue));
  EXPECT_FAILS(brood_simple_queue_put(queue, brood_none()), BROOD_OS_ERROR,
               "handle is closed");
  EXPECT_EQ(brood_errno(), EBADF);
  EXPECT_FAILS(brood_simple_queue_get(queue, &value), BROOD_OS_ERROR,
               "handle is closed");
  EXPECT_FAILS(brood_simple_queue_empty(queue), BROOD_OS_ERROR,
               "handle is closed");
  EXPECT_EQ(brood_simple_queue_free(queue), nullptr);
}

TEST_P(QueuesTest, TheDefaultContextIsFixedByQueues) {
  InFork([] {
    EXPECT_WORKS(brood_set_start_method(nullptr, BROOD_FORCE));
    brood_queue_free(brood_queue_new(brood_get_context("spawn"), 0));
    EXPECT_EQ(brood_get_start_method(BROOD_ALLOW_NONE), nullptr);
    brood_simple_queue_free(brood_simple_queue_new(nullptr));
    EXPECT_NE(brood_get_start_method(BROOD_ALLOW_NONE), nullptr);
  });
}

}  // namespace
