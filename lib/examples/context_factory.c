/* SPDX-License-Identifier: MIT
 *
 * Shows: contexts made by what is wanted of them. The rest of a program asks
 * for "fast", "safe" or "portable" and never names a start method.
 *
 * Fast is fork: no exec, nothing to send. Safe is forkserver: a child gets
 * neither memory nor descriptors that it was not given. Portable is spawn,
 * which every platform can offer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "brood.h"

static const brood_context *context_or_spawn(const char *wanted) {
  const char *const *methods = brood_get_all_start_methods();
  for (size_t i = 0; methods[i] != NULL; i++) {
    if (strcmp(methods[i], wanted) == 0) return brood_get_context(wanted);
  }
  return brood_get_context("spawn");
}

static const brood_context *create_high_performance_context(void) {
  return context_or_spawn("fork");
}

static const brood_context *create_safe_context(void) {
  return context_or_spawn("forkserver");
}

static const brood_context *create_portable_context(void) {
  return brood_get_context("spawn");
}

static const struct {
  const char *wanted;
  const brood_context *(*create)(void);
} factory[] = {
    {"high performance", create_high_performance_context},
    {"safe", create_safe_context},
    {"portable", create_portable_context},
};

static void fail(void) {
  fprintf(stderr, "%s: %s\n", brood_error_name(brood_error()),
          brood_error_message());
  exit(1);
}

static void work(const brood_args *args) {
  const char *wanted;
  if (brood_value_string(brood_args_get(args, 0), &wanted) < 0)
    brood_fail("what was wanted?");
  printf("%s: %s\n", wanted, brood_get_start_method(0));
}
BROOD_TARGET(work);

int main(int argc, char **argv) {
  brood_init(argc, argv);
  for (size_t i = 0; i < sizeof factory / sizeof *factory; i++) {
    brood_process *process = brood_process_new(
        factory[i].create(),
        &(brood_process_options){.target = work,
                                 BROOD_ARGS(brood_string(factory[i].wanted))});
    if (process == NULL) fail();
    if (brood_process_start(process) < 0) fail();
    if (brood_process_join(process, BROOD_FOREVER) < 0) fail();
    brood_process_free(process);
  }
  return 0;
}
