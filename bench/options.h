// SPDX-License-Identifier: MIT
//
// Options that a benchmark has besides Google Benchmark's.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

namespace bench {

// One option, given as --name=value.
struct Option {
  const char *name;                               // "samples"
  const char *help;                               // "=N  at most N ..."
  std::function<bool(const std::string &)> take;  // false: not such a value
};

// What an Option may take: a number from 1, numbers from 0 with commas between
// them, a file to write.
std::function<bool(const std::string &)> Count(int64_t *out_count);
std::function<bool(const std::string &)> Numbers(
    std::vector<int64_t> *out_numbers);
std::function<bool(const std::string &)> File(FILE **out_file);

// What all benchmarks take.
struct CommonOptions {
  int64_t samples;               // of each kind in a turn
  int64_t turns = 1;             // that subjects take
  FILE *samples_file = nullptr;  // for every sample
};

// Reads these and a benchmark's own, which Google Benchmark has left in argv;
// false, with all options on standard error, if there is anything else.
bool Parse(int argc, char **argv, CommonOptions *out_common,
           const std::vector<Option> &own);

}  // namespace bench
