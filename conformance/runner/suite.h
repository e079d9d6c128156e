// The cases as GoogleTest's tests, and the run as a whole: everything between
// the parsed options and the exit code.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "conformance/runner/options.h"

namespace conformance {

// Runs the selected cases; 0 if nothing is red. Only in a process that may
// become the reaper of all that it starts.
int RunSuite(const Options &options, const std::string &run_folder);

// Prints the cases that there are; asks the adapter if there is one.
int ListCases(const Options &options, const std::string &run_folder);

// Judges a file of results.
int CheckResultsFile(const Options &options);

// Prints the spec as JSON.
int DumpSpec(const Options &options);

}  // namespace conformance
