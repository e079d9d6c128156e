// SPDX-License-Identifier: MIT
//
// What a benchmark does with its samples: lines of JSON for //tools:compare,
// percentiles for Google Benchmark.
#ifndef BENCH_SAMPLES_H_
#define BENCH_SAMPLES_H_

#include <benchmark/benchmark.h>

#include <cstdio>
#include <string>
#include <vector>

namespace bench {

struct Series {
  const char *unit;  // "us"
  std::vector<double> samples;
};

// Writes {FIELDS,"optimized":...,"UNIT":[...],...} and a newline. fields is
// JSON: what was measured, without braces.
void WriteSamples(FILE *file, const std::string &fields,
                  const std::vector<Series> &all);

// Writes {FIELDS,"absent":"REASON"}: a subject that does not work is named,
// not passed over.
void WriteAbsent(FILE *file, const std::string &fields, std::string reason);

// What one benchmark has measured.
struct Measured {
  std::string fault;  // "": none
  // Google Benchmark shows the first one as the time: of a rate that of one,
  // with the means of all; else with its percentiles.
  std::vector<Series> all;
  double unit_seconds = 0;  // of the first; 0: it is a rate, in a second
};

// Writes to the file, if there is one, and shows what was measured, or why
// there is nothing.
void Report(benchmark::State &state, FILE *file, const std::string &fields,
            const Measured &measured);

// Shows p50_UNIT, p90_UNIT and p99_UNIT beside the mean.
void ShowPercentiles(benchmark::State &state, Series series);

}  // namespace bench

#endif  // BENCH_SAMPLES_H_
