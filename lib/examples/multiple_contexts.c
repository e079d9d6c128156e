/* SPDX-License-Identifier: MIT
 *
 * Shows: contexts side by side. Workers of every start method run at once and
 * send their results into one pipe: a descriptor carries no start method.
 *
 * A context is a name for a way to start: asking twice gives the same one.
 * What keeps two groups of workers apart is that each has a pipe of its own.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "brood.h"

enum { MAX_METHODS = 8 };

static void fail(void) {
  fprintf(stderr, "%s: %s\n", brood_error_name(brood_error()),
          brood_error_message());
  exit(1);
}

static void context_worker(const brood_args *args) {
  int results;
  const char *method;
  if (brood_args_descriptor(args, 0, &results) < 0 ||
      brood_args_string(args, 1, &method) < 0) {
    brood_fail(brood_error_message());
  }
  /* One line, one write: shorter than PIPE_BUF, it arrives in one piece. */
  dprintf(results, "worker from the %s context, started by %s\n", method,
          brood_get_start_method(0));
}
BROOD_TARGET(context_worker);

static brood_process *start_worker(const char *method, int results) {
  const brood_context *context = brood_get_context(method);
  if (context == NULL) fail();
  brood_process *process = brood_process_new(
      context, &(brood_process_options){.target = context_worker,
                                        BROOD_ARGS(brood_descriptor(results),
                                                   brood_string(method))});
  if (process == NULL || brood_process_start(process) < 0) fail();
  return process;
}

/* Copies what arrives to standard output, until nobody can write any more. */
static void show_results(int results) {
  char bytes[512];
  ssize_t size;
  fflush(stdout);
  while ((size = read(results, bytes, sizeof bytes)) > 0) {
    if (write(STDOUT_FILENO, bytes, (size_t)size) != size) exit(1);
  }
}

int main(int argc, char **argv) {
  brood_init(argc, argv);
  printf(
      "the same context every time: %s\n",
      brood_get_context("spawn") == brood_get_context("spawn") ? "yes" : "no");
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return 1;
  const char *const *methods = brood_get_all_start_methods();
  brood_process *processes[MAX_METHODS];
  size_t count = 0;
  for (; count < MAX_METHODS && methods[count] != NULL; count++) {
    processes[count] = start_worker(methods[count], ends[1]);
  }
  close(ends[1]); /* or the end of file never comes: we could still write */
  show_results(ends[0]);
  close(ends[0]);

  for (size_t i = 0; i < count; i++) {
    if (brood_process_join(processes[i], BROOD_FOREVER) < 0) fail();
    brood_process_free(processes[i]);
  }
  return 0;
}
