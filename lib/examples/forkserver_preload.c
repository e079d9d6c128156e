/* SPDX-License-Identifier: MIT
 *
 * Shows: work done once for all children. A preload function runs in the fork
 * server before it serves; every child begins as a copy of the server and
 * finds the result in memory.
 *
 * A preload function returns 0, or a positive number that the first start
 * reports. It should leave no threads behind: the server forks.
 */
#include <stdio.h>
#include <stdlib.h>

#include "brood.h"

enum { NUM_SQUARES = 1000, NUM_CHILDREN = 3 };

static long squares[NUM_SQUARES];

static int load_squares(void) {
  for (long i = 0; i < NUM_SQUARES; i++) squares[i] = i * i;
  return 0;
}
BROOD_PRELOAD(load_squares);

static void fail(void) {
  fprintf(stderr, "%s: %s\n", brood_error_name(brood_error()),
          brood_error_message());
  exit(1);
}

static void look_up(const brood_args *args) {
  int64_t number;
  if (brood_value_int64(brood_args_get(args, 0), &number) < 0) {
    brood_fail(brood_error_message());
  }
  printf("%d squared is %ld\n", (int)number, squares[number]);
}
BROOD_TARGET(look_up);

int main(int argc, char **argv) {
  brood_init(argc, argv);
  const char *names[] = {"load_squares"};
  if (brood_set_forkserver_preload(names, 1) < 0) fail();
  const brood_context *context = brood_get_context("forkserver");
  for (int i = 0; i < NUM_CHILDREN; i++) {
    brood_process *process = brood_process_new(
        context, &(brood_process_options){.target = look_up,
                                          BROOD_ARGS(brood_int64(10 + i))});
    if (process == NULL || brood_process_start(process) < 0) fail();
    if (brood_process_join(process, BROOD_FOREVER) < 0) fail();
    brood_process_free(process);
  }
  printf("in main it was never computed: %ld\n", squares[10]);
  return 0;
}
