/* SPDX-License-Identifier: MIT
 *
 * The one clock of parent and child, in C and C++.
 */
#pragma once

#include <stdint.h>
#include <time.h>

/* bench_now_ns returns CLOCK_MONOTONIC, which all processes share. */
static inline int64_t bench_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return INT64_C(1000000000) * now.tv_sec + now.tv_nsec;
}
