// The runner's own options. GoogleTest's are left to GoogleTest; whatever is
// neither is an error, so that a typing mistake never runs the wrong thing.
// SPDX-License-Identifier: MIT
#ifndef BROOD_CONFORMANCE_RUNNER_OPTIONS_H_
#define BROOD_CONFORMANCE_RUNNER_OPTIONS_H_

#include <string>
#include <vector>

#include "conformance/runner/plan.h"

namespace conformance {

struct Options {
  std::string adapter;
  std::string wrap;
  std::vector<std::string> specs;
  Selection selection;
  std::string expect;
  std::string results;
  std::string check;
  double scale = 1;
  int jobs = 1;
  int repeat = 1;
  int max_failures = 0;  // 0: as many as there are
  bool strict = false;
  bool list = false;
  bool dump = false;
  bool smoke = false;
  bool fix = false;
  bool verbose = false;
  bool help = false;
  std::vector<std::string> gtest;  // passed on
  std::vector<std::string> given;  // those that results depend on
};

extern const char kUsage[];

// An empty text, or what is wrong with the arguments.
std::string ParseOptions(const std::vector<std::string> &args,
                         Options *options);

// The command that runs one case again.
std::string ReproduceCommand(const Options &options, const std::string &id);

}  // namespace conformance

#endif  // BROOD_CONFORMANCE_RUNNER_OPTIONS_H_
