/* SPDX-License-Identifier: MIT
 *
 * See targets.h. Each child reads the clock before it does anything else.
 */
#define _GNU_SOURCE /* clock_gettime, pwrite */
#include "bench/targets.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/clock.h"

void bench_write_stamp(int fd, int64_t now_ns) {
  if (pwrite(fd, &now_ns, sizeof now_ns, 0) != sizeof now_ns) _exit(9);
}

void bench_do_nothing(const brood_args *args) {
  (void)args;
}
BROOD_TARGET(bench_do_nothing);

void bench_say_when(const brood_args *args) {
  int64_t now_ns = bench_now_ns();
  int fd = -1;
  if (brood_value_descriptor(brood_args_get(args, 0), &fd) < 0)
    brood_fail("no descriptor");
  bench_write_stamp(fd, now_ns);
}
BROOD_TARGET(bench_say_when);

void bench_run_if_raw_child(int argc, char **argv) {
  if (argc < 2 || strcmp(argv[1], BENCH_RAW_CHILD) != 0) return;
  int64_t now_ns = bench_now_ns();
  if (argc > 2) bench_write_stamp(atoi(argv[2]), now_ns);
  _exit(0);
}
