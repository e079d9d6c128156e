// Proves that killing holders and waiters of shared objects at any instant
// stops nobody else: no call lasts past its deadline, no lock is granted twice,
// whoever takes a dead holder's lock is told, and nothing is left behind.
//
// Workers do what Chance says with objects that they share; the test kills one
// of them after the other, and puts another in its place. The seed is printed.
// SPDX-License-Identifier: MIT
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <new>
#include <random>
#include <vector>

#include "lib/test/process.h"
#include "lib/test/random.h"
#include "lib/test/targets.h"

extern "C" {
#include "lib/sys/clock.h"
}

namespace {

constexpr int kWorkers = 6;
constexpr int kLocks = 3;
constexpr int kParties = 3;

// What one call may last beyond its deadline: two slices until a death is
// noticed, and a machine that has other things to do.
constexpr int64_t kGrace = 10 * kSecond;

enum Fault {
  kNone,
  kTwice,      // a lock was granted while another living process held it
  kUntold,     // it was granted as if its holder had released it
  kLate,       // a call lasted past its deadline
  kUnexpected  // a call returned what it never should
};

// What workers write and the test reads. One page per worker would do as well;
// nothing here needs to be fast.
struct Board {
  std::atomic<int> fault;
  std::atomic<int> fault_code;
  std::atomic<int> fault_line;
  std::atomic<uint32_t> holders[kLocks + 1];  // pid inside the section, or 0
  std::atomic<int64_t> longest_ns;            // that a dead holder's lock took
  std::atomic<uint64_t> num_calls, num_died, num_passed;
  std::atomic<int64_t>
      since_ns[kWorkers];      // the call that a worker is in, or 0
  std::atomic<uint32_t> turn;  // guarded by the condition
};

struct Objects {
  brood_lock *locks[kLocks];
  brood_rlock *rlock;
  brood_semaphore *semaphore;
  brood_condition *condition;
  brood_event *event;
  brood_barrier *barrier;
  brood_shared_value *value;
  brood_shared_value *board_value;
  Board *board;
};

// -------------------------------------------------------------- The worker --

class Worker {
 public:
  Worker(const Objects &objects, int number, uint32_t seed)
      : o_(objects), board_(objects.board), number_(number), random_(seed) {
  }

  [[noreturn]] void Run() {
    for (;;) {
      // Locks most often: the others mostly sleep, and are easy to kill.
      uint32_t chance = random_() % 32;
      switch (chance) {
        case 0: UseSemaphore(); break;
        case 1: WaitForTurn(); break;
        case 2: TakeTurn(); break;
        case 3: UseEvent(); break;
        case 4:
        case 5:
        case 6: UseBarrier(); break;
        default: chance % 4 == 0 ? UseRLock() : UseLock(chance % kLocks);
      }
    }
  }

 private:
  void Report(Fault fault, int line, int code = 0) {
    int none = kNone;
    if (board_->fault.compare_exchange_strong(none, fault)) {
      board_->fault_line = line;
      board_->fault_code = code;
    }
  }

  // Makes a call that may last for timeout_ns.
  template <typename Call>
  int Timed(int64_t timeout_ns, int line, Call call) {
    int64_t begin = sys_clock_ns();
    board_->since_ns[number_] = begin;
    int r = call(timeout_ns);
    board_->since_ns[number_] = 0;
    board_->num_calls++;
    int64_t lasted = sys_clock_ns() - begin;
    if (lasted > timeout_ns + kGrace)
      Report(kLate, line, (int)(lasted / kSecond));
    if (r == BROOD_OWNER_DIED) {
      board_->num_died++;
      int64_t longest = board_->longest_ns;
      while (lasted > longest &&
             !board_->longest_ns.compare_exchange_weak(longest, lasted)) {
      }
    }
    return r;
  }

  static bool IsHeld(int r) {
    return r == 0 || r == BROOD_OWNER_DIED;
  }

  // The section that only one may be in.
  void Inside(std::atomic<uint32_t> *holder, int r, int line) {
    uint32_t before = holder->exchange((uint32_t)getpid());
    if (before != 0 && r == 0) {
      bool alive = kill((pid_t)before, 0) == 0 && StateOf((pid_t)before) != 'Z';
      Report(alive ? kTwice : kUntold, line, (int)before);
    }
    if (random_() % 4 == 0) sched_yield();
    if (random_() % 16 == 0) usleep(random_() % 300);
    if (holder->load() != (uint32_t)getpid()) Report(kTwice, line);
    *holder = 0;
  }

  void Expect(int r, std::initializer_list<int> expected, int line) {
    for (int each : expected) {
      if (r == each) return;
    }
    Report(kUnexpected, line, r);
  }

  void UseLock(size_t which) {
    brood_lock *lock = o_.locks[which];
    int r = Timed(Patience(), __LINE__, [&](int64_t timeout_ns) {
      return brood_lock_acquire(lock, timeout_ns);
    });
    Expect(r, {0, BROOD_TIMEOUT, BROOD_OWNER_DIED}, __LINE__);
    if (!IsHeld(r)) return;
    Inside(&board_->holders[which], r, __LINE__);
    Expect(brood_lock_release(lock), {0}, __LINE__);
  }

  void UseRLock() {
    int r = Timed(Patience(), __LINE__, [&](int64_t timeout_ns) {
      return brood_rlock_acquire(o_.rlock, timeout_ns);
    });
    Expect(r, {0, BROOD_TIMEOUT, BROOD_OWNER_DIED}, __LINE__);
    if (!IsHeld(r)) return;
    Expect(brood_rlock_acquire(o_.rlock, 0), {0}, __LINE__);
    Inside(&board_->holders[kLocks], r, __LINE__);
    Expect(brood_rlock_release(o_.rlock), {0}, __LINE__);
    Expect(brood_rlock_release(o_.rlock), {0}, __LINE__);
  }

  // Nobody holds a permit for long: what is killed with one is lost.
  void UseSemaphore() {
    if (random_() % 2 == 0) {
      Expect(brood_semaphore_release(o_.semaphore), {0, BROOD_VALUE_ERROR},
             __LINE__);
      return;
    }
    int r = Timed(2 * kMillisecond, __LINE__, [&](int64_t timeout_ns) {
      return brood_semaphore_acquire(o_.semaphore, timeout_ns);
    });
    Expect(r, {0, BROOD_TIMEOUT}, __LINE__);
  }

  bool TakeCondition(int line) {
    int r = Timed(Patience(), line, [&](int64_t timeout_ns) {
      return brood_condition_acquire(o_.condition, timeout_ns);
    });
    Expect(r, {0, BROOD_TIMEOUT, BROOD_OWNER_DIED}, line);
    return IsHeld(r);
  }

  void WaitForTurn() {
    if (!TakeCondition(__LINE__)) return;
    int r = Timed(4 * kMillisecond, __LINE__, [&](int64_t timeout_ns) {
      return brood_condition_wait(o_.condition, timeout_ns);
    });
    Expect(r, {0, BROOD_TIMEOUT, BROOD_OWNER_DIED, BROOD_RUNTIME_ERROR},
           __LINE__);
    Expect(brood_condition_release(o_.condition), {0}, __LINE__);
  }

  void TakeTurn() {
    if (!TakeCondition(__LINE__)) return;
    board_->turn++;
    int r = Timed(0, __LINE__, [&](int64_t) {
      return random_() % 2 == 0
                 ? brood_condition_notify(o_.condition, 1 + random_() % 2)
                 : brood_condition_notify_all(o_.condition);
    });
    Expect(r, {0}, __LINE__);
    Expect(brood_condition_release(o_.condition), {0}, __LINE__);
  }

  void UseEvent() {
    uint32_t chance = random_() % 4;
    if (chance == 0) {
      Expect(brood_event_set(o_.event), {0}, __LINE__);
    } else if (chance == 1) {
      Expect(brood_event_clear(o_.event), {0}, __LINE__);
    } else {
      int r = Timed(2 * kMillisecond, __LINE__, [&](int64_t timeout_ns) {
        return brood_event_wait(o_.event, timeout_ns);
      });
      Expect(r, {0, BROOD_TIMEOUT}, __LINE__);
    }
  }

  void UseBarrier() {
    int r = Timed(10 * kMillisecond, __LINE__, [&](int64_t timeout_ns) {
      return brood_barrier_wait(o_.barrier, timeout_ns);
    });
    if (r >= 0 && r < kParties) board_->num_passed++;
    Expect(r, {0, 1, 2, BROOD_BROKEN_BARRIER}, __LINE__);
    if (r == BROOD_BROKEN_BARRIER && random_() % 2 == 0) {
      Expect(brood_barrier_reset(o_.barrier), {0}, __LINE__);
    }
  }

  int64_t Patience() {
    switch (random_() % 4) {
      case 0: return 0;
      case 1: return 5 * kMillisecond;
      default: return 2 * kSecond;
    }
  }

  const Objects &o_;
  Board *board_;
  int number_;
  std::mt19937 random_;
};

// chaos_worker(number, seed, objects...)
void chaos_worker(const brood_args *args) {
  Objects o;
  size_t at = 2;
  for (brood_lock *&lock : o.locks) lock = ObjectAt<brood_lock>(args, at++);
  o.rlock = ObjectAt<brood_rlock>(args, at++);
  o.semaphore = ObjectAt<brood_semaphore>(args, at++);
  o.condition = ObjectAt<brood_condition>(args, at++);
  o.event = ObjectAt<brood_event>(args, at++);
  o.barrier = ObjectAt<brood_barrier>(args, at++);
  o.board_value = ObjectAt<brood_shared_value>(args, at++);
  o.board = (Board *)brood_shared_value_get_obj(o.board_value);
  Worker(o, (int)Int64At(args, 0), (uint32_t)Int64At(args, 1)).Run();
}
BROOD_TARGET(chaos_worker);

// ---------------------------------------------------------------- The test --

class Chaos : public LibraryTest {
 protected:
  void SetUp() override {
    LibraryTest::SetUp();
    for (brood_lock *&lock : o_.locks) lock = brood_lock_new(nullptr);
    o_.rlock = brood_rlock_new(nullptr);
    o_.semaphore = brood_bounded_semaphore_new(nullptr, 3);
    o_.condition = brood_condition_new(nullptr, nullptr);
    o_.event = brood_event_new(nullptr);
    o_.barrier = brood_barrier_new(nullptr, kParties, nullptr, BROOD_FOREVER);
    o_.board_value =
        brood_shared_value_new_sized(nullptr, sizeof(Board), BROOD_NO_LOCK);
    ASSERT_NE(o_.board_value, nullptr) << brood_error_message();
    o_.board = new (brood_shared_value_get_obj(o_.board_value)) Board();
  }

  void TearDown() override {
    workers_.clear();
    for (brood_lock *lock : o_.locks) brood_lock_free(lock);
    brood_rlock_free(o_.rlock);
    brood_semaphore_free(o_.semaphore);
    brood_condition_free(o_.condition);
    brood_event_free(o_.event);
    brood_barrier_free(o_.barrier);
    brood_shared_value_free(o_.board_value);
    LibraryTest::TearDown();
  }

  // Mostly by fork and the forkserver: a spawn takes as long as five of those.
  static const char *AnyMethod() {
    uint32_t chance = Random(20);
    return chance == 0 ? "spawn" : chance < 8 ? "forkserver" : "fork";
  }

  std::unique_ptr<Process> Start(int number) {
    Values args = {brood_int64(number), brood_int64(Random(UINT32_MAX))};
    for (brood_lock *lock : o_.locks) args.push_back(brood_object(lock));
    for (const void *object :
         {(void *)o_.rlock, (void *)o_.semaphore, (void *)o_.condition,
          (void *)o_.event, (void *)o_.barrier, (void *)o_.board_value}) {
      args.push_back(brood_object(object));
    }
    auto process = std::make_unique<Process>(AnyMethod(), chaos_worker, args,
                                             BROOD_DAEMON);
    EXPECT_WORKS(process->Start());
    return process;
  }

  void Kill(int number) {
    EXPECT_WORKS(brood_process_kill(*workers_[number]));
    // Sometimes its end is not waited for at once: a zombie holds locks too.
    if (Random(4) == 0) SleepAtRandom(2000);
    EXPECT_WORKS(workers_[number]->Join());
    o_.board->since_ns[number] = 0;
  }

  // Does any call last too long to ever end?
  void LookForTheStuck() {
    for (int i = 0; i < kWorkers; i++) {
      int64_t since = o_.board->since_ns[i];
      if (since == 0) continue;
      ASSERT_LT(sys_clock_ns() - since, 2 * kSecond + kGrace)
          << "worker " << i << " is stuck";
    }
  }

  Objects o_;
  std::vector<std::unique_ptr<Process>> workers_;
};

TEST_F(Chaos, NobodyIsStoppedByTheDead) {
  for (int i = 0; i < kWorkers; i++) workers_.push_back(Start(i));
  int kills = Rounds(300);
  for (int i = 0; i < kills && o_.board->fault == kNone; i++) {
    SleepAtRandom(6000);
    // Now and then long enough for sleepers to find out about the dead.
    if (Random(60) == 0) usleep(130000);
    int victim = (int)Random(kWorkers);
    Kill(victim);
    workers_[victim] = Start(victim);
    LookForTheStuck();
    if (HasFatalFailure()) break;
  }
  // Those who live must still get everything.
  for (int i = 0; i < kLocks; i++) {
    int r = brood_lock_acquire(o_.locks[i], kLong);
    EXPECT_TRUE(r == 0 || r == BROOD_OWNER_DIED) << brood_error_message();
    o_.board->holders[i] = 0;  // only the first to come is told of the dead
    EXPECT_WORKS(brood_lock_release(o_.locks[i]));
  }
  for (int i = 0; i < kWorkers; i++) Kill(i);
  const Board &board = *o_.board;
  EXPECT_EQ(board.fault, kNone)
      << "line " << board.fault_line << ", code " << board.fault_code;
  printf(
      "%d kills, %llu calls, %llu owners died (taken over after %.0f ms at "
      "most), %llu passed the barrier\n",
      kills, (unsigned long long)board.num_calls,
      (unsigned long long)board.num_died, board.longest_ns / 1e6,
      (unsigned long long)board.num_passed);
}

}  // namespace
