// Proves that a worker can be killed at any instruction from where it waits for
// a task to where it waits for the next: the task is begun once at most, has an
// outcome, and no call waits for ever.
// SPDX-License-Identifier: MIT
#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstring>

#include "lib/test/pools.h"
#include "lib/test/random.h"

namespace {

// Stops a process; false if this process may not.
bool Stop(pid_t pid) {
  int status;
  return ptrace(PTRACE_SEIZE, pid, 0, 0) == 0 &&
         ptrace(PTRACE_INTERRUPT, pid, 0, 0) == 0 &&
         waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status);
}

// Interrupts what this thread waits for, again and again.
class Ticks {
 public:
  Ticks() {
    struct sigaction action = {};
    action.sa_handler = [](int) {};
    sigaction(SIGALRM, &action, &before_);
    Every(10'000);
  }
  ~Ticks() {
    Every(0);
    sigaction(SIGALRM, &before_, nullptr);
  }

 private:
  static void Every(suseconds_t us) {
    struct itimerval interval = {{0, us}, {0, us}};
    setitimer(ITIMER_REAL, &interval, nullptr);
  }
  struct sigaction before_;
};

// Lets a stopped process do one instruction; false if it sleeps in it for a
// whole tick.
bool Step(pid_t pid) {
  EXPECT_EQ(ptrace(PTRACE_SINGLESTEP, pid, 0, 0), 0) << strerror(errno);
  int status, ticks = 0;
  pid_t stopped;
  while ((stopped = waitpid(pid, &status, __WALL)) < 0 && errno == EINTR) {
    if (++ticks > 1 && StateOf(pid) == 'S') return false;
  }
  EXPECT_EQ(stopped, pid);
  EXPECT_TRUE(WIFSTOPPED(status));
  return true;
}

// Its tracer is told, and then its parent.
void Kill(pid_t pid) {
  int status;
  EXPECT_EQ(kill(pid, SIGKILL), 0);
  do {
    ASSERT_EQ(waitpid(pid, &status, __WALL), pid);
  } while (!WIFSIGNALED(status));
}

class PoolsSteps : public ObjectsTest {
 protected:
  void SetUp() override {
    // A worker and who steps it take turns: on one processor that is four times
    // as quick as on two, which would wake each other.
    CPU_SET(sched_getcpu(), &one_);
    ASSERT_EQ(sched_getaffinity(0, sizeof all_, &all_), 0);
    ASSERT_EQ(sched_setaffinity(0, sizeof one_, &one_), 0);
    ObjectsTest::SetUp();
    counts_ = brood_shared_array_new(brood_get_context(GetParam()), 'i', 1,
                                     BROOD_NO_LOCK);
    ASSERT_NE(counts_, nullptr);
  }
  void TearDown() override {
    brood_shared_array_free(counts_);
    ObjectsTest::TearDown();
    EXPECT_EQ(sched_setaffinity(0, sizeof all_, &all_), 0);
  }

  // How often the task was begun.
  std::atomic<int32_t> &Begun() const {
    return *static_cast<std::atomic<int32_t> *>(
        brood_shared_array_get_obj(counts_));
  }

  // Kills the worker of a pool so many instructions after it was woken for a
  // task, or where it sleeps next. Returns how many there were.
  int KillAfter(int steps, Pool &pool) {
    pid_t worker = static_cast<pid_t>(pool.Apply(Pid));
    if (!Stop(worker)) return 0;
    Begun() = 0;
    Values args = {brood_object(counts_), brood_int64(0)};
    Result result(pool, Begin, args);
    int done = 0;
    {
      Ticks ticks;
      while (done < steps && Step(worker)) done++;
    }
    Kill(worker);
    int64_t got = result.Get();
    EXPECT_TRUE(got == 0 || got == BROOD_WORKER_LOST)
        << "after " << done << ": " << got << " " << brood_error_message();
    EXPECT_LE(Begun(), 1) << "after " << done;
    EXPECT_TRUE(got != 0 || Begun() == 1) << "after " << done;
    lost_ += got == BROOD_WORKER_LOST;
    return done;
  }

  cpu_set_t one_ = {}, all_;
  brood_shared_array *counts_ = nullptr;
  int lost_ = 0;
};

TEST_P(PoolsSteps, AnyInstructionMayBeTheLast) {
  Pool pool(GetParam(), With([&](auto &o) {
              o.processes = 1;
              o.max_restarts = INT_MAX;
            }));
  int all = KillAfter(INT_MAX, pool);
  if (all == 0) GTEST_SKIP() << "SKIPPED: ptrace is not allowed";
  int kills = std::min(Rounds(10), all);
  for (int i = 0; i < kills && !HasFailure(); i++) {
    int from = static_cast<int>(int64_t{all} * i / kills);
    int to = static_cast<int>(int64_t{all} * (i + 1) / kills);
    KillAfter(from + static_cast<int>(Random(to - from)), pool);
  }
  RecordProperty("instructions", all);
  RecordProperty("lost", lost_);
  EXPECT_GT(lost_, 0);  // some hit it in the task
  EXPECT_LT(lost_, kills);
}

INSTANTIATE_METHODS(PoolsSteps);

}  // namespace
