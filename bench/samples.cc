// SPDX-License-Identifier: MIT
//
// See samples.h.
#include "bench/samples.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace bench {
namespace {

#ifdef NDEBUG
constexpr const char *kOptimized = "true";
#else
constexpr const char *kOptimized = "false";
#endif

struct Percentile {
  const char *prefix;
  double share;
};
constexpr Percentile kPercentiles[] = {
    {"p50_", 0.50}, {"p90_", 0.90}, {"p99_", 0.99}};

bool any_fault = false;

void WriteSamples(FILE *file, const std::string &fields,
                  const std::vector<Series> &all) {
  fprintf(file, "{%s,\"optimized\":%s", fields.c_str(), kOptimized);
  for (const Series &series : all) {
    fprintf(file, ",\"%s\":[", series.unit);
    const char *separator = "";
    for (double sample : series.samples) {
      fprintf(file, "%s%.3f", separator, sample);
      separator = ",";
    }
    fprintf(file, "]");
  }
  fprintf(file, "}\n");
}

void WriteAbsent(FILE *file, const std::string &fields, std::string reason) {
  for (char &c : reason) {
    if (c == '"' || c == '\\' || (c >= 0 && c < ' ')) c = '\'';
  }
  fprintf(file, "{%s,\"absent\":\"%s\"}\n", fields.c_str(), reason.c_str());
}

void ShowPercentiles(benchmark::State &state, Series series) {
  // Nearest rank: the least sample that this share of all do not exceed.
  std::vector<double> &samples = series.samples;
  std::sort(samples.begin(), samples.end());
  for (const Percentile &each : kPercentiles) {
    auto rank = static_cast<size_t>(std::ceil(each.share * samples.size()));
    state.counters[std::string(each.prefix) + series.unit] =
        samples[std::max<size_t>(rank, 1) - 1];
  }
}

}  // namespace

void Report(benchmark::State &state, FILE *file, const std::string &fields,
            const Measured &measured) {
  if (!measured.fault.empty()) {
    any_fault = true;
    if (file != nullptr) WriteAbsent(file, fields, measured.fault);
    return state.SkipWithError(measured.fault.c_str());
  }
  if (file != nullptr) WriteSamples(file, fields, measured.all);
  const Series &first = measured.all[0];
  bool rate = measured.unit_seconds == 0;
  size_t i = 0;
  for (auto _ : state) {
    double sample = first.samples[i++];
    state.SetIterationTime(rate ? 1 / sample : sample * measured.unit_seconds);
  }
  if (!rate) return ShowPercentiles(state, first);
  for (const Series &each : measured.all) {
    double sum = std::accumulate(each.samples.begin(), each.samples.end(), 0.);
    state.counters[each.unit] = sum / each.samples.size();
  }
}

int RunAll(FILE *file) {
  benchmark::RunSpecifiedBenchmarks();
  if (file != nullptr && fclose(file) != 0) any_fault = true;
  return any_fault ? 1 : 0;
}

}  // namespace bench
