/* SPDX-License-Identifier: MIT
 *
 * The program that raw posix_spawn and Brood's spawn both run: C with Brood
 * and nothing else. //bench:startup itself would do, but half of its exec is
 * the loading of Google Benchmark and of C++, which would hide what either
 * adds.
 */
#include <stdio.h>

#include "bench/targets.h"

int main(int argc, char **argv) {
  bench_run_if_raw_child(argc, argv);
  brood_init(argc, argv);
  fprintf(stderr, "startup_child: only //bench:startup runs this\n");
  return 2;
}
