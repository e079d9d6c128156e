// Proves that a manager's objects survive those who use them: what the dead
// held is given on, what they waited for is called off, nothing is given to
// them, and nothing of theirs stays.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "lib/test/managers.h"
#include "lib/test/targets.h"

namespace {

class ManagersDeaths : public ObjectsTest {};
INSTANTIATE_METHODS(ManagersDeaths);

// Calls what it was given, tells, and waits to be killed:
// take(writing end, what, object).
void take(const brood_args *args) {
  std::string what = StringAt(args, 1);
  const brood_value *object = brood_args_get(args, 2);
  auto *lock = static_cast<brood_lock *>(object->as.object);
  auto *rlock = static_cast<brood_rlock *>(object->as.object);
  auto *semaphore = static_cast<brood_semaphore *>(object->as.object);
  auto *condition = static_cast<brood_condition *>(object->as.object);
  auto *barrier = static_cast<brood_barrier *>(object->as.object);
  auto *queue = static_cast<brood_queue *>(object->as.object);
  brood_value got = brood_none();
  alarm(kLong / kSecond);
  if (what == "lock") CHILD_CHECK(brood_lock_acquire(lock, kLong) == 0);
  if (what == "rlock") {
    CHILD_CHECK(brood_rlock_acquire(rlock, kLong) == 0);
    CHILD_CHECK(brood_rlock_acquire(rlock, kLong) == 0);
  }
  if (what == "semaphore") {
    CHILD_CHECK(brood_semaphore_acquire(semaphore, kLong) == 0);
    CHILD_CHECK(brood_semaphore_acquire(semaphore, kLong) == 0);
  }
  if (what == "got") CHILD_CHECK(brood_queue_get(queue, &got, kLong) == 0);
  Tell(DescriptorAt(args, 0), "t");
  if (what == "get") brood_queue_get(queue, &got, BROOD_FOREVER);
  if (what == "barrier") brood_barrier_wait(barrier, BROOD_FOREVER);
  if (what == "condition") {
    CHILD_CHECK(brood_condition_acquire(condition, kLong) == 0);
    brood_condition_wait(condition, BROOD_FOREVER);
  }
  for (;;) pause();
}
BROOD_TARGET(take);

// Waits for a child that was killed.
void Reap(pid_t child) {
  EXPECT_EQ(TEMP_FAILURE_RETRY(waitpid(child, nullptr, 0)), child);
}

// A process that took, or waits.
class Taker {
 public:
  Taker(const char *method, const char *what, const void *object)
      : process_(method, take,
                 {said_.Argument(), brood_string(what), brood_object(object)}) {
    EXPECT_WORKS(process_.Start());
    EXPECT_EQ(said_.Read<char>(), 't');
  }
  ~Taker() {
    Kill();
  }
  // As soon as it sleeps, in what it waits for.
  void KillAsleep() {
    EXPECT_TRUE(WaitUntil([&] { return StateOf(process_.Pid()) == 'S'; }));
    Kill();
  }
  void Kill() {
    EXPECT_WORKS(brood_process_kill(process_));
    EXPECT_WORKS(process_.Join());
  }

 private:
  Pipe said_;
  Process process_;
};

// Puts a dictionary into a queue as soon as it is told: put_proxy(dictionary,
// queue, it is ready, it is told).
void put_proxy(const brood_args *args) {
  auto *dict = ObjectAt<brood_dict>(args, 0);
  CHILD_CHECK(brood_dict_length(dict) == 0);
  CHILD_CHECK(brood_event_set(ObjectAt<brood_event>(args, 2)) == 0);
  CHILD_CHECK(brood_event_wait(ObjectAt<brood_event>(args, 3), kLong) == 0);
  brood_value value = brood_object(dict);
  CHILD_CHECK(brood_queue_put(ObjectAt<brood_queue>(args, 1), value, 0) == 0);
}
BROOD_TARGET(put_proxy);

TEST_P(ManagersDeaths, OfASenderWhoseProxyIsUnderWay) {
  Manager manager(GetParam());
  auto dict = Own(brood_manager_dict(manager, nullptr));
  const brood_context *context = brood_get_context(GetParam());
  auto queue = Own(brood_queue_new(context, 0));
  auto ready = Own(brood_event_new(context));
  auto told = Own(brood_event_new(context));
  Process sender(GetParam(), put_proxy,
                 {brood_object(dict.get()), brood_object(queue.get()),
                  brood_object(ready.get()), brood_object(told.get())});
  EXPECT_WORKS(sender.Start());
  EXPECT_WORKS(brood_event_wait(ready.get(), kLong));
  EXPECT_EQ(kill(manager.Pid(), SIGSTOP), 0); /* it hears all of it at once */
  EXPECT_WORKS(brood_event_set(told.get()));
  EXPECT_WORKS(sender.Join());
  EXPECT_EQ(kill(manager.Pid(), SIGCONT), 0);
  brood_value got = brood_none();
  EXPECT_WORKS(brood_queue_get(queue.get(), &got, kLong));
  EXPECT_EQ(brood_dict_length(static_cast<brood_dict *>(got.as.object)), 0);
  brood_value_clear(&got);
  EXPECT_EQ(brood_dict_length(dict.get()), 0);
  EXPECT_EQ(manager.Count(), 1);
}

TEST_P(ManagersDeaths, OfTheHolderOfALock) {
  Manager manager(GetParam());
  auto lock = Own(brood_manager_lock(manager, nullptr));
  Taker taker(GetParam(), "lock", lock.get());
  EXPECT_EQ(brood_lock_acquire(lock.get(), 0), BROOD_TIMEOUT);
  std::thread waiter([&] {
    EXPECT_EQ(brood_lock_acquire(lock.get(), kLong), BROOD_OWNER_DIED);
    EXPECT_PRED_FORMAT2(testing::IsSubstring, "killed", brood_error_message());
    EXPECT_WORKS(brood_lock_release(lock.get()));
  });
  taker.Kill();
  waiter.join();
  EXPECT_WORKS(brood_lock_acquire(lock.get(), 0));
}

TEST_P(ManagersDeaths, OfTheHolderOfAnRlock) {
  Manager manager(GetParam());
  auto rlock = Own(brood_manager_rlock(manager, nullptr));
  Taker taker(GetParam(), "rlock", rlock.get());
  taker.Kill();
  EXPECT_EQ(brood_rlock_acquire(rlock.get(), kLong), BROOD_OWNER_DIED);
  std::thread other([&] {
    EXPECT_EQ(brood_rlock_acquire(rlock.get(), 0), BROOD_TIMEOUT);
    EXPECT_EQ(brood_rlock_release(rlock.get()), BROOD_ASSERTION_ERROR);
  });
  other.join();
  EXPECT_WORKS(brood_rlock_release(rlock.get()));
}

TEST_P(ManagersDeaths, OfAThreadThatHeldAnRlock) {
  Manager manager(GetParam());
  auto rlock = Own(brood_manager_rlock(manager, nullptr));
  std::thread([&] {
    EXPECT_WORKS(brood_rlock_acquire(rlock.get(), 0));
  }).join();
  EXPECT_EQ(brood_rlock_acquire(rlock.get(), kLong), BROOD_OWNER_DIED);
}

TEST_P(ManagersDeaths, OfAThreadAreSeenByWhoPolls) {
  Manager manager(GetParam());
  auto rlock = Own(brood_manager_rlock(manager, nullptr));
  std::thread([&] {
    EXPECT_WORKS(brood_rlock_acquire(rlock.get(), 0));
  }).join();
  int r = BROOD_TIMEOUT;
  EXPECT_TRUE(WaitUntil([&] {
    r = brood_rlock_acquire(rlock.get(), 0);
    return r != BROOD_TIMEOUT;
  }));
  EXPECT_EQ(r, BROOD_OWNER_DIED);
}

TEST_P(ManagersDeaths, OfTheHolderOfASemaphore) {
  Manager manager(GetParam());
  auto semaphore = Own(brood_manager_semaphore(manager, nullptr, 2));
  Taker taker(GetParam(), "semaphore", semaphore.get());
  EXPECT_EQ(brood_semaphore_get_value(semaphore.get()), 0);
  taker.Kill();
  EXPECT_WORKS(brood_semaphore_acquire(semaphore.get(), kLong));
  EXPECT_WORKS(brood_semaphore_acquire(semaphore.get(), kLong));
}

TEST_P(ManagersDeaths, OfWhoWaitsForAnItem) {
  Manager manager(GetParam());
  auto queue = Own(brood_manager_queue(manager, nullptr, 0));
  Taker taker(GetParam(), "get", queue.get());
  taker.KillAsleep();
  EXPECT_WORKS(brood_queue_put(queue.get(), Text("for the living"), 0));
  brood_value got = brood_none();
  EXPECT_WORKS(brood_queue_get(queue.get(), &got, kLong));
  EXPECT_EQ(TextOf(&got), "for the living");
}

TEST_P(ManagersDeaths, OfWhoWaitsToBeNotified) {
  Manager manager(GetParam());
  auto condition = Own(brood_manager_condition(manager, nullptr, nullptr));
  Taker taker(GetParam(), "condition", condition.get());
  EXPECT_TRUE(WaitUntil([&] {
    // It waits once the lock is free after it has had it.
    return brood_condition_acquire(condition.get(), 0) == 0;
  }));
  std::thread other([&] {
    EXPECT_WORKS(brood_condition_acquire(condition.get(), kLong));
    EXPECT_WORKS(brood_condition_notify(condition.get(), 1));
    EXPECT_WORKS(brood_condition_release(condition.get()));
  });
  taker.Kill();
  // The dead one may have been given the lock before its end was seen.
  int r = brood_condition_wait(condition.get(), kLong);
  EXPECT_TRUE(r == 0 || r == BROOD_OWNER_DIED) << brood_error_message();
  EXPECT_WORKS(brood_condition_release(condition.get()));
  other.join();
}

TEST_P(ManagersDeaths, OfAPartyThatWaits) {
  Manager manager(GetParam());
  auto barrier = Own(brood_manager_barrier(manager, nullptr, 3, BROOD_FOREVER));
  Taker taker(GetParam(), "barrier", barrier.get());
  std::thread other([&] {
    EXPECT_EQ(brood_barrier_wait(barrier.get(), kLong), BROOD_BROKEN_BARRIER);
  });
  EXPECT_TRUE(
      WaitUntil([&] { return brood_barrier_n_waiting(barrier.get()) == 2; }));
  taker.Kill();
  other.join();
  EXPECT_EQ(brood_barrier_broken(barrier.get()), 1);
  EXPECT_WORKS(brood_barrier_reset(barrier.get()));
  EXPECT_EQ(brood_barrier_n_waiting(barrier.get()), 0);
}

TEST_P(ManagersDeaths, OfWhoGotTheLastItem) {
  Manager manager(GetParam());
  auto queue = Own(brood_manager_joinable_queue(manager, nullptr, 0));
  EXPECT_WORKS(brood_queue_put(queue.get(), Text("task"), 0));
  Taker taker(GetParam(), "got", queue.get());
  EXPECT_EQ(brood_queue_join(queue.get(), 0), BROOD_TIMEOUT);
  std::thread joiner([&] {
    EXPECT_EQ(brood_queue_join(queue.get(), kLong), BROOD_OWNER_DIED);
  });
  taker.Kill();
  joiner.join();
  EXPECT_WORKS(brood_queue_task_done(queue.get()));
  EXPECT_WORKS(brood_queue_join(queue.get(), kLong));
}

TEST_P(ManagersDeaths, OfTheLastThatHadAnObject) {
  Manager manager(GetParam());
  auto list = Own(brood_manager_list(manager, nullptr));
  auto lock = Own(brood_manager_lock(manager, nullptr));
  {
    Taker taker(GetParam(), "lock", lock.get());
    lock.reset();
    EXPECT_TRUE(manager.Has(2));
  }
  EXPECT_TRUE(manager.Has(1));
}

TEST_P(ManagersDeaths, OfTheMaker) {
  Pipe said;
  pid_t child = fork();
  if (child == 0) {
    brood_manager *manager =
        brood_manager_new(brood_get_context(GetParam()), nullptr);
    int pid = manager == nullptr ? -1 : brood_manager_pid(manager);
    if (write(said.writing(), &pid, sizeof pid) != sizeof pid) _exit(1);
    for (;;) pause();
  }
  int server = said.Read<int>();
  EXPECT_GT(server, 0);
  EXPECT_EQ(kill(child, SIGKILL), 0);
  Reap(child);
  EXPECT_TRUE(WaitUntil([&] {
    char state = StateOf(server);
    return state == 0 || state == 'Z';
  }));
}

TEST_P(ManagersDeaths, DoNotMixUpAForksCalls) {
  Manager manager(GetParam());
  auto dict = Own(brood_manager_dict(manager, nullptr));
  EXPECT_WORKS(brood_dict_set(dict.get(), Text("n"), brood_int64(0)));
  constexpr int kCalls = 300;
  auto count = [&] {
    int64_t sum = 0;
    for (int i = 0; i < kCalls; i++) {
      if (brood_dict_add(dict.get(), Text("n"), 1, &sum) < 0) return -1;
    }
    return 0;
  };
  pid_t child = fork();
  if (child == 0) _exit(count() == 0 ? 0 : 1);
  EXPECT_EQ(count(), 0);
  EXPECT_TRUE(WaitForChild(child));
  EXPECT_EQ(Get(dict, Text("n")), std::to_string(2 * kCalls));
}

// A child of a fork keeps copies of its parent's lines; its parent's end is
// seen all the same.
TEST_P(ManagersDeaths, AreSeenThoughAForksChildLives) {
  Manager manager(GetParam());
  auto lock = Own(brood_manager_lock(manager, nullptr));
  Pipe said, go;
  pid_t child = fork();
  if (child == 0) {
    bool holds = brood_lock_acquire(lock.get(), kLong) == 0;
    pid_t grandchild = fork();
    if (grandchild == 0) {
      char byte;
      go.CloseWriting();
      ssize_t r = read(go.reading(), &byte, 1);
      _exit(r == 0 ? 0 : 1);
    }
    if (write(said.writing(), holds ? "h" : "n", 1) != 1) _exit(1);
    for (;;) pause();
  }
  EXPECT_EQ(said.Read<char>(), 'h');
  EXPECT_EQ(kill(child, SIGKILL), 0);
  Reap(child);
  EXPECT_EQ(brood_lock_acquire(lock.get(), kLong), BROOD_OWNER_DIED);
  go.CloseWriting();
}

}  // namespace
