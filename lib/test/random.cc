// See random.h. One generator for all threads, under a mutex.
// SPDX-License-Identifier: MIT
#include "lib/test/random.h"

#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <random>

static std::mt19937 NewGenerator() {
  const char *given = getenv("BROOD_TEST_SEED");
  uint32_t seed = given == nullptr ? std::random_device()()
                                   : (uint32_t)strtoul(given, nullptr, 10);
  printf("BROOD_TEST_SEED=%u\n", seed);
  fflush(stdout);
  return std::mt19937(seed);
}

uint32_t Random(uint32_t limit) {
  static std::mutex mutex;
  std::lock_guard<std::mutex> lock(mutex);
  static std::mt19937 generator = NewGenerator();
  return (uint32_t)(generator() % limit);
}

void SleepAtRandom(uint32_t limit_us) {
  uint32_t scale = 1u << Random(6);
  long nanoseconds = (long)Random(limit_us / scale * 1000 + 1);
  timespec moment = {nanoseconds / 1000000000, nanoseconds % 1000000000};
  nanosleep(&moment, nullptr);
}

int Rounds(int standard) {
  const char *given = getenv("BROOD_TEST_ROUNDS");
  if (given != nullptr) return atoi(given);
#ifdef __SANITIZE_ADDRESS__
  // Each start takes several times as long; what is few stays as it is.
  if (standard >= 60) return standard / 4;
#endif
  return standard;
}
