// Proves what a queue says while another process has one of its locks, as one
// that is stopped in a call has: nothing that it has not seen. Found was: Empty
// of a queue with six items, Full of one without a limit.
// SPDX-License-Identifier: MIT
#include <memory>

#include "lib/test/inside.h"
#include "lib/test/queues.h"
#include "lib/test/victim.h"

namespace {

constexpr const char *kHeld = "another process holds the queue";

class QueuesLocks : public ObjectsTest {
 protected:
  // A process that has a lock of the queue, until it is killed.
  template <typename Hold>
  std::unique_ptr<Victim> Holder(brood_queue *queue, Hold hold) {
    auto holder = std::make_unique<Victim>([=] { hold(queue); });
    holder->AwaitDone();
    return holder;
  }
};
INSTANTIATE_TEST_SUITE_P(Methods, QueuesLocks, testing::Values("fork"),
                         NameOfParam);

TEST_P(QueuesLocks, EmptyIsSaidOfWhatIsEmpty) {
  Queue queue;
  EXPECT_WORKS(queue.Put(1));
  EXPECT_EQ(queue.Number(), 1);
  auto holder = Holder(queue, inside_hold_get_lock);
  brood_value item;
  EXPECT_FAILS(brood_queue_get_nowait(queue, &item), BROOD_EMPTY, "empty");
  EXPECT_WORKS(queue.Put(2));
  EXPECT_FAILS(brood_queue_get_nowait(queue, &item), BROOD_TIMEOUT, kHeld);
  EXPECT_FAILS(brood_queue_get(queue, &item, kMillisecond), BROOD_TIMEOUT,
               kHeld);
  EXPECT_FAILS(brood_queue_get_many(queue, &item, 1, 0), BROOD_TIMEOUT, kHeld);
  EXPECT_EQ(brood_queue_qsize(queue), 1);
  holder->Kill();
  EXPECT_EQ(queue.Number(), 2);
}

TEST_P(QueuesLocks, FullIsSaidOfWhatIsFull) {
  Queue queue("fork", 2);
  EXPECT_WORKS(queue.Put(1));
  auto holder = Holder(queue, inside_hold_put_lock);
  EXPECT_FAILS(queue.Put(2, 0), BROOD_TIMEOUT, kHeld);
  holder->Kill();
  EXPECT_WORKS(queue.Put(2, 0));
  holder = Holder(queue, inside_hold_put_lock);
  EXPECT_FAILS(queue.Put(3, 0), BROOD_FULL, "2 items");
}

// Whose ring cannot grow, for that takes both locks.
TEST_P(QueuesLocks, AQueueWithoutALimitIsNotFull) {
  Queue queue;
  auto holder = Holder(queue, inside_hold_get_lock);
  std::string text(100000, 'a');
  int r;
  while ((r = queue.Put(text, 0)) == 0) continue;
  EXPECT_FAILS(r, BROOD_TIMEOUT, kHeld);
  holder->Kill();
  EXPECT_WORKS(queue.Put(text, 0));
}

// Others may write what they like into what they share.
TEST_P(QueuesLocks, ATakerThatIsNone) {
  Queue queue(NewJoinable("fork"));
  EXPECT_WORKS(queue.Put(1));
  EXPECT_WORKS(queue.Put(2));
  EXPECT_EQ(queue.Number(), 1);
  for (uint32_t taker : {256u, 1u << 20, UINT32_MAX}) {
    inside_set_taker(queue, taker);
    Victim holder([&] { inside_hold_get_lock(queue); });
    holder.AwaitDone();
    holder.Kill();
    EXPECT_WORKS(queue.Put(3));
    brood_value item;
    EXPECT_WORKS(brood_queue_get(queue, &item, kLong));
  }
}

}  // namespace
