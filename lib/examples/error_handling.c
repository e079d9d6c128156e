/* SPDX-License-Identifier: MIT
 *
 * Shows: how failures look. What makes something returns NULL, everything else
 * a negative enum brood_error; the code and one sentence about it stay with
 * the thread. A start that fails leaves the process as it was: nothing runs,
 * and it may be tried again.
 *
 * What goes wrong in the child is an exit code: 1 after brood_fail, which
 * prints why, or minus the number of a signal.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "brood.h"

static void show_error(const char *what) {
  printf("%s: %s: %s\n", what, brood_error_name(brood_error()),
         brood_error_message());
}

/* Nothing lets a fresh process find this one: there is no BROOD_TARGET. */
static void unregistered(const brood_args *args) {
  (void)args;
}

static void failing(const brood_args *args) {
  const char *text;
  if (brood_value_string(brood_args_get(args, 0), &text) < 0)
    brood_fail(brood_error_message());
}
BROOD_TARGET(failing);

static void crashing(const brood_args *args) {
  (void)args;
  raise(SIGKILL);
}
BROOD_TARGET(crashing);

static void show_method_errors(void) {
  if (brood_get_context("thread") == NULL) show_error("unknown method");
  if (brood_set_start_method("spawn", 0) < 0) exit(1);
  if (brood_set_start_method("fork", 0) < 0) show_error("set twice");
  if (brood_context_set_start_method(brood_get_context("fork"), "fork", 0) <
      0) {
    show_error("set for a concrete context");
  }
}

static void show_start_error(void) {
  brood_process *process =
      brood_process_new(brood_get_context("spawn"),
                        &(brood_process_options){.target = unregistered});
  if (process == NULL) exit(1);
  if (brood_process_start(process) < 0) show_error("unregistered target");
  printf("pid after that: %d\n", brood_process_pid(process));
  brood_process_free(process);
}

static void show_exit_code(const char *what, brood_target target) {
  brood_process *process = brood_process_new(
      brood_get_context("forkserver"),
      &(brood_process_options){
          .target = target, .name = "the child", BROOD_ARGS(brood_int64(5))});
  int exitcode;
  if (process == NULL || brood_process_start(process) < 0) exit(1);
  if (brood_process_join(process, 0) == BROOD_TIMEOUT) {
    /* Not an error: it is still running. Wait without limit. */
    brood_process_join(process, BROOD_FOREVER);
  }
  if (brood_process_exitcode(process, &exitcode) == 1) {
    printf("%s: exit code %d\n", what, exitcode);
  }
  brood_process_free(process);
}

int main(int argc, char **argv) {
  brood_init(argc, argv);
  show_method_errors();
  show_start_error();
  show_exit_code("wrong argument", failing);
  show_exit_code("killed", crashing);
  return 0;
}
