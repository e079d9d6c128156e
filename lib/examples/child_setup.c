/* SPDX-License-Identifier: MIT
 *
 * Shows: what a child is made of before its target runs. It works in another
 * directory, prints into a pipe of ours, and may open few files, under
 * whichever method. What of it fails is an error of the start, which names the
 * value, and nothing runs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "brood.h"

static void work(const brood_args *args) {
  (void)args;
  char directory[256];
  struct rlimit limit;
  if (getcwd(directory, sizeof directory) == NULL ||
      getrlimit(RLIMIT_NOFILE, &limit) < 0) {
    brood_fail("cannot look around");
  }
  printf("in %s, with %d descriptors\n", directory, (int)limit.rlim_cur);
}
BROOD_TARGET(work);

/* Prints what the child does, up to its end. */
static void show_output(const char *method, int end) {
  char text[256];
  ssize_t n;
  printf("%s: ", method);
  while ((n = read(end, text, sizeof text)) > 0) printf("%.*s", (int)n, text);
}

static int run_in(const char *method, const char *directory) {
  int ends[2];
  if (pipe(ends) < 0) exit(1);
  brood_child_setup setup = {
      .streams = {[STDOUT_FILENO] = {BROOD_STREAM_DESCRIPTOR, ends[1]}},
      .limits = &(brood_limit){RLIMIT_NOFILE, 64, 64},
      .num_limits = 1,
      .directory = directory,
  };
  brood_process *process =
      brood_process_new(brood_get_context(method),
                        &(brood_process_options){
                            .target = work, .name = "worker", .setup = &setup});
  int r = process == NULL ? -1 : brood_process_start(process);
  close(ends[1]); /* so that the pipe ends with the child */
  if (r < 0) {
    printf("%s\n", brood_error_message());
  } else {
    show_output(method, ends[0]);
    brood_process_join(process, BROOD_FOREVER);
  }
  close(ends[0]);
  brood_process_free(process);
  return r;
}

int main(int argc, char **argv) {
  brood_init(argc, argv);
  const char *const *methods = brood_get_all_start_methods();
  for (int i = 0; methods[i] != NULL; i++) {
    if (run_in(methods[i], "/") < 0) return 1;
  }
  return run_in("spawn", "/no/such/directory") < 0 ? 0 : 1;
}
