/* SPDX-License-Identifier: MIT
 *
 * Shows: a task that is the end of its worker. It costs this task alone: its
 * result says how the worker ended, a new worker takes the place, and the
 * other tasks are done.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "brood.h"

enum { NUM_WORKERS = 2, NUM_TASKS = 6, DEADLY = 3 };

static void fail(void) {
  fprintf(stderr, "%s: %s\n", brood_error_name(brood_error()),
          brood_error_message());
  exit(1);
}

static int square(const brood_args *args) {
  int64_t n;
  if (brood_value_int64(brood_args_get(args, 0), &n) < 0) return brood_error();
  if (n == DEADLY) raise(SIGKILL); /* as the kernel does when memory is short */
  return brood_return(brood_int64(n * n));
}
BROOD_TASK(square);

/* Which task, and how: what is known of one without a value. */
static void show_loss(int task) {
  const brood_failure *failure = brood_task_failure();
  if (failure == NULL || failure->code != BROOD_WORKER_LOST) fail();
  printf("%d squared: %s, its worker ended with exit code %d\n", task,
         failure->name, failure->exitcode);
}

static void show(int task, brood_async_result *result) {
  brood_value value;
  if (brood_async_result_get(result, &value, BROOD_FOREVER) < 0) {
    show_loss(task);
  } else {
    printf("%d squared: %d\n", task, (int)value.as.int64);
    brood_value_clear(&value);
  }
  brood_async_result_free(result);
}

int main(int argc, char **argv) {
  brood_init(argc, argv);
  brood_pool *pool =
      brood_pool_new(brood_get_context("forkserver"),
                     &(brood_pool_options){.processes = NUM_WORKERS});
  if (pool == NULL) fail();

  brood_async_result *results[NUM_TASKS];
  for (int i = 0; i < NUM_TASKS; i++) {
    brood_value argument = brood_int64(i);
    results[i] =
        brood_pool_apply_async(pool, square, brood_tuple(&argument, 1), NULL);
    if (results[i] == NULL) fail();
  }
  for (int i = 0; i < NUM_TASKS; i++) show(i, results[i]);
  brood_pool_free(pool);
  return 0;
}
