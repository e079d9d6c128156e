// SPDX-License-Identifier: MIT
//
// What a pool costs: Brood's, of workers of each method, beside the same tasks
// without a pool.
//
// - pool_map: a map over numbers, each of which is one task. A sample is the
//   tasks of one map in a second, from before the call until the results have
//   been added up.
//   Empty tasks are mapped with a chunk for each, and with the default chunk
//   size, a fourth of each worker's share, which records call 0; tasks of 1 to
//   1000 us with a chunk for each. Workers are one, two, as many as there are
//   processors, and twice as many.
// - pool_apply: one empty task by apply, with two workers that are idle. Each
//   is one sample.
// - pool_new: a pool of four workers is made, performs one task, and is freed,
//   which terminates it. Without the task there need not be a worker yet.
//
// - pool_lost: a task that says when, and kills its worker, until apply returns
//   BROOD_WORKER_LOST. Two workers have come before. "raw" is a process that
//   waits in waitpid for another.
//
// What keeps the comparison fair:
//
// - A task gets one number and returns one, whoever performs it, and works so
//   long of its own processor's time: two that share a processor take twice as
//   long. Results are added up, and a sum that is not right is a complaint in
//   place of a figure.
// - Time begins when each worker has performed a task, and a map, or some
//   applies, have gone before.
// - "brood_queues" is the least that a pool can be: a process puts the tasks
//   into one queue of Brood's, and gets the results from another; two processes
//   of the same method are the workers. It knows of no death, no limit and no
//   order. "raw" is one process that hands the number to another, and gets it
//   back, by two futexes, at which both sleep at once.
// - Nothing is tied to a processor: whoever uses a pool leaves that to the
//   scheduler.
// - A map has as many items as take some milliseconds (--map_ms), at 5 us for
//   the shortest, but not below 16. In a map that is over in 2 ms the scheduler
//   may not yet have found the second worker a processor: the rates of short
//   ones scatter. //tools:compare gives the peers, whose tasks take longer,
//   fewer items.
// - With --turns the subjects take turns, and each turn has new processes.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "bench/board.h"
#include "bench/options.h"
#include "bench/pool_case.h"
#include "bench/samples.h"
#include "brood.h"

namespace bench {
namespace {

// In a turn.
constexpr int64_t kMaps = 3;
constexpr int64_t kNews = 5;

constexpr int64_t kTasksUs[] = {0, 1, 10, 100, 1000};
constexpr int64_t kLeastTaskUs = 5, kLeastItems = 16;
constexpr int kApplyWorkers = 2, kLengthWorkers = 2, kNewWorkers = 4;
// The tasks that are mapped with any number of workers.
constexpr int64_t kScaledTaskUs = 100;

struct Options : CommonOptions {
  int64_t map_ms = 10;
};

bool IsMap(const PoolCase &one) {
  return one.bench == std::string(kMap);
}

// What is measured, as //tools:compare reads it.
std::string Fields(const PoolSubject &subject, const PoolCase &one) {
  std::string fields = std::string("\"bench\":\"") + one.bench +
                       "\",\"impl\":\"" + subject.impl() + "\",\"context\":\"" +
                       subject.context() + "\"";
  if (IsMap(one) || one.bench == std::string(kNew))
    fields += ",\"workers\":" + std::to_string(one.workers);
  if (IsMap(one))
    fields += ",\"chunksize\":" + std::to_string(one.chunksize) +
              ",\"task_us\":" + std::to_string(one.task_us);
  return fields;
}

std::string Name(const PoolSubject &subject, const PoolCase &one) {
  std::string name = std::string("pool/") + one.bench + "/" + subject.impl() +
                     "/" + subject.context() +
                     "/workers:" + std::to_string(one.workers);
  if (IsMap(one))
    name += "/chunksize:" + std::to_string(one.chunksize) +
            "/task_us:" + std::to_string(one.task_us);
  return name;
}

void Register(PoolSubject *subject, const PoolCase &one, const Options &options,
              int64_t turn) {
  std::string name = Name(*subject, one);
  if (options.turns > 1) name += "/turn:" + std::to_string(turn);
  FILE *file = options.samples_file;
  auto run = [=](benchmark::State &state) {
    Report(state, file, Fields(*subject, one), subject->Measure(one));
  };
  benchmark::RegisterBenchmark(name.c_str(), run)
      ->UseManualTime()
      ->Unit(benchmark::kMicrosecond)
      ->Iterations(one.samples);
}

PoolCase MapCase(int workers, int64_t chunksize, int64_t task_us,
                 const Options &options) {
  int64_t items = options.map_ms * 1000 / std::max(task_us, kLeastTaskUs);
  return {kMap, workers, chunksize, task_us, std::max(items, kLeastItems),
          kMaps};
}

std::vector<PoolCase> MakeCases(const Options &options) {
  std::vector<PoolCase> cases;
  int processors = NumProcessors();
  for (int workers : std::set<int>{1, 2, processors, 2 * processors}) {
    cases.push_back(MapCase(workers, kDefaultChunksize, 0, options));
    for (int64_t task_us : kTasksUs) {
      if (task_us == 0 || task_us == kScaledTaskUs || workers == kLengthWorkers)
        cases.push_back(MapCase(workers, 1, task_us, options));
    }
  }
  cases.push_back({kApply, kApplyWorkers, 1, 0, 1, options.samples});
  cases.push_back({kNew, kNewWorkers, 1, 0, 1, kNews});
  cases.push_back({kLost, kApplyWorkers, 1, 0, 1, options.samples});
  return cases;
}

int Main(int argc, char **argv) {
  benchmark::Initialize(&argc, argv);
  Options options{{100}};
  bool parsed = Parse(argc, argv, &options,
                      {{"map_ms", "=N        that a map takes, roughly (10)",
                        Count(&options.map_ms)}});
  if (!parsed) return 2;
  options.samples = std::min(options.samples, kMaxSamples);
  PoolSubjects subjects;
  std::string fault = AddPoolCrews(&subjects);
  if (!fault.empty()) {
    fprintf(stderr, "pool: %s\n", fault.c_str());
    return 2;
  }
  AddRawDeath(&subjects);
  AddPools(&subjects);
  std::vector<PoolCase> cases = MakeCases(options);
  for (int64_t turn = 1; turn <= options.turns; turn++) {
    for (const PoolCase &one : cases) {
      for (const auto &subject : subjects) {
        if (subject->Has(one)) Register(subject.get(), one, options, turn);
      }
    }
  }
  return RunAll(options.samples_file);
}

}  // namespace
}  // namespace bench

int main(int argc, char **argv) {
  brood_init(argc, argv);
  return bench::Main(argc, argv);
}
