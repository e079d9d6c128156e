/* SPDX-License-Identifier: MIT
 *
 * See targets.h. Each child reads the clock before it does anything else.
 */
#define _GNU_SOURCE /* clock_gettime, pwrite */
#include "bench/targets.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/clock.h"

void bench_write_stamp(int fd, int64_t now_ns) {
  if (pwrite(fd, &now_ns, sizeof now_ns, 0) != sizeof now_ns) _exit(9);
}

/* Adds up the lines of /proc/PID/smaps_rollup that begin with this. */
static int64_t sum_kib(const char *text, const char *name) {
  int64_t sum = 0;
  for (const char *at = text; (at = strstr(at, name)) != NULL; at++)
    sum += strtoll(strchr(at, ':') + 1, NULL, 10);
  return sum;
}

void bench_write_memory(int fd) {
  char text[4096] = "";
  int from = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
  ssize_t n = from < 0 ? -1 : read(from, text, sizeof text - 1);
  if (n <= 0) _exit(9);
  int64_t kib[] = {sum_kib(text, "\nPrivate_"), sum_kib(text, "\nPss:")};
  if (pwrite(fd, kib, sizeof kib, 0) != sizeof kib) _exit(9);
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

void bench_say_memory(const brood_args *args) {
  int fd = -1;
  if (brood_value_descriptor(brood_args_get(args, 0), &fd) < 0)
    brood_fail("no descriptor");
  bench_write_memory(fd);
}
BROOD_TARGET(bench_say_memory);

void bench_run_if_raw_child(int argc, char **argv) {
  if (argc < 2 || strcmp(argv[1], BENCH_RAW_CHILD) != 0) return;
  int64_t now_ns = bench_now_ns();
  if (argc == 3) bench_write_stamp(atoi(argv[2]), now_ns);
  if (argc > 3) bench_write_memory(atoi(argv[2]));
  _exit(0);
}
