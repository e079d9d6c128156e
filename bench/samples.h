// SPDX-License-Identifier: MIT
//
// What a benchmark does with its samples: lines of JSON for //tools:compare,
// percentiles for Google Benchmark.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdio>
#include <string>
#include <vector>

namespace bench {

struct Series {
  const char *unit;  // "us"
  std::vector<double> samples;
};

// What one benchmark has measured.
struct Measured {
  std::string fault;  // "": none
  // Google Benchmark shows the first one as the time: of a rate that of one,
  // with the means of all; else with its percentiles.
  std::vector<Series> all;
  double unit_seconds = 0;  // of the first; 0: it is a rate, in a second
};

// Shows what was measured, or why there is nothing, and writes it to the file,
// if there is one: {FIELDS,"optimized":...,"UNIT":[...],...} and a newline, or
// {FIELDS,"absent":"REASON"}, so that a subject that does not work is named and
// not passed over. fields is JSON: what was measured, without braces.
void Report(benchmark::State &state, FILE *file, const std::string &fields,
            const Measured &measured);

// Runs what has been registered, and closes the file, if there is one; the exit
// status of the program, 1 if there was any fault.
int RunAll(FILE *file);

}  // namespace bench
