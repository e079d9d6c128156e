// Proves that signals hide no death: whoever waits for a lock, at a barrier or
// for a queue learns of a dead process however often a timer interrupts the
// waiting. By all methods.
// SPDX-License-Identifier: MIT
#include <signal.h>
#include <unistd.h>

#include "lib/test/queues.h"
#include "lib/test/storm.h"
#include "lib/test/targets.h"

namespace {

// More often than a death is looked for.
constexpr int64_t kPeriod = 20 * kMillisecond;

class Signals : public ObjectsTest {
 protected:
  // A process that has what object is, and is then killed.
  void HaveItTakenByTheDead(const brood_value &object);

  void Kill(Process &process) {
    EXPECT_WORKS(brood_process_kill(process));
    EXPECT_WORKS(process.Join());
  }

  const brood_context *Context() {
    return brood_get_context(GetParam());
  }
};
INSTANTIATE_METHODS(Signals);

// take_it(writing end, object) tells when it has it, and keeps it.
void take_it(const brood_args *args) {
  brood_lock *lock;
  brood_rlock *rlock;
  brood_queue *queue;
  brood_barrier *barrier;
  alarm(kLong / kSecond);
  if ((lock = ObjectIn<brood_lock>(args, 1)) != nullptr) {
    CHILD_CHECK(brood_lock_acquire(lock, kLong) == 0);
  } else if ((rlock = ObjectIn<brood_rlock>(args, 1)) != nullptr) {
    CHILD_CHECK(brood_rlock_acquire(rlock, kLong) == 0);
  } else if ((queue = ObjectIn<brood_queue>(args, 1)) != nullptr) {
    brood_value item;
    CHILD_CHECK(brood_queue_get(queue, &item, kLong) == 0);
  } else {
    barrier = ObjectAt<brood_barrier>(args, 1);
    brood_barrier_wait(barrier, kLong);
    brood_fail("it did not wait");
  }
  Tell(DescriptorAt(args, 0), "t");
  for (;;) pause();
}
BROOD_TARGET(take_it);

void Signals::HaveItTakenByTheDead(const brood_value &object) {
  Pipe told;
  Process process(GetParam(), take_it, {told.Argument(), object});
  ASSERT_WORKS(process.Start());
  told.Read<char>();
  Kill(process);
}

// Found was: the 90 ms after which a holder is looked at began anew with each
// signal, so nobody ever looked.
TEST_P(Signals, OfTheHolderOfALock) {
  brood_lock *lock = brood_lock_new(Context());
  HaveItTakenByTheDead(brood_object(lock));
  Storm storm(kPeriod);
  EXPECT_FAILS(brood_lock_acquire(lock, BROOD_FOREVER), BROOD_OWNER_DIED,
               "killed");
  brood_lock_free(lock);
}

TEST_P(Signals, OfTheHolderOfAnRLock) {
  brood_rlock *rlock = brood_rlock_new(Context());
  HaveItTakenByTheDead(brood_object(rlock));
  Storm storm(kPeriod);
  EXPECT_FAILS(brood_rlock_acquire(rlock, BROOD_FOREVER), BROOD_OWNER_DIED,
               "killed");
  brood_rlock_free(rlock);
}

TEST_P(Signals, OfThePartyOfABarrier) {
  brood_barrier *barrier =
      brood_barrier_new(Context(), 3, nullptr, BROOD_FOREVER);
  Pipe told;
  Process process(GetParam(), take_it,
                  {told.Argument(), brood_object(barrier)});
  ASSERT_WORKS(process.Start());
  EXPECT_TRUE(WaitUntil([&] { return brood_barrier_n_waiting(barrier) == 1; }));
  EXPECT_TRUE(WaitUntil([&] { return StateOf(process.Pid()) == 'S'; }));
  Kill(process);
  {
    Storm storm(kPeriod);
    EXPECT_FAILS(brood_barrier_wait(barrier, BROOD_FOREVER),
                 BROOD_BROKEN_BARRIER, "broken");
  }
  brood_barrier_free(barrier);
}

TEST_P(Signals, OfTheTakerOfATask) {
  Queue queue(NewJoinable(GetParam()));
  EXPECT_WORKS(queue.Put(1));
  HaveItTakenByTheDead(queue.Argument());
  Storm storm(kPeriod);
  EXPECT_FAILS(brood_queue_join(queue, BROOD_FOREVER), BROOD_OWNER_DIED,
               "ended");
}

}  // namespace
