// Prints the frozen list of a version from the chapters as they are:
//   bazel run //conformance:mustpass -- 1.0 > conformance/spec/mustpass-1.0.txt
// SPDX-License-Identifier: MIT
#include "conformance/runner/mustpass.h"

#include <stdio.h>

int main(int argc, char **argv) {
  conformance::Spec spec;
  if (argc != 2 || !conformance::ReadSpecFolder("conformance/spec", &spec)) {
    fprintf(stderr, "usage: mustpass VERSION, beside conformance/spec\n");
    return 2;
  }
  printf("%s", conformance::MustPassList(spec, argv[1]).c_str());
  return 0;
}
