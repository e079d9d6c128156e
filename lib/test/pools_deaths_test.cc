// Proves what becomes of tasks whose worker, supervisor or program is killed,
// of those that take too long, and of those that are taken back.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "lib/test/inside.h"
#include "lib/test/pools.h"

namespace {

class PoolsDeaths : public ObjectsTest {};

int Fail(const brood_args *) {
  return brood_raise(BROOD_VALUE_ERROR, "no data base");
}
BROOD_TASK(Fail);

// ---------------------------------------------------------------- Lost tasks

TEST_P(PoolsDeaths, TellsHowAWorkerEnded) {
  Pool pool(GetParam(), 1);
  EXPECT_EQ(pool.Apply(Die, {brood_int64(SIGKILL)}), BROOD_WORKER_LOST);
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "signal 9 (SIGKILL)",
                      brood_error_message());
  EXPECT_EQ(brood_task_failure()->exitcode, -SIGKILL);
  EXPECT_GT(brood_task_failure()->worker_pid, 0);
  EXPECT_EQ(pool.Apply(Die, {brood_int64(-3)}), BROOD_WORKER_LOST);
  EXPECT_EQ(brood_task_failure()->exitcode, 3);
  EXPECT_EQ(pool.Apply(Die, {brood_int64(0)}), BROOD_WORKER_LOST);
  EXPECT_EQ(brood_task_failure()->exitcode, 0);
  EXPECT_EQ(pool.Apply(Square, {brood_int64(3)}), 9);
}

TEST_P(PoolsDeaths, LosesNothingWithIdleWorkers) {
  Pool pool(GetParam(), 2);
  for (int round = 0; round < 5; round++) {
    EXPECT_GT(pool.Apply(Pid), 0);
    for (int pid : pool.Pids()) kill(pid, SIGKILL);
  }
  EXPECT_EQ(pool.Apply(Square, {brood_int64(3)}), 9);
}

TEST_P(PoolsDeaths, ReportsALostTaskUnasked) {
  Pool pool(GetParam(), 1);
  std::atomic<int> failed(0);
  brood_task_options options = {};
  options.argument = &failed;
  options.error_callback = [](brood_async_result *, void *argument) {
    (*static_cast<std::atomic<int> *>(argument))++;
    return 0;
  };
  Result result(pool, Die, {brood_int64(SIGKILL)}, options);
  EXPECT_TRUE(WaitUntil([&] { return failed == 1; }));
}

TEST_P(PoolsDeaths, LosesAChunkAlone) {
  Pool pool(GetParam(), 2);
  brood_value items[] = {brood_int64(1000), brood_int64(SIGKILL),
                         brood_int64(1001), brood_int64(1002)};
  // A signal with such a number does nothing.
  Result result(brood_pool_map_async(pool, Die, items, 4, 1, nullptr));
  EXPECT_EQ(result.Get(), BROOD_WORKER_LOST);
  EXPECT_EQ(brood_task_failure()->index, 1);
  const brood_value *value;
  for (size_t i : {0, 2, 3}) {
    EXPECT_WORKS(brood_async_result_item(result, i, &value));
  }
}

TEST_P(PoolsDeaths, SurvivesItsSupervisor) {
  Pool pool(GetParam(), 2);
  Pipe gate, told;
  Result begun(pool, Gate, {gate.ReadingArgument(), told.Argument()});
  EXPECT_EQ(told.Read<char>(), 'b');
  kill(pool.Supervisor(), SIGKILL);
  EXPECT_EQ(begun.Get(), BROOD_WORKER_LOST);
  for (int i = 0; i < 5; i++) {
    EXPECT_EQ(pool.Apply(Square, {brood_int64(i)}), i * i);
  }
}

// A supervisor that does not answer is killed, and its workers with it.
TEST_P(PoolsDeaths, EndsBesideAStoppedSupervisor) {
  Pool pool(GetParam(), With([](auto &o) {
              o.processes = 1;
              o.grace_ns = 20 * kMillisecond;
            }));
  Pipe gate, told;
  Result begun(pool, Gate, {gate.ReadingArgument(), told.Argument()});
  EXPECT_EQ(told.Read<char>(), 'b');
  kill(pool.Supervisor(), SIGSTOP);
  EXPECT_WORKS(brood_pool_terminate(pool));
  EXPECT_EQ(begun.Get(0), BROOD_TERMINATED);
  EXPECT_EQ(told.ReadAll(), "");
}

// Found was, before Linux 6.15: a supervisor that had ended in order was taken
// for a dead one, and replaced for ever; and so were workers.
TEST_P(PoolsDeaths, EndsWhereNobodyKnowsHow) {
  auto before = signal(SIGCHLD, SIG_IGN);
  {
    Pool pool(GetParam(), With([](auto &o) {
                o.processes = 1;
                o.maxtasksperchild = 1;
                o.max_restarts = 1;
                o.restart_window_ns = kLong;
              }));
    for (int i = 0; i < 4; i++) {
      EXPECT_EQ(pool.Apply(Square, {brood_int64(i)}), i * i);
    }
    EXPECT_WORKS(brood_pool_close(pool));
    EXPECT_WORKS(brood_pool_join(pool, kLong));
  }
  signal(SIGCHLD, before);
}

TEST_P(PoolsDeaths, EndsWithItsOwner) {
  Pipe told;
  pid_t owner = fork();
  if (owner == 0) {
    Pool pool(GetParam(), 2);
    Pipe gate;
    Result busy(pool, Gate, {gate.ReadingArgument(), told.Argument()});
    for (;;) pause();
  }
  EXPECT_EQ(told.Read<char>(), 'b');
  kill(owner, SIGKILL);
  EXPECT_FALSE(WaitForChild(owner));
  EXPECT_EQ(told.ReadAll(), "");  // until no worker is left
}

// -------------------------------------------------------------- Broken pools

// Fails unless it has so many arguments, of which the first says how many.
int Count(const brood_args *args) {
  size_t count = brood_args_count(args);
  int64_t expected = 0;
  if (count > 0) brood_value_int64(brood_args_get(args, 0), &expected);
  return count == static_cast<size_t>(expected)
             ? 0
             : brood_raise(BROOD_VALUE_ERROR, "%zu arguments", count);
}
BROOD_TASK(Count);

TEST_P(PoolsDeaths, GivesTheInitializerItsArguments) {
  brood_value two[] = {brood_int64(2), brood_none()};
  for (const brood_value &initargs : {brood_none(), brood_tuple(two, 2)}) {
    Pool pool(GetParam(), With([&](auto &o) {
                o.processes = 1;
                o.initializer = Count;
                o.initargs = initargs;
              }));
    EXPECT_GT(pool.Apply(Pid), 0) << brood_error_message();
  }
}

TEST_P(PoolsDeaths, BreaksIfTheInitializerFails) {
  Pool pool(GetParam(), With([](auto &o) {
              o.processes = 2;
              o.initializer = Fail;
            }));
  EXPECT_EQ(pool.Apply(Pid), BROOD_BROKEN_POOL);
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "no data base",
                      brood_error_message());
  EXPECT_NULL_FAILS(brood_pool_apply_async(pool, Pid, brood_none(), nullptr),
                    BROOD_BROKEN_POOL, "no data base");
  EXPECT_WORKS(brood_pool_close(pool));
  EXPECT_WORKS(brood_pool_join(pool, kLong));
}

// Found was: a worker that was killed while it wrote the reason left a pool
// that nobody could break any more, and so tried its initializer for ever.
TEST_P(PoolsDeaths, BreaksAlthoughThatWasBegunBefore) {
  Pool pool(GetParam(), With([](auto &o) {
              o.processes = 1;
              o.max_restarts = 1;
              o.restart_window_ns = kLong;
            }));
  EXPECT_GT(pool.Apply(Pid), 0);
  inside_begin_reason(pool);
  for (int i = 0; i < 2; i++) pool.Apply(Die, {brood_int64(SIGKILL)});
  EXPECT_TRUE(WaitUntil([&] { return pool.Apply(Pid) == BROOD_BROKEN_POOL; }));
}

// What a worker has no descriptor for fails, and is no reason to end.
TEST_P(PoolsDeaths, LosesATaskAloneThatCannotBeReceived) {
  Pool pool(GetParam(), 1);
  Pipe gate;
  int64_t worker = pool.Apply(Pid);
  rlimit none = {3, 3};
  ASSERT_EQ(prlimit(static_cast<pid_t>(worker), RLIMIT_NOFILE, &none, nullptr),
            0);
  EXPECT_EQ(pool.Apply(Gate, {gate.ReadingArgument()}), BROOD_TASK_ERROR);
  EXPECT_EQ(brood_task_failure()->code, BROOD_OS_ERROR);
  Result cancelled(pool, Gate, {gate.ReadingArgument()});
  brood_async_result_cancel(cancelled);
  EXPECT_EQ(pool.Apply(Square, {brood_int64(3)}), 9);
  EXPECT_EQ(pool.Apply(Pid), worker);
}

TEST_P(PoolsDeaths, BreaksAfterTooManyRestarts) {
  Pool pool(GetParam(), With([](auto &o) {
              o.processes = 1;
              o.max_restarts = 3;
              o.restart_window_ns = kLong;
            }));
  for (int i = 0; i < 4; i++) {
    EXPECT_EQ(pool.Apply(Die, {brood_int64(SIGKILL)}), BROOD_WORKER_LOST);
  }
  EXPECT_TRUE(WaitUntil([&] { return pool.Apply(Pid) == BROOD_BROKEN_POOL; }));
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "4 workers ended in disorder",
                      brood_error_message());
}

// -------------------------------------------------------------------- Limits

brood_task_options Limits(int64_t soft_ns, int64_t hard_ns) {
  brood_task_options options = {};
  options.soft_limit_ns = soft_ns;
  options.hard_limit_ns = hard_ns;
  return options;
}

TEST_P(PoolsDeaths, EndsATaskAtItsHardLimit) {
  Pool pool(GetParam(), With([](auto &o) {
              o.processes = 1;
              o.grace_ns = kLong;
            }));
  Result patient(pool, Patient, {}, Limits(0, kNoticed));
  EXPECT_EQ(patient.Get(), BROOD_TIME_LIMIT);
  EXPECT_EQ(brood_task_failure()->exitcode, -SIGTERM);
  EXPECT_EQ(pool.Apply(Square, {brood_int64(3)}), 9);
}

// The limit leaves it the time to be deaf.
TEST_P(PoolsDeaths, EndsADeafTaskAtItsHardLimit) {
  Pool pool(GetParam(), With([](auto &o) {
              o.processes = 1;
              o.grace_ns = 20 * kMillisecond;
            }));
  Pipe told;
  Result deaf(pool, Deaf, {told.Argument()}, Limits(0, kNoticed));
  EXPECT_EQ(deaf.Get(), BROOD_TIME_LIMIT);
  EXPECT_EQ(told.Read<char>(), 'd');
  EXPECT_EQ(brood_task_failure()->exitcode, -SIGKILL);
  EXPECT_EQ(pool.Apply(Square, {brood_int64(3)}), 9);
}

TEST_P(PoolsDeaths, TellsATaskOfItsSoftLimit) {
  Pool pool(GetParam(), With([](auto &o) {
              o.processes = 1;
              o.soft_limit_ns = 20 * kMillisecond;
            }));
  EXPECT_EQ(pool.Apply(Patient), BROOD_TASK_ERROR);
  EXPECT_EQ(brood_task_failure()->code, BROOD_SOFT_TIME_LIMIT);
  int worker = brood_task_failure()->worker_pid;
  EXPECT_EQ(pool.Apply(Pid), worker);
  EXPECT_EQ(brood_task_soft_limit(), 0);
  // A task's own limit goes before the pool's.
  Result own(pool, Patient, {}, Limits(-1, 100 * kMillisecond));
  EXPECT_EQ(own.Get(), BROOD_TIME_LIMIT);
}

// --------------------------------------------------------------- Taking back

TEST_P(PoolsDeaths, TakesBackWhatIsNotBegun) {
  Pool pool(GetParam(), 1);
  Pipe gate, told;
  Result begun(pool, Gate, {gate.ReadingArgument(), told.Argument()});
  EXPECT_EQ(told.Read<char>(), 'b');
  Result waiting(pool, Pid);
  EXPECT_EQ(brood_async_result_cancel(waiting), 1);
  EXPECT_EQ(waiting.Get(0), BROOD_CANCELLED);
  EXPECT_EQ(brood_async_result_cancel(begun), 0);
  gate.Release();
  EXPECT_GT(begun.Get(), 0);
  EXPECT_EQ(brood_async_result_cancel(begun), 0);
  EXPECT_EQ(pool.Apply(Square, {brood_int64(3)}), 9);
}

TEST_P(PoolsDeaths, TerminatesOneTask) {
  Pool pool(GetParam(), 2);
  Pipe gate, told;
  Values args = {gate.ReadingArgument(), told.Argument()};
  Result ended(pool, Gate, args);
  Result other(pool, Gate, args);
  EXPECT_EQ(told.Read<char>(), 'b');
  EXPECT_EQ(told.Read<char>(), 'b');
  EXPECT_WORKS(brood_async_result_terminate(ended));
  EXPECT_EQ(ended.Get(), BROOD_TERMINATED);
  gate.Release();
  EXPECT_GT(other.Get(), 0);
  EXPECT_FAILS(brood_pool_terminate_job(pool, getpid()), BROOD_VALUE_ERROR,
               "no worker has pid");
  Result again(pool, Gate, args);
  EXPECT_EQ(told.Read<char>(), 'b');
  for (int pid : pool.Pids()) EXPECT_WORKS(brood_pool_terminate_job(pool, pid));
  EXPECT_EQ(again.Get(), BROOD_TERMINATED);
  EXPECT_EQ(pool.Apply(Square, {brood_int64(3)}), 9);
}

// Found was: a chunk that a thread put just after another one had terminated
// the pool had no outcome.
TEST_P(PoolsDeaths, HasAnOutcomeForWhatIsGivenMeanwhile) {
  for (int round = 0; round < 5; round++) {
    Pool pool(GetParam(), 1);
    std::atomic<int> given(0);
    std::thread giver([&] {
      std::string large(1 << 20, 'x');
      brood_value item = brood_string(large.c_str());
      brood_value args = brood_tuple(&item, 1);
      brood_async_result *result;
      while ((result = brood_pool_apply_async(pool, Echo, args, nullptr)) !=
             nullptr) {
        given++;
        EXPECT_WORKS(brood_async_result_wait(result, kLong));
        brood_async_result_free(result);
      }
      EXPECT_EQ(brood_error(), BROOD_VALUE_ERROR) << brood_error_message();
    });
    EXPECT_TRUE(WaitUntil([&] { return given > 3; }));
    EXPECT_WORKS(brood_pool_terminate(pool));
    giver.join();
  }
}

INSTANTIATE_METHODS(PoolsDeaths);

}  // namespace
