// Proves that no system call that fails while a pool is made, given tasks,
// closed and freed has a call wait for ever, changes a value, or leaves
// anything behind. Under fork the supervisor and the workers inherit the
// failure. SPDX-License-Identifier: MIT
#include "lib/test/faults.h"
#include "lib/test/pools.h"

namespace {

class PoolsSweep : public ObjectsTest {};

// One of them, or the right value.
void ExpectOutcome(int64_t got, int64_t right) {
  if (got == right) return;
  EXPECT_TRUE(got == BROOD_OS_ERROR || got == BROOD_WORKER_LOST ||
              got == BROOD_BROKEN_POOL || got == BROOD_TASK_ERROR)
      << got << " " << brood_error_message();
}

TEST_P(PoolsSweep, NothingIsLeftOrWrong) {
  ForEachFault([&](int) {
    brood_pool_options options = With([](auto &o) { o.processes = 1; });
    brood_pool *pool = brood_pool_new(brood_get_context(GetParam()), &options);
    if (pool == nullptr) {
      EXPECT_EQ(brood_error(), BROOD_OS_ERROR) << brood_error_message();
      return;
    }
    brood_value args[] = {brood_int64(3)};
    for (int i = 0; i < 3; i++) {
      brood_value value = brood_none();
      int r =
          brood_pool_apply(pool, Square, brood_tuple(args, 1), &value, kLong);
      ExpectOutcome(r < 0 ? r : value.as.int64, 9);
    }
    EXPECT_WORKS(brood_pool_close(pool));
    EXPECT_WORKS(brood_pool_join(pool, kLong));
    brood_pool_free(pool);
  });
}

INSTANTIATE_METHODS(PoolsSweep);

}  // namespace
