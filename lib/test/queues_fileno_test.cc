// Proves that the descriptor of a queue is readable when there is an item, in
// all processes that have the queue, whoever put it and whoever is killed, and
// not when there is none.
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/test/faults.h"
#include "lib/test/inside.h"
#include "lib/test/queues.h"
#include "lib/test/targets.h"
#include "lib/test/victim.h"

namespace {

bool IsReadable(int descriptor, int timeout_ms = 0) {
  pollfd one = {descriptor, POLLIN, 0};
  return poll(&one, 1, timeout_ms) == 1 && (one.revents & POLLIN) != 0;
}

bool IsReadable(brood_queue *queue, int timeout_ms = 0) {
  return IsReadable(brood_queue_fileno(queue), timeout_ms);
}

class QueuesFileno : public ObjectsTest {};
INSTANTIATE_METHODS(QueuesFileno);

// answer_watching(from, to, count): gets only what it was told of.
void answer_watching(const brood_args *args) {
  brood_queue *from = QueueAt(args, 0), *to = QueueAt(args, 1);
  for (int64_t i = Int64At(args, 2); i > 0; i--) {
    CHILD_CHECK(IsReadable(from, 10000));
    brood_value value = brood_none();
    CHILD_CHECK(brood_queue_get(from, &value, 0) == 0);
    CHILD_CHECK(brood_queue_put(to, value, kLong) == 0);
    brood_value_clear(&value);
  }
  CHILD_CHECK(!IsReadable(from));
}
BROOD_TARGET(answer_watching);

TEST_P(QueuesFileno, ToAndFro) {
  constexpr int kCount = 300;
  Queue there, back;
  int descriptor = brood_queue_fileno(back);
  ASSERT_GE(descriptor, 0) << brood_error_message();
  EXPECT_FALSE(IsReadable(descriptor));
  Process child(GetParam(), answer_watching,
                {there.Argument(), back.Argument(), brood_int64(kCount)});
  ASSERT_WORKS(child.Start());
  for (int i = 0; i < kCount; i++) {
    ASSERT_WORKS(there.Put(i));
    ASSERT_TRUE(IsReadable(descriptor, 10000));
    ASSERT_EQ(back.Number(0), i);
    ASSERT_FALSE(IsReadable(descriptor));
  }
  EXPECT_WORKS(child.Join());
  EXPECT_EQ(child.Code(), 0);
}

class QueuesFilenoHere : public ObjectsTest {};
INSTANTIATE_TEST_SUITE_P(Methods, QueuesFilenoHere, testing::Values("fork"),
                         NameOfParam);

TEST_P(QueuesFilenoHere, StaysTheQueues) {
  Queue queue;
  int before = NumDescriptors();
  int descriptor = brood_queue_fileno(queue);
  ASSERT_GE(descriptor, 0) << brood_error_message();
  EXPECT_EQ(brood_queue_fileno(queue), descriptor);
  EXPECT_EQ(NumDescriptors(), before);
  EXPECT_NE(fcntl(descriptor, F_GETFD) & FD_CLOEXEC, 0);
}

// As often as there is one, not once.
TEST_P(QueuesFilenoHere, ByLevelInEpoll) {
  Queue queue(NewJoinable("fork"));
  EXPECT_WORKS(queue.Put(1));
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event = {};
  event.events = EPOLLIN;
  ASSERT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, brood_queue_fileno(queue), &event),
            0);
  EXPECT_WORKS(queue.Put(2));
  EXPECT_EQ(epoll_wait(epoll, &event, 1, 0), 1);
  EXPECT_EQ(queue.Number(), 1);
  EXPECT_EQ(epoll_wait(epoll, &event, 1, 0), 1);
  EXPECT_EQ(queue.Number(), 2);
  EXPECT_EQ(epoll_wait(epoll, &event, 1, 0), 0);
  EXPECT_WORKS(queue.Put(3));
  EXPECT_EQ(epoll_wait(epoll, &event, 1, 0), 1);
  close(epoll);
}

// Several at once, what has descriptors, what fills a large ring.
TEST_P(QueuesFilenoHere, OfItemsOfAllKinds) {
  Queue queue;
  ASSERT_FALSE(IsReadable(queue));
  int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  std::vector<char> large = Pattern(BROOD_MAX_ITEM / 2, 1);
  brood_value items[] = {brood_int64(1), brood_descriptor(null),
                         brood_bytes(large.data(), large.size())};
  for (const brood_value &item : items) {
    for (int count : {1, 3}) {
      for (int i = 0; i < count; i++) {
        EXPECT_WORKS(brood_queue_put(queue, item, 0));
      }
      for (int i = 0; i < count; i++) {
        EXPECT_TRUE(IsReadable(queue));
        brood_value value;
        EXPECT_WORKS(brood_queue_get(queue, &value, 0));
        brood_value_clear(&value);
      }
      EXPECT_FALSE(IsReadable(queue));
    }
  }
  brood_value out[3];
  EXPECT_EQ(brood_queue_put_many(queue, items, 1, 0), 1);
  EXPECT_TRUE(IsReadable(queue));
  EXPECT_EQ(brood_queue_get_many(queue, out, 3, 0), 1);
  EXPECT_FALSE(IsReadable(queue));
  close(null);
}

TEST_P(QueuesFilenoHere, OfASimpleQueue) {
  brood_simple_queue *queue = brood_simple_queue_new(brood_get_context("fork"));
  int descriptor = brood_simple_queue_fileno(queue);
  EXPECT_FALSE(IsReadable(descriptor));
  EXPECT_WORKS(brood_simple_queue_put(queue, brood_int64(1)));
  EXPECT_TRUE(IsReadable(descriptor));
  brood_value item;
  EXPECT_WORKS(brood_simple_queue_get(queue, &item));
  EXPECT_FALSE(IsReadable(descriptor));
  EXPECT_WORKS(brood_simple_queue_close(queue));
  EXPECT_FAILS(brood_simple_queue_fileno(queue), BROOD_OS_ERROR, "closed");
  brood_simple_queue_free(queue);
}

TEST_P(QueuesFilenoHere, OfNone) {
  EXPECT_FAILS(brood_queue_fileno(nullptr), BROOD_VALUE_ERROR, "not a queue");
  Queue queue;
  EXPECT_WORKS(brood_queue_close(queue));
  EXPECT_FAILS(brood_queue_fileno(queue), BROOD_VALUE_ERROR, "closed");
}

TEST_P(QueuesFilenoHere, WhileAnotherHoldsTheQueue) {
  Queue queue;
  Victim holder([&] { inside_hold_get_lock(queue); });
  holder.AwaitDone();
  EXPECT_FAILS(brood_queue_fileno(queue), BROOD_TIMEOUT, "holds the queue");
  holder.Kill();
  EXPECT_FALSE(IsReadable(queue));
  EXPECT_WORKS(queue.Put(1));
  EXPECT_TRUE(IsReadable(queue));
}

// Both are told; one gets it, and none is told any more.
TEST_P(QueuesFilenoHere, TwoWatchers) {
  Queue queue, told;
  auto watch = [&] {
    if (IsReadable(queue, 10000)) told.Put(1);
  };
  Victim first(watch), second(watch);
  EXPECT_WORKS(queue.Put(1));
  first.AwaitDone();
  second.AwaitDone();
  EXPECT_EQ(told.Number(), 1);
  EXPECT_EQ(told.Number(), 1);
  Victim getter([&] { queue.Number(); });
  getter.AwaitDone();
  EXPECT_FALSE(IsReadable(queue));
}

TEST_P(QueuesFilenoHere, AKilledWatcher) {
  Queue queue;
  Victim watcher([&] { IsReadable(queue); });
  watcher.AwaitDone();
  watcher.Kill();
  for (int i = 0; i < 3; i++) {
    EXPECT_WORKS(queue.Put(i));
    EXPECT_TRUE(IsReadable(queue));
    EXPECT_EQ(queue.Number(), i);
    EXPECT_FALSE(IsReadable(queue));
  }
}

// Killed between the notice and the item, which is the one order: a wait in
// vain, no wait for ever.
TEST_P(QueuesFilenoHere, AKilledPutter) {
  Queue queue;
  ASSERT_FALSE(IsReadable(queue));
  for (int i = 0; i < 3; i++) {
    Victim putter([&] { inside_begin_put(queue); });
    putter.AwaitDone();
    putter.Kill();
    EXPECT_TRUE(IsReadable(queue));
    if (i > 0) {
      brood_value item;
      EXPECT_FAILS(brood_queue_get_nowait(queue, &item), BROOD_EMPTY, "empty");
      EXPECT_FALSE(IsReadable(queue));
    }
    EXPECT_WORKS(queue.Put(i));
    EXPECT_TRUE(IsReadable(queue));
    EXPECT_EQ(queue.Number(), i);
    EXPECT_FALSE(IsReadable(queue));
  }
}

// Wherever processes are killed, no item is there without being told of.
TEST_P(QueuesFilenoHere, KilledAnywhere) {
  Queue queue;
  ASSERT_FALSE(IsReadable(queue));
  for (int round = 0; round < 30; round++) {
    Victim both([&] {
      for (;;) {
        queue.Put(1);
        queue.Get(0);
      }
    });
    usleep((useconds_t)(random() % 3000));
    both.Kill();
    if (brood_queue_qsize(queue) > 0) {
      ASSERT_TRUE(IsReadable(queue));
    }
    while (queue.Get(0) != "Empty") continue;
    ASSERT_FALSE(IsReadable(queue));
    ASSERT_WORKS(queue.Put(2));
    ASSERT_TRUE(IsReadable(queue));
  }
}

// A process that has closed the descriptors cannot tell of an item: it puts
// none.
TEST_P(QueuesFilenoHere, ClosedByTheProgram) {
  Queue queue;
  int descriptor = brood_queue_fileno(queue);
  ASSERT_FALSE(IsReadable(descriptor));
  Shared<int[2]> errors;
  Victim putter([&] {
    for (int fd = descriptor - 10; fd < descriptor + 10; fd++) {
      struct stat status;
      if (fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode)) close(fd);
    }
    if (brood_queue_fileno(queue) < 0) (*errors.get())[0] = brood_errno();
    if (queue.Put(1, 0) < 0) (*errors.get())[1] = brood_errno();
  });
  putter.AwaitDone();
  EXPECT_EQ((*errors.get())[0], EBADF);
  EXPECT_EQ((*errors.get())[1], EBADF);
  EXPECT_EQ(brood_queue_qsize(queue), 0);
  EXPECT_FALSE(IsReadable(descriptor));
}

TEST_P(QueuesFilenoHere, CallsThatFail) {
  ForEachFault([&](int error) {
    brood_queue *made = brood_queue_new(brood_get_context("fork"), 0);
    Queue queue(
        made != nullptr ? made : brood_queue_new(brood_get_context("fork"), 0));
    int descriptor = brood_queue_fileno(queue);
    if (descriptor < 0) {
      EXPECT_EQ(brood_errno(), error);
      descriptor = brood_queue_fileno(queue);
    }
    ASSERT_GE(descriptor, 0) << brood_error_message();
    for (int i = 0; i < 2; i++) {
      if (queue.Put(i, 0) < 0) {
        EXPECT_EQ(brood_errno(), error);
        EXPECT_EQ(brood_queue_qsize(queue), 0);
        ASSERT_WORKS(queue.Put(i, 0));
      }
      EXPECT_TRUE(IsReadable(descriptor));
      EXPECT_EQ(queue.Number(0), i);
    }
    // Where it could not be taken out the next who looks does that.
    EXPECT_EQ(queue.Get(0), "Empty");
    EXPECT_FALSE(IsReadable(descriptor));
  });
}

}  // namespace
