// Proves that whatever processes of a pool are killed, each task has an
// outcome, the right one or that it was lost, is begun once at most, and no
// call waits for ever.
// SPDX-License-Identifier: MIT
#include <signal.h>

#include <atomic>
#include <memory>

#include "lib/test/pools.h"
#include "lib/test/random.h"

namespace {

class PoolsChaos : public ObjectsTest {};

constexpr int kTasks = 40;  // between two kills

TEST_P(PoolsChaos, EachTaskHasAnOutcome) {
  const int rounds = Rounds(60);
  brood_shared_array *counts = brood_shared_array_new(
      brood_get_context(GetParam()), 'i', static_cast<int64_t>(rounds) * kTasks,
      BROOD_NO_LOCK);
  ASSERT_NE(counts, nullptr);
  auto *begun =
      static_cast<std::atomic<int32_t> *>(brood_shared_array_get_obj(counts));
  int lost = 0;
  {
    Pool pool(GetParam(), With([&](auto &o) {
                o.processes = 2;
                o.max_restarts = 1000000;
              }));
    for (int round = 0; round < rounds && !HasFailure(); round++) {
      std::vector<std::unique_ptr<Result>> results;
      for (int i = 0; i < kTasks; i++) {
        Values args = {brood_object(counts), brood_int64(round * kTasks + i)};
        results.push_back(std::make_unique<Result>(pool, Begin, args));
      }
      SleepAtRandom(1500);
      std::vector<int> pids = pool.Pids();
      int victim = Random(8) == 0 || pids.empty()
                       ? pool.Supervisor()
                       : pids[Random(static_cast<uint32_t>(pids.size()))];
      if (victim > 0) kill(victim, SIGKILL);
      for (int i = 0; i < kTasks; i++) {
        int index = round * kTasks + i;
        int64_t got = results[i]->Get();
        lost += got == BROOD_WORKER_LOST;
        EXPECT_TRUE(got == index || got == BROOD_WORKER_LOST)
            << got << " " << brood_error_message();
        EXPECT_LE(begun[index], 1);
        EXPECT_TRUE(got != index || begun[index] == 1) << begun[index];
      }
    }
    EXPECT_WORKS(brood_pool_close(pool));
    EXPECT_WORKS(brood_pool_join(pool, kLong));
  }
  RecordProperty("lost", lost);
  EXPECT_LE(lost, 2 * rounds);  // one task for each kill of a worker
  brood_shared_array_free(counts);
}

INSTANTIATE_METHODS(PoolsChaos);

}  // namespace
