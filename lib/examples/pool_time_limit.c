/* SPDX-License-Identifier: MIT
 *
 * Shows: limits on the time of a task. When the soft one is over, a task that
 * looks gives what it has so far. One that does not look goes on until the hard
 * limit: its worker is ended, and replaced.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "brood.h"

enum { ONE_WORKER = 1 };

static void fail(void) {
  fprintf(stderr, "%s: %s\n", brood_error_name(brood_error()),
          brood_error_message());
  exit(1);
}

/* Works in small pieces, and looks between two of them. */
static int attentive(const brood_args *args) {
  (void)args;
  int64_t pieces = 0;
  while (!brood_task_soft_limit()) {
    usleep(1000); /* a piece of work */
    pieces++;
  }
  return brood_return(brood_int64(pieces));
}
BROOD_TASK(attentive);

/* One that never looks. */
static int deaf(const brood_args *args) {
  (void)args;
  while (usleep(1000) <= 0) continue;
  return 0;
}
BROOD_TASK(deaf);

/* One that needs no limit. */
static int quick(const brood_args *args) {
  (void)args;
  return brood_return(brood_int64(1));
}
BROOD_TASK(quick);

static void run(brood_pool *pool, const char *name, brood_task task) {
  brood_value value;
  int r = brood_pool_apply(pool, task, brood_none(), &value, BROOD_FOREVER);
  if (r == 0) {
    printf("%s: %s\n", name, value.as.int64 > 0 ? "some work" : "no work");
    brood_value_clear(&value);
  } else if (r == BROOD_TIME_LIMIT) {
    printf("%s: %s\n", name, brood_task_failure()->name);
  } else {
    fail();
  }
}

int main(int argc, char **argv) {
  brood_init(argc, argv);
  /* Of all tasks; each may be given others with apply_async. */
  brood_pool *pool = brood_pool_new(
      brood_get_context("forkserver"),
      &(brood_pool_options){.processes = ONE_WORKER,
                            .soft_limit_ns = BROOD_MILLISECONDS(100),
                            .hard_limit_ns = BROOD_SECONDS(2)});
  if (pool == NULL) fail();
  run(pool, "attentive", attentive);
  run(pool, "deaf", deaf);
  run(pool, "quick, in a new worker", quick);
  brood_pool_free(pool);
  return 0;
}
