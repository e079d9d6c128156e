/* SPDX-License-Identifier: MIT
 *
 * Shows: the shape of an application. The start method is set early, one
 * context is used throughout, four workers send results through a pipe, and
 * all of them are joined.
 *
 * The results are read before the workers are joined: a worker that has more
 * to say than the pipe holds ends only when somebody reads.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "brood.h"

enum { NUM_WORKERS = 4 };

static void fail(void) {
  fprintf(stderr, "%s: %s\n", brood_error_name(brood_error()),
          brood_error_message());
  exit(1);
}

static void worker(const brood_args *args) {
  int results;
  int64_t worker_id;
  if (brood_args_descriptor(args, 0, &results) < 0 ||
      brood_args_int64(args, 1, &worker_id) < 0) {
    brood_fail(brood_error_message());
  }
  dprintf(results, "result from worker %d\n", (int)worker_id);
}
BROOD_TARGET(worker);

static brood_process *start_worker(const brood_context *context, int results,
                                   int worker_id) {
  char name[32];
  snprintf(name, sizeof name, "worker %d", worker_id);
  brood_process *process = brood_process_new(
      context, &(brood_process_options){.target = worker,
                                        .name = name,
                                        BROOD_ARGS(brood_descriptor(results),
                                                   brood_int64(worker_id))});
  if (process == NULL || brood_process_start(process) < 0) fail();
  return process;
}

static void read_results(int results) {
  FILE *stream = fdopen(results, "r");
  if (stream == NULL) exit(1);
  char line[128];
  while (fgets(line, sizeof line, stream) != NULL) printf("%s", line);
  fclose(stream);
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

int main(int argc, char **argv) {
  brood_init(argc, argv);
  if (brood_set_start_method("spawn", 0) < 0) fail();
  const brood_context *context = brood_get_context(NULL);

  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return 1;
  brood_process *workers[NUM_WORKERS];
  for (int i = 0; i < NUM_WORKERS; i++) {
    workers[i] = start_worker(context, ends[1], i);
  }
  close(ends[1]); /* the workers have their own; the last one ends the file */
  read_results(ends[0]);

  int num_failed = 0;
  for (int i = 0; i < NUM_WORKERS; i++) {
    if (!finish_worker(workers[i])) num_failed++;
  }
  return num_failed == 0 ? 0 : 1;
}
