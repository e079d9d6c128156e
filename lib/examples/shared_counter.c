/* SPDX-License-Identifier: MIT
 *
 * Shows: a value that processes of every method count up together. An
 * addition is a read and a write; the value's own lock makes it one step.
 *
 * The objects are made by no context in particular: they work in processes of
 * all of them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "brood.h"

enum { NUM_METHODS = 3, NUM_ADDITIONS = 1000 };

static void fail(void) {
  fprintf(stderr, "%s: %s\n", brood_error_name(brood_error()),
          brood_error_message());
  exit(1);
}

static void add(const brood_args *args) {
  brood_shared_value *counter =
      brood_value_object(brood_args_get(args, 0), BROOD_KIND_VALUE);
  if (counter == NULL) {
    brood_fail(brood_error_message());
  }
  int *number = brood_shared_value_get_obj(counter);
  for (int i = 0; i < NUM_ADDITIONS; i++) {
    if (brood_shared_value_acquire(counter, BROOD_FOREVER) < 0) {
      brood_fail(brood_error_message());
    }
    *number += 1;
    brood_shared_value_release(counter);
  }
}
BROOD_TARGET(add);

int main(int argc, char **argv) {
  brood_init(argc, argv);
  brood_shared_value *counter = brood_shared_value_new(NULL, 'i', NULL);
  if (counter == NULL) fail();

  const char *const *methods = brood_get_all_start_methods();
  brood_process *processes[NUM_METHODS];
  for (int i = 0; i < NUM_METHODS; i++) {
    processes[i] = brood_process_new(
        brood_get_context(methods[i]),
        &(brood_process_options){.target = add,
                                 BROOD_ARGS(brood_object(counter))});
    if (processes[i] == NULL || brood_process_start(processes[i]) < 0) fail();
  }
  for (int i = 0; i < NUM_METHODS; i++) {
    if (brood_process_join(processes[i], BROOD_FOREVER) < 0) fail();
    brood_process_free(processes[i]);
  }

  /* Nobody else writes any more. */
  const int *sum = brood_shared_value_get_obj(counter);
  printf("%d processes added %d each: %d\n", NUM_METHODS, NUM_ADDITIONS, *sum);
  brood_shared_value_free(counter);
  return 0;
}
