/* SPDX-License-Identifier: MIT
 *
 * Brood from a strict C11 program: a process by each start method.
 */
#include <stdio.h>

#include "brood.h"

static void answer(const brood_args *args) {
  int64_t number;
  if (brood_value_int64(brood_args_get(args, 0), &number) < 0) {
    brood_fail(brood_error_message());
  }
  brood_exit((int)number + 1);
}
BROOD_TARGET(answer);

static int ask(const char *method, int64_t number) {
  int exitcode = -1;
  brood_process *process =
      brood_process_new(brood_get_context(method),
                        &(brood_process_options){
                            .target = answer, BROOD_ARGS(brood_int64(number))});
  if (process == NULL || brood_process_start(process) < 0 ||
      brood_process_join(process, BROOD_FOREVER) < 0) {
    fprintf(stderr, "%s: %s\n", method, brood_error_message());
  } else {
    brood_process_exitcode(process, &exitcode);
  }
  brood_process_free(process);
  return exitcode;
}

int main(int argc, char **argv) {
  brood_init(argc, argv);
  const char *const *methods = brood_get_all_start_methods();
  for (int i = 0; methods[i] != NULL; i++) {
    printf("C %ld: %s %d\n", __STDC_VERSION__, methods[i],
           ask(methods[i], 10 * i));
  }
  return 0;
}
