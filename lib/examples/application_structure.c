/* SPDX-License-Identifier: MIT
 *
 * Shows: the shape of an application. The start method is set early, one
 * context is used throughout, four workers put results into a queue, and all of
 * them are joined.
 *
 * The workers are joined before their results are read: what was put is in the
 * queue, and waits for nobody.
 */
#include <stdio.h>
#include <stdlib.h>

#include "brood.h"

enum { NUM_WORKERS = 4 };

static void fail(void) {
  fprintf(stderr, "%s: %s\n", brood_error_name(brood_error()),
          brood_error_message());
  exit(1);
}

static void worker(const brood_args *args) {
  brood_queue *results =
      brood_value_object(brood_args_get(args, 0), BROOD_KIND_QUEUE);
  int64_t worker_id;
  if (results == NULL ||
      brood_value_int64(brood_args_get(args, 1), &worker_id) < 0) {
    brood_fail(brood_error_message());
  }
  char text[64];
  snprintf(text, sizeof text, "result from worker %d", (int)worker_id);
  if (brood_queue_put(results, brood_string(text), BROOD_FOREVER) < 0) {
    brood_fail(brood_error_message());
  }
}
BROOD_TARGET(worker);

static brood_process *start_worker(const brood_context *context,
                                   brood_queue *results, int worker_id) {
  char name[32];
  snprintf(name, sizeof name, "worker %d", worker_id);
  brood_process *process = brood_process_new(
      context, &(brood_process_options){
                   .target = worker,
                   .name = name,
                   BROOD_ARGS(brood_object(results), brood_int64(worker_id))});
  if (process == NULL || brood_process_start(process) < 0) fail();
  return process;
}

/* Returns whether it did its work, and says so if it did not. */
static bool finish_worker(brood_process *process) {
  int exitcode = -1;
  if (brood_process_join(process, BROOD_FOREVER) < 0) fail();
  brood_process_exitcode(process, &exitcode);
  if (exitcode != 0) {
    fprintf(stderr, "%s ended with %d\n", brood_process_name(process),
            exitcode);
  }
  brood_process_free(process);
  return exitcode == 0;
}

static void show_results(brood_queue *results) {
  brood_value result;
  while (brood_queue_get_nowait(results, &result) == 0) {
    const char *text;
    if (brood_value_string(&result, &text) < 0) fail();
    printf("%s\n", text);
    brood_value_clear(&result);
  }
  if (brood_error() != BROOD_EMPTY) fail();
}

int main(int argc, char **argv) {
  brood_init(argc, argv);
  if (brood_set_start_method("spawn", 0) < 0) fail();
  const brood_context *context = brood_get_context(NULL);
  brood_queue *results = brood_queue_new(context, 0);
  if (results == NULL) fail();

  brood_process *workers[NUM_WORKERS];
  for (int i = 0; i < NUM_WORKERS; i++) {
    workers[i] = start_worker(context, results, i);
  }
  int num_failed = 0;
  for (int i = 0; i < NUM_WORKERS; i++) {
    if (!finish_worker(workers[i])) num_failed++;
  }
  show_results(results);
  brood_queue_free(results);
  return num_failed == 0 ? 0 : 1;
}
