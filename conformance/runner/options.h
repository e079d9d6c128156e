// The runner's own options. GoogleTest's are left to GoogleTest; whatever is
// neither is an error, so that a typing mistake never runs the wrong thing.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "conformance/runner/plan.h"

namespace conformance {

struct Options {
  // How the runner was called, "bazel run //conformance:judge --" for one.
  std::string program = "runner";
  std::string adapter;
  std::string wrap;
  std::vector<std::string> specs;
  bool spec_given = false;  // else it is the one that came with the runner
  Selection selection;
  std::string expect;
  std::string results;
  std::string resume;
  std::string html;
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

// What is wrong with --fix, or "": GoogleTest may narrow the selection after
// the options were parsed.
std::string CheckFix(const Options &options);

// The command that runs one case again, for a shell.
std::string ReproduceCommand(const Options &options, const std::string &id);

// The same for a file that others read: a program that was called by its
// absolute path is named without the folders of this machine.
std::string ReproduceElsewhere(Options options, const std::string &id);

// True in one of several runs among which Bazel, or GoogleTest, deals out the
// cases: what speaks of a whole run is not for it.
bool IsShardOfTest();

}  // namespace conformance
