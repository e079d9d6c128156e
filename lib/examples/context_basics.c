/* SPDX-License-Identifier: MIT
 *
 * Shows: which start methods there are, which one is the default, how to
 * choose another, and a process that is started by the choice.
 *
 * The choice is made once, early in main. BROOD_FORCE replaces one that has
 * been made, which asking for the default has already done here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "brood.h"

static void worker_info(const brood_args *args) {
  (void)args;
  printf("worker pid: %d\n", getpid());
  printf("parent pid: %d\n", brood_process_pid(brood_parent_process()));
  printf("start method in the worker: %s\n", brood_get_start_method(0));
}
BROOD_TARGET(worker_info);

static void fail(void) {
  fprintf(stderr, "%s: %s\n", brood_error_name(brood_error()),
          brood_error_message());
  exit(1);
}

static void list_methods(void) {
  const char *const *methods = brood_get_all_start_methods();
  printf("available start methods:");
  for (size_t i = 0; methods[i] != NULL; i++) printf(" %s", methods[i]);
  printf("\n");
}

int main(int argc, char **argv) {
  brood_init(argc, argv);
  printf("main pid: %d\n", getpid());
  list_methods();
  printf("default start method: %s\n", brood_get_start_method(0));

  if (brood_set_start_method("spawn", BROOD_FORCE) < 0) fail();
  printf("set start method to: %s\n", brood_get_start_method(0));

  /* NULL is the default context. */
  brood_process *process =
      brood_process_new(NULL, &(brood_process_options){.target = worker_info});
  if (process == NULL) fail();
  if (brood_process_start(process) < 0) fail();
  if (brood_process_join(process, BROOD_FOREVER) < 0) fail();

  int exitcode = -1;
  brood_process_exitcode(process, &exitcode);
  printf("exit code: %d\n", exitcode);
  brood_process_free(process);
  return exitcode;
}
