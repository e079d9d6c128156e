// Proves that queues work between processes of every method, that what was put
// is there when put has returned, that objects, descriptors and connections
// travel through them, and that whoever is killed in a call stops nobody.
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <set>

#include "lib/test/queues.h"
#include "lib/test/targets.h"
#include "lib/test/victim.h"

namespace {

class QueuesProcesses : public ObjectsTest {};
INSTANTIATE_METHODS(QueuesProcesses);

// echo(from, to, count)
void echo(const brood_args *args) {
  brood_queue *from = QueueAt(args, 0), *to = QueueAt(args, 1);
  for (int64_t i = Int64At(args, 2); i > 0; i--) {
    brood_value value = brood_none();
    CHILD_CHECK(brood_queue_get(from, &value, kLong) == 0);
    CHILD_CHECK(brood_queue_put(to, value, kLong) == 0);
    brood_value_clear(&value);
  }
}
BROOD_TARGET(echo);

// put_and_die(queue): items of three kinds, and SIGKILL.
void put_and_die(const brood_args *args) {
  brood_queue *queue = QueueAt(args, 0);
  std::vector<char> large = Pattern(BROOD_MAX_ITEM + 1, 3);
  CHILD_CHECK(brood_queue_put(queue, brood_string("text"), 0) == 0);
  CHILD_CHECK(
      brood_queue_put(queue, brood_bytes(large.data(), large.size()), 0) == 0);
  int ends[2];
  CHILD_CHECK(pipe(ends) == 0 && write(ends[1], "x", 1) == 1);
  CHILD_CHECK(brood_queue_put(queue, brood_descriptor(ends[0]), 0) == 0);
  kill(getpid(), SIGKILL);
}
BROOD_TARGET(put_and_die);

// fill(queue, count): texts, and the end of the process.
void fill(const brood_args *args) {
  brood_queue *queue = QueueAt(args, 0);
  for (int64_t i = Int64At(args, 1); i > 0; i--) {
    CHILD_CHECK(brood_queue_put(queue,
                                brood_string("forty letters, or so, is "
                                             "what this holds"),
                                kLong) == 0);
  }
}
BROOD_TARGET(fill);

TEST_P(QueuesProcesses, WorkWhicheverContextMadeThem) {
  for (const char *maker : kMethods) {
    Queue there(maker, 3), back(maker, 3);
    Process process(GetParam(), echo,
                    {there.Argument(), back.Argument(), brood_int64(2)});
    ASSERT_WORKS(process.Start());
    EXPECT_WORKS(there.Put("hello"));
    EXPECT_WORKS(there.Put(5));
    EXPECT_EQ(back.Get(), "hello");
    EXPECT_EQ(back.Get(), "5");
    EXPECT_WORKS(process.Join());
    EXPECT_EQ(process.Code(), 0);
  }
}

TEST_P(QueuesProcesses, MakerMayFreeItRightAfterStart) {
  Queue there(GetParam());
  brood_queue *back = brood_queue_new(brood_get_context(GetParam()), 0);
  Process process(GetParam(), echo,
                  {there.Argument(), brood_object(back), brood_int64(1)});
  ASSERT_WORKS(process.Start());
  brood_queue_free(back);
  EXPECT_WORKS(there.Put("to nobody"));
  EXPECT_WORKS(process.Join());
  EXPECT_EQ(process.Code(), 0);
}

TEST_P(QueuesProcesses, WhatWasPutSurvivesItsProducer) {
  Queue queue(GetParam());
  Process process(GetParam(), put_and_die, {queue.Argument()});
  EXPECT_EQ(process.Run(), -SIGKILL);
  EXPECT_EQ(brood_queue_qsize(queue), 3);
  EXPECT_EQ(queue.Get(0), "text");
  brood_value value = brood_none();
  ASSERT_WORKS(brood_queue_get(queue, &value, 0));
  EXPECT_TRUE(IsPattern(&value, BROOD_MAX_ITEM + 1, 3));
  ASSERT_WORKS(brood_queue_get(queue, &value, 0));
  ASSERT_EQ(value.type, BROOD_TYPE_DESCRIPTOR);
  EXPECT_EQ(fcntl(value.as.descriptor, F_GETFD), FD_CLOEXEC);
  char byte = 0;
  EXPECT_EQ(read(value.as.descriptor, &byte, 1), 1);
  EXPECT_EQ(byte, 'x');
  brood_value_clear(&value);
}

TEST_P(QueuesProcesses, JoinBeforeDrain) {
  Queue queue(GetParam());
  const int64_t count = 100000;
  Process process(GetParam(), fill, {queue.Argument(), brood_int64(count)});
  EXPECT_EQ(process.Run(), 0);
  EXPECT_EQ(brood_queue_qsize(queue), count);
}

// use_all(queue, writing end): each object that comes, as is told of it.
void use_all(const brood_args *args) {
  brood_queue *queue = QueueAt(args, 0);
  brood_value value;
  const auto next = [&] {
    CHILD_CHECK(brood_queue_get(queue, &value, kLong) == 0);
    CHILD_CHECK(value.type == BROOD_TYPE_OBJECT);
    return value.as.object;
  };
  auto *lock = static_cast<brood_lock *>(next());
  CHILD_CHECK(brood_lock_release(lock) == 0);
  auto *condition = static_cast<brood_condition *>(next());
  CHILD_CHECK(brood_condition_acquire(condition, kLong) == 0);
  CHILD_CHECK(brood_condition_release(condition) == 0);
  auto *array = static_cast<brood_shared_array *>(next());
  CHILD_CHECK(brood_shared_array_acquire(array, 0) == 0);
  ElementOf<int64_t>(array, -1) = 77;
  CHILD_CHECK(brood_shared_array_release(array) == 0);
  auto *event = static_cast<brood_event *>(next());
  auto *other = static_cast<brood_queue *>(next());
  CHILD_CHECK(brood_queue_put(other, brood_string("from the child"), 0) == 0);
  auto *connection = static_cast<brood_connection *>(next());
  CHILD_CHECK(brood_connection_send(connection, brood_int64(9), kLong) == 0);
  brood_value_clear(&value);
  CHILD_CHECK(brood_event_set(event) == 0);
}
BROOD_TARGET(use_all);

TEST_P(QueuesProcesses, ObjectsTravel) {
  Queue queue(GetParam()), other("fork");
  Process process(GetParam(), use_all, {queue.Argument()});
  ASSERT_WORKS(process.Start());
  // The child does not know the arenas of any of these.
  InFork([&] {
    const brood_context *context = brood_get_context("spawn");
    brood_lock *lock = brood_lock_new(context);
    brood_condition *condition = brood_condition_new(context, nullptr);
    brood_shared_array *array =
        brood_shared_array_new(context, 'q', 200000, nullptr);
    brood_event *event = brood_event_new(context);
    brood_connection *first, *second;
    EXPECT_WORKS(brood_pipe_new(context, 0, &first, &second));
    EXPECT_WORKS(brood_lock_acquire(lock, 0));
    for (const void *object :
         {(void *)lock, (void *)condition, (void *)array, (void *)event,
          (void *)(brood_queue *)other, (void *)second}) {
      EXPECT_WORKS(brood_queue_put(queue, brood_object(object), kLong));
    }
    EXPECT_WORKS(brood_event_wait(event, kLong));
    EXPECT_WORKS(brood_lock_acquire(lock, 0)) << "the child has released it";
    EXPECT_EQ(ElementOf<int64_t>(array, 199999), 77);
    brood_value value = brood_none();
    EXPECT_WORKS(brood_connection_recv(first, &value, kLong));
    EXPECT_EQ(value.as.int64, 9);
  });
  EXPECT_WORKS(process.Join());
  EXPECT_EQ(process.Code(), 0);
  EXPECT_EQ(other.Get(0), "from the child");
}

// send_own(queue): objects of the child's own, which ends then.
void send_own(const brood_args *args) {
  brood_queue *queue = QueueAt(args, 0);
  brood_lock *lock = brood_lock_new(nullptr);
  brood_queue *own = brood_queue_new(nullptr, 0);
  CHILD_CHECK(brood_queue_put(own, brood_string("within"), 0) == 0);
  CHILD_CHECK(brood_queue_put(queue, brood_object(lock), 0) == 0);
  CHILD_CHECK(brood_queue_put(queue, brood_object(own), 0) == 0);
  brood_lock_free(lock);
  brood_queue_free(own);
}
BROOD_TARGET(send_own);

TEST_P(QueuesProcesses, ObjectsOutliveTheirMaker) {
  Queue queue(GetParam());
  for (int i = 0; i < 3; i++) {
    Process process(GetParam(), send_own, {queue.Argument()});
    EXPECT_EQ(process.Run(), 0);
    brood_value lock = brood_none(), own = brood_none(), value = brood_none();
    ASSERT_WORKS(brood_queue_get(queue, &lock, 0));
    ASSERT_WORKS(brood_queue_get(queue, &own, 0));
    EXPECT_WORKS(
        brood_lock_acquire(static_cast<brood_lock *>(lock.as.object), 0));
    EXPECT_WORKS(
        brood_queue_get(static_cast<brood_queue *>(own.as.object), &value, 0));
    EXPECT_EQ(TextOf(&value), "within");
    brood_value_clear(&lock);
    brood_value_clear(&own);
  }
}

// ------------------------------------------------------------ Descriptors --

class QueuesDescriptors : public ObjectsTest {};
INSTANTIATE_TEST_SUITE_P(Methods, QueuesDescriptors, testing::Values("fork"),
                         NameOfParam);

TEST_P(QueuesDescriptors, SomeHundredFitAndThenItIsFull) {
  Queue queue;
  int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  int count = 0;
  while (brood_queue_put(queue, brood_descriptor(null), 0) == 0) count++;
  EXPECT_EQ(brood_error(), BROOD_FULL) << brood_error_message();
  EXPECT_GE(count, 100);
  EXPECT_EQ(brood_queue_qsize(queue), count);
  EXPECT_WORKS(queue.Put("texts still fit", 0));
  for (int i = 0; i < count; i++) EXPECT_EQ(queue.Get(0), "descriptor");
  EXPECT_EQ(queue.Get(0), "texts still fit");
  EXPECT_WORKS(brood_queue_put(queue, brood_descriptor(null), 0));
  close(null);
  EXPECT_EQ(queue.Get(0), "descriptor");
}

// Whoever waits for room for a descriptor is woken when one is got.
TEST_P(QueuesDescriptors, WhoWaitsForRoomIsWoken) {
  Queue queue;
  int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  while (brood_queue_put(queue, brood_descriptor(null), 0) == 0) {
  }
  Victim producer([&] {
    for (int i = 0; i < 200; i++) {
      EXPECT_WORKS(brood_queue_put(queue, brood_descriptor(null), kLong));
    }
  });
  for (int i = 0; i < 200; i++) EXPECT_EQ(queue.Get(), "descriptor");
  producer.AwaitDone();
  close(null);
}

TEST_P(QueuesDescriptors, NoRoomInTheTableLosesNothing) {
  Queue queue;
  EXPECT_WORKS(brood_queue_put(queue, brood_descriptor(STDERR_FILENO), 0));
  EXPECT_WORKS(queue.Put("behind", 0));
  InFork([&] {
    rlimit before, none;
    getrlimit(RLIMIT_NOFILE, &before);
    none = before;
    none.rlim_cur = 0;
    brood_value value = brood_none();
    setrlimit(RLIMIT_NOFILE, &none);
    int r = brood_queue_get(queue, &value, 0);
    setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_EQ(r, BROOD_OS_ERROR);
    EXPECT_EQ(brood_errno(), EMFILE) << brood_error_message();
    EXPECT_EQ(brood_queue_qsize(queue), 2);
    EXPECT_EQ(queue.Get(0), "descriptor");
    EXPECT_EQ(queue.Get(0), "behind");
  });
}

TEST_P(QueuesDescriptors, AQueueTravelsThroughItself) {
  InFork([] {
    Queue queue;
    EXPECT_WORKS(brood_queue_put(queue, queue.Argument(), 0));
    brood_value value = brood_none();
    ASSERT_WORKS(brood_queue_get(queue, &value, 0));
    EXPECT_EQ(value.as.object, (brood_queue *)queue);
  });
}

// A queue, and the end of its socket pair that descriptors are sent into, where
// a producer leaves one that is killed before it commits the item.
class Stale {
 public:
  Stale() {
    std::set<int> before = Sockets();
    queue_ = brood_queue_new(brood_get_context("fork"), 0);
    for (int fd : Sockets()) {
      if (sender_ < 0 && before.count(fd) == 0) sender_ = fd;
    }
  }
  ~Stale() {
    brood_queue_free(queue_);
  }

  brood_queue *queue() const {
    return queue_;
  }

  // Leaves one as of a producer before all others; false if there is no room.
  bool Leave(int fd) {
    uint32_t number = 0;
    iovec part = {&number, sizeof number};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
    msghdr message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    return sendmsg(sender_, &message, MSG_DONTWAIT) >= 0;
  }

 private:
  static std::set<int> Sockets() {
    std::set<int> sockets;
    for (int fd = 3; fd < 256; fd++) {
      struct stat status;
      if (fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode))
        sockets.insert(fd);
    }
    return sockets;
  }

  brood_queue *queue_;
  int sender_ = -1;
};

std::string Get(brood_queue *queue) {
  brood_value value = brood_none();
  EXPECT_WORKS(brood_queue_get(queue, &value, 0));
  return TextOf(&value);
}

TEST_P(QueuesDescriptors, ThoseOfTheDeadAreNotTakenForOthers) {
  Stale stale;
  for (int i = 0; i < 3; i++) {
    Pipe dead, living;
    EXPECT_TRUE(stale.Leave(dead.writing()));
    EXPECT_TRUE(stale.Leave(dead.writing()));
    EXPECT_WORKS(brood_queue_put(stale.queue(), living.Argument(), 0));
    brood_value value = brood_none();
    ASSERT_WORKS(brood_queue_get(stale.queue(), &value, 0));
    EXPECT_EQ(write(value.as.descriptor, "x", 1), 1);
    EXPECT_EQ(living.Read<char>(), 'x');
    brood_value_clear(&value);
    EXPECT_EQ(dead.ReadAll(), "") << "and nobody has the others";
  }
}

TEST_P(QueuesDescriptors, ThoseOfTheDeadTakeNoRoom) {
  Stale stale;
  int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  while (stale.Leave(null)) {
  }
  EXPECT_WORKS(brood_queue_put(stale.queue(), brood_string("in the way"), 0));
  EXPECT_FAILS(brood_queue_put(stale.queue(), brood_descriptor(null), 0),
               BROOD_FULL, "1 items");
  EXPECT_EQ(Get(stale.queue()), "in the way");
  EXPECT_WORKS(brood_queue_put(stale.queue(), brood_descriptor(null), 0));
  EXPECT_EQ(Get(stale.queue()), "descriptor");
  close(null);
}

// ----------------------------------------------------------------- Deaths --

class QueuesDeaths : public ObjectsTest {
 protected:
  static bool Sleeps(const Victim &victim) {
    return WaitUntil([&] { return StateOf(victim.pid()) == 'S'; });
  }
};
INSTANTIATE_TEST_SUITE_P(Methods, QueuesDeaths, testing::Values("fork"),
                         NameOfParam);

TEST_P(QueuesDeaths, AKilledWaiterTakesNoItem) {
  Queue queue;
  for (int i = 0; i < 3; i++) {
    Victim consumer([&] { queue.Get(); });
    EXPECT_TRUE(Sleeps(consumer));
    consumer.Kill();
    EXPECT_WORKS(queue.Put(i, 0));
    EXPECT_EQ(queue.Number(0), i);
  }
}

// The second sleeps behind the first, whom the wake-up would reach.
TEST_P(QueuesDeaths, AKilledWaiterLeavesTheWakeUpToOthers) {
  Queue queue, answer;
  Victim first([&] { queue.Get(); });
  EXPECT_TRUE(Sleeps(first));
  Victim second([&] { answer.Put(queue.Get(), 0); });
  EXPECT_TRUE(Sleeps(second));
  first.Kill();
  EXPECT_WORKS(queue.Put("for the second", 0));
  EXPECT_EQ(answer.Get(kNoticed), "for the second");
}

TEST_P(QueuesDeaths, AKilledProducerLeavesTheRoomToOthers) {
  Queue queue("fork", 1);
  EXPECT_WORKS(queue.Put("first", 0));
  Victim one([&] { queue.Put("never"); });
  EXPECT_TRUE(Sleeps(one));
  Victim two([&] { queue.Put("second"); });
  EXPECT_TRUE(Sleeps(two));
  one.Kill();
  EXPECT_EQ(queue.Get(0), "first");
  EXPECT_EQ(queue.Get(kNoticed), "second");
}

TEST_P(QueuesDeaths, JoinLearnsThatTasksDiedWithTheirTakers) {
  Queue queue(NewJoinable("fork"));
  for (int i = 0; i < 3; i++) EXPECT_WORKS(queue.Put(i, 0));
  Victim worker([&] {
    EXPECT_EQ(queue.Number(), 0);
    EXPECT_EQ(queue.Number(), 1);
    EXPECT_WORKS(brood_queue_task_done(queue));
  });
  worker.AwaitDone();
  EXPECT_FAILS(brood_queue_join(queue, kMillisecond), BROOD_TIMEOUT, "2 items");
  worker.Kill();
  EXPECT_FAILS(brood_queue_join(queue, kNoticed), BROOD_TIMEOUT, "2 items");
  EXPECT_EQ(queue.Number(0), 2);  // was still in the queue
  EXPECT_FAILS(brood_queue_join(queue, kNoticed), BROOD_TIMEOUT, "2 items");
  EXPECT_WORKS(brood_queue_task_done(queue));
  EXPECT_FAILS(brood_queue_join(queue, kNoticed), BROOD_OWNER_DIED, "1");
  EXPECT_FAILS(brood_queue_join(queue, 0), BROOD_OWNER_DIED, "1");
  // Whoever knows better may say so.
  EXPECT_WORKS(brood_queue_task_done(queue));
  EXPECT_WORKS(brood_queue_join(queue, 0));
}

TEST_P(QueuesDeaths, AJoinerLearnsItWhileItWaits) {
  Queue queue(NewJoinable("fork")), told;
  EXPECT_WORKS(queue.Put(1, 0));
  Victim worker([&] { queue.Number(); });
  worker.AwaitDone();
  Victim joiner([&] {
    told.Put(brood_error_name(brood_queue_join(queue, BROOD_FOREVER)), 0);
  });
  EXPECT_TRUE(Sleeps(joiner));
  worker.Kill();
  EXPECT_EQ(told.Get(kNoticed), "OwnerDied");
}

// Takers have a place each; the places of the dead are for others.
TEST_P(QueuesDeaths, MoreDeadThanThereArePlaces) {
  Queue queue(NewJoinable("fork"));
  constexpr int kTakers = 258;
  for (int i = 0; i < kTakers; i++) EXPECT_WORKS(queue.Put(i, 0));
  for (int i = 0; i < kTakers; i++) {
    InFork([&] { queue.Number(0); });
  }
  EXPECT_FAILS(brood_queue_join(queue, kNoticed), BROOD_OWNER_DIED, "258");
  EXPECT_WORKS(queue.Put(1, 0));
  EXPECT_FAILS(brood_queue_join(queue, kNoticed), BROOD_TIMEOUT, "259 items");
  EXPECT_EQ(queue.Number(0), 1);
  EXPECT_WORKS(brood_queue_task_done(queue));
  for (int i = 0; i < kTakers; i++) EXPECT_WORKS(brood_queue_task_done(queue));
  EXPECT_WORKS(brood_queue_join(queue, 0));
}

// One more that lives than there are places: its death goes unnoticed, and
// whoever joins is not told what is not so.
TEST_P(QueuesDeaths, MoreLivingThanThereArePlaces) {
  Queue queue(NewJoinable("fork"));
  constexpr int kTakers = 256;
  for (int i = 0; i < kTakers; i++) EXPECT_WORKS(queue.Put(i, 0));
  std::vector<std::unique_ptr<Victim>> takers;
  for (int i = 0; i < kTakers; i++) {
    takers.push_back(std::make_unique<Victim>([&] { queue.Number(); }));
    takers.back()->AwaitDone();
  }
  for (auto &taker : takers) taker->Kill();
  EXPECT_FAILS(brood_queue_join(queue, kNoticed), BROOD_TIMEOUT, "256 items");
  for (int i = 0; i < kTakers; i++) EXPECT_WORKS(brood_queue_task_done(queue));
  EXPECT_WORKS(brood_queue_join(queue, 0));
}

}  // namespace
