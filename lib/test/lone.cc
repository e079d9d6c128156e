// A program that needs nothing beside itself, so that tests can copy it, give
// it rights, and take its file away. It does what its argument says, starts a
// process by each method, and prints what comes of that.
// SPDX-License-Identifier: MIT
#include <sys/auxv.h>

#include <cstdio>
#include <string>

#include "brood.h"

namespace {

void end_with_seven(const brood_args *) {
  brood_exit(7);
}
BROOD_TARGET(end_with_seven);

void StartOne(const char *method) {
  brood_process_options options = {};
  options.target = end_with_seven;
  brood_process *process =
      brood_process_new(brood_get_context(method), &options);
  int code = -1;
  if (brood_process_start(process) == 0) {
    brood_process_join(process, BROOD_FOREVER);
    brood_process_exitcode(process, &code);
    printf("%s %d\n", method, code);
  } else {
    printf("%s %s: %s\n", method, brood_error_name(brood_error()),
           brood_error_message());
  }
  brood_process_free(process);
}

void StartAll() {
  for (const char *method : {"fork", "spawn", "forkserver"}) StartOne(method);
  fflush(stdout);
}

}  // namespace

int main(int argc, char **argv) {
  brood_init(argc, argv);
  std::string what = argc > 1 ? argv[1] : "";
  if (what == "--secure") {
    puts(getauxval(AT_SECURE) ? "secure" : "not");
    return 0;
  }
  StartAll();
  return 0;
}
