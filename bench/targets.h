/* SPDX-License-Identifier: MIT
 *
 * What the benchmark's children run, in //bench:startup and in
 * //bench:startup_child alike.
 */
#pragma once

#include <stdint.h>

#include "brood.h"

#ifdef __cplusplus
extern "C" {
#endif

/* bench_write_stamp says when a child began. A child that cannot ends with a
 * code that the parent reports. */
void bench_write_stamp(int fd, int64_t now_ns);

/* bench_write_memory says how many KiB of memory only this process has, and
 * what its share is of all that it has. */
void bench_write_memory(int fd);

/* The targets: nothing; the time of the first act, the memory, to argument 0.
 */
void bench_do_nothing(const brood_args *args);
void bench_say_when(const brood_args *args);
void bench_say_memory(const brood_args *args);

/* bench_run_if_raw_child is the first statement of main. A child of raw
 * posix_spawn, with BENCH_RAW_CHILD as its first argument, ends here. If it is
 * to say when it began, the second one is the stamp's descriptor; if it is to
 * say what memory it has, there is a third. */
#define BENCH_RAW_CHILD "--raw-child"
void bench_run_if_raw_child(int argc, char **argv);

#ifdef __cplusplus
}
#endif
