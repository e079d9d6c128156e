/* SPDX-License-Identifier: MIT
 *
 * A program with names of its own that the library has inside: each must keep
 * its own, however the two are linked.
 */
#include <stdio.h>

#include "brood.h"

int error_set(void) {
  return 1;
}

int log_info(const char *text) {
  return text[0];
}

int queue_get(void) {
  return 3;
}

int error_clear = 4, guard_lock = 5, sync_self_process_token = 6;

static void greet(const brood_args *args) {
  const char *whom;
  if (brood_value_string(brood_args_get(args, 0), &whom) < 0)
    brood_fail("greet whom?");
  brood_exit(whom[0]);
}
BROOD_TARGET(greet);

static int run(const char *method) {
  int exitcode = -1;
  brood_process *process = brood_process_new(
      brood_get_context(method),
      &(brood_process_options){.target = greet, BROOD_ARGS(brood_string("w"))});
  if (brood_process_start(process) < 0 ||
      brood_process_join(process, BROOD_FOREVER) < 0 ||
      brood_process_exitcode(process, &exitcode) < 0) {
    fprintf(stderr, "%s: %s\n", method, brood_error_message());
  }
  brood_process_free(process);
  return exitcode;
}

int main(int argc, char **argv) {
  if (brood_init(argc, argv) < 0) return 1;
  int own = error_set() + log_info("\2") + queue_get() + error_clear +
            guard_lock + sync_self_process_token;
  if (own != 1 + 2 + 3 + 4 + 5 + 6) fprintf(stderr, "own names: %d\n", own);
  bool ran =
      run("fork") == 'w' && run("spawn") == 'w' && run("forkserver") == 'w';
  return own == 21 && ran ? 0 : 1;
}
