// A program whose main does not begin with brood_init. It starts a process by
// each method that needs it and prints what comes of that. If it were run
// again in place of a child, that would print more, or never end.
// SPDX-License-Identifier: MIT
#include <cstdio>
#include <cstring>

#include "brood.h"

static void never_runs(const brood_args *) {
  puts("ran");
}
BROOD_TARGET(never_runs);

static void Try(const char *method) {
  brood_process_options options = {};
  options.target = never_runs;
  brood_process *process =
      brood_process_new(brood_get_context(method), &options);
  int r = brood_process_start(process);
  printf("%s: %s: %s\n", method, brood_error_name(r), brood_error_message());
  if (r == 0) brood_process_join(process, BROOD_FOREVER);
  brood_process_free(process);
}

int main(int argc, char **) {
  if (argc > 1) return 4;  // as the executable of somebody else
  printf("argv: %s\n", brood_argv(nullptr) == nullptr ? "none" : "some");
  Try("spawn");
  Try("forkserver");
  fflush(stdout);
  return 0;
}
