// SPDX-License-Identifier: MIT
//
// Brood from a strict C++17 program: a process by each start method. A handle
// is a unique_ptr, an error becomes an exception, and options are filled in by
// name, since BROOD_ARGS is C.
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

#include "brood.h"

namespace {

struct Free {
  void operator()(brood_process *process) const {
    brood_process_free(process);
  }
};
using Process = std::unique_ptr<brood_process, Free>;

void Check(bool ok) {
  if (!ok) throw std::runtime_error(brood_error_message());
}

void Answer(const brood_args *args) {
  const char *text;
  if (brood_value_string(brood_args_get(args, 0), &text) < 0) {
    brood_fail(brood_error_message());
  }
  brood_exit(static_cast<int>(std::string(text).size()));
}
BROOD_TARGET(Answer);

int Ask(const char *method, const std::string &text) {
  const brood_value args[] = {brood_string(text.c_str())};
  brood_process_options options{};
  options.target = Answer;
  options.args = args;
  options.num_args = 1;
  Process process(brood_process_new(brood_get_context(method), &options));
  Check(process != nullptr);
  Check(brood_process_start(process.get()) == 0);
  Check(brood_process_join(process.get(), BROOD_FOREVER) == 0);
  int exitcode = -1;
  Check(brood_process_exitcode(process.get(), &exitcode) == 1);
  return exitcode;
}

}  // namespace

int main(int argc, char **argv) {
  brood_init(argc, argv);
  const char *const *methods = brood_get_all_start_methods();
  for (int i = 0; methods[i] != nullptr; i++) {
    std::printf("C++ %ld: %s %d\n", __cplusplus, methods[i],
                Ask(methods[i], std::string(10 * i + 1, 'x')));
  }
  return 0;
}
