// The conformance runner's program: options, the supervisor, and the folder
// that is removed however the run ends.
// SPDX-License-Identifier: MIT
#include <stdio.h>

#include <stdexcept>

#include "conformance/runner/folder.h"
#include "conformance/runner/options.h"
#include "conformance/runner/suite.h"
#include "conformance/runner/supervisor.h"

namespace conformance {

namespace {

int Main(const std::vector<std::string> &args) {
  Options options;
  std::string wrong = ParseOptions(args, &options);
  if (!wrong.empty()) {
    fprintf(stderr, "runner: %s\n", wrong.c_str());
    return 2;
  }
  if (options.help) {
    printf("%s", kUsage);
    return 0;
  }
  if (!options.check.empty()) return CheckResultsFile(options);
  if (options.dump) return DumpSpec(options);
  std::string folder = MakeRunFolder();
  int code = Supervise([&] {
    return options.list ? ListCases(options, folder)
                        : RunSuite(options, folder);
  });
  RemoveTree(folder);
  return code;
}

}  // namespace

}  // namespace conformance

int main(int argc, char **argv) {
  try {
    return conformance::Main({argv + 1, argv + argc});
  } catch (const std::exception &error) {
    fprintf(stderr, "runner: %s\n", error.what());
    return 1;
  }
}
