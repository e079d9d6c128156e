// What a fuzz target does when something is not as it must be.
// SPDX-License-Identifier: MIT
#ifndef BROOD_FUZZ_CHECK_H
#define BROOD_FUZZ_CHECK_H

#include <cstdio>
#include <cstdlib>

#define CHECK(condition)                                              \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      abort();                                                        \
    }                                                                 \
  } while (0)

#endif  // BROOD_FUZZ_CHECK_H
