// Proves that no system call that fails while queues are made, put into and got
// from loses an item or doubles one, or leaves anything behind: it is an error
// and nothing has happened, or it makes no difference.
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <unistd.h>

#include "lib/test/faults.h"
#include "lib/test/queues.h"

namespace {

class QueuesSweep : public ObjectsTest {
 protected:
  void SetUp() override {
    ObjectsTest::SetUp();
    lock_ = brood_lock_new(brood_get_context("fork"));
    null_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
    // A lock that was sent stays; what it costs is there before.
    Queue queue;
    EXPECT_WORKS(brood_queue_put(queue, brood_object(lock_), 0));
    EXPECT_EQ(queue.Get(0), "object");
  }
  void TearDown() override {
    close(null_);
    brood_lock_free(lock_);
    ObjectsTest::TearDown();
  }

  // What is in a queue: scalars, bytes beyond what a ring begins with, bytes
  // outside of it, and what has descriptors.
  std::vector<brood_value> Items() const {
    return {brood_int64(1),
            brood_bytes(inside_.data(), inside_.size()),
            brood_bytes(outside_.data(), outside_.size()),
            brood_descriptor(null_),
            brood_bytes(inside_.data(), inside_.size()),
            brood_object(lock_),
            brood_string("last")};
  }

  void ExpectFault(int error) {
    EXPECT_EQ(sys_fault_left(), 0);
    EXPECT_EQ(brood_error(), BROOD_OS_ERROR) << brood_error_message();
    EXPECT_EQ(brood_errno(), error) << brood_error_message();
  }

  // Puts until it is put: once more at most.
  void Put(brood_queue *queue, const brood_value &item, int error) {
    int before = brood_queue_qsize(queue);
    if (brood_queue_put(queue, item, 0) == 0) return;
    ExpectFault(error);
    EXPECT_EQ(brood_queue_qsize(queue), before);
    EXPECT_WORKS(brood_queue_put(queue, item, 0));
  }

  // Only what cannot be read from memory outside is lost.
  void ExpectItem(brood_queue *queue, const brood_value &item, int error) {
    int before = brood_queue_qsize(queue);
    brood_value value = brood_none();
    if (brood_queue_get(queue, &value, 0) < 0) {
      ExpectFault(error);
      EXPECT_EQ(value.type, BROOD_TYPE_NONE);
      if (item.size_bytes > BROOD_MAX_ITEM &&
          brood_queue_qsize(queue) == before - 1) {
        return;
      }
      EXPECT_EQ(brood_queue_qsize(queue), before);
      ASSERT_WORKS(brood_queue_get(queue, &value, 0));
    }
    ASSERT_EQ(value.type, item.type);
    if (item.type == BROOD_TYPE_BYTES) {
      EXPECT_TRUE(IsPattern(&value, item.size_bytes, 1));
    }
    if (item.type == BROOD_TYPE_OBJECT) {
      EXPECT_EQ(value.as.object, lock_);
    }
    brood_value_clear(&value);
  }

  std::vector<char> inside_ = Pattern(100000, 1);
  std::vector<char> outside_ = Pattern(BROOD_MAX_ITEM + 1, 1);
  brood_lock *lock_ = nullptr;
  int null_ = -1;
};
INSTANTIATE_TEST_SUITE_P(Methods, QueuesSweep, testing::Values("fork"),
                         NameOfParam);

TEST_P(QueuesSweep, MakingPuttingGetting) {
  ForEachFault([&](int error) {
    int descriptors = NumDescriptors(), arenas = NumArenas();
    brood_queue *queue = NewJoinable("fork");
    if (queue == nullptr) {
      ExpectFault(error);
      EXPECT_EQ(NumDescriptors(), descriptors);
      EXPECT_EQ(NumArenas(), arenas);
      return;
    }
    for (const brood_value &item : Items()) Put(queue, item, error);
    for (const brood_value &item : Items()) ExpectItem(queue, item, error);
    EXPECT_EQ(brood_queue_empty(queue), 1);
    for (size_t i = 0; i < Items().size(); i++) {
      EXPECT_WORKS(brood_queue_task_done(queue));
    }
    EXPECT_WORKS(brood_queue_join(queue, 0));
    brood_queue_free(queue);
    EXPECT_EQ(NumDescriptors(), descriptors);
    EXPECT_EQ(NumArenas(), arenas);
  });
}

// Several at once: those before the one that fails are put, or got.
TEST_P(QueuesSweep, Many) {
  Queue queue;
  const std::vector<brood_value> items = Items();
  ForEachFault([&](int error) {
    size_t put = 0;
    for (int tries = 0; put < items.size() && tries < 9; tries++) {
      int r = brood_queue_put_many(queue, &items[put], items.size() - put, 0);
      if (r < 0) ExpectFault(error);
      if (r > 0) put += (size_t)r;
    }
    ASSERT_EQ(put, items.size());
    std::vector<brood_value> out(items.size(), brood_none());
    size_t got = 0;
    for (int tries = 0; got < items.size() && tries < 9; tries++) {
      int before = brood_queue_qsize(queue);
      int r = brood_queue_get_many(queue, &out[got], items.size() - got, 0);
      if (r < 0) {
        ExpectFault(error);
        if (brood_queue_qsize(queue) < before) {
          EXPECT_GT(items[got].size_bytes, (size_t)BROOD_MAX_ITEM);
          out[got] = items[got]; /* lost */
          out[got++].as.data = nullptr;
        }
      }
      if (r > 0) got += (size_t)r;
    }
    ASSERT_EQ(got, items.size());
    for (size_t i = 0; i < items.size(); i++) {
      EXPECT_EQ(out[i].type, items[i].type);
      brood_value_clear(&out[i]);
    }
  });
}

}  // namespace
