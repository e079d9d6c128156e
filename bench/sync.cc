// SPDX-License-Identifier: MIT
//
// What shared objects cost: Brood's locks, conditions and events in processes
// of each method, beside what the C library and the kernel offer.
//
// - lock_pair: acquire and release in one process that nobody disturbs; the
//   mean of 1000 pairs is one sample.
// - lock_contended: 2 or 4 processes do nothing but acquire, add one to a
//   shared counter, and release. A sample is the pairs that all of them did,
//   in a second; the parent looks at counter and clock before and after a
//   fixed time. In the end the counter must be what all have done. Beside it
//   stands the share of whoever got the lock least, 1 if all got it equally
//   often: who releases is quick to take again, and a lock that lets one
//   process have it all looks good in pairs a second.
// - condition_round_trip, event_round_trip: two processes pass a turn to each
//   other and back, which is two wake-ups. Each round trip is one sample.
//
// What keeps the comparison fair:
//
// - One piece of code, sync_work.h, does the work and takes the time, whatever
//   the object. It is a template, so each object's calls are what they would be
//   in a program of their own: no pointer to a function is in between.
// - Whoever works is a process that was started for it, by fork for the raw
//   objects and by the method named for Brood's, which get the object as an
//   argument. All begin at a gate, and start and end are outside the figures.
// - sem_t and the process-shared mutex have glibc's defaults, in a mapping
//   that all share. The futex beside the event is a word that is set and
//   waited for, each with its system call.
// - Whether two processes share a processor is worth a factor of five to all
//   of this but pairs, and is the scheduler's whim. So whoever contends is tied
//   to a processor, as evenly as they go round, and round trips are taken
//   twice: with the two processes tied to two processors, and both to one.
// - The raw objects sleep at once when they have to wait; what Brood does
//   before it sleeps is part of Brood.
// - With --turns the subjects take turns, a few milliseconds each, and each
//   turn has new processes: what else the machine does hits an object and its
//   baseline alike.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "bench/brood_crew.h"
#include "bench/clock.h"
#include "bench/crew.h"
#include "bench/options.h"
#include "bench/samples.h"
#include "bench/sync_board.h"
#include "brood.h"

namespace bench {
namespace {

// Until the crew is awake and in its stride.
constexpr int64_t kContendUntimedUs = 3000;

struct Options : CommonOptions {
  int64_t contend_ms = 30;
};

// A crew and how it is to be placed.
struct Case {
  Crew *crew;
  int processes;
  int processors;  // as in Board
};

bool Is(const Case &one, const char *bench) {
  return strcmp(one.crew->bench(), bench) == 0;
}

// What is measured, as //tools:compare reads it.
std::string Fields(const Case &one) {
  const Crew &crew = *one.crew;
  std::string fields = std::string("\"bench\":\"") + crew.bench() +
                       "\",\"impl\":\"" + crew.impl() + "\",\"object\":\"" +
                       crew.object() + "\",\"context\":\"" + crew.context() +
                       "\",\"processes\":" + std::to_string(one.processes);
  if (one.processors > 0)
    fields += ",\"processors\":" + std::to_string(one.processors);
  return fields;
}

// Pairs a second of all together, over this long.
double Observe(SyncBoard *board, int64_t contend_ms) {
  usleep(kContendUntimedUs);
  int64_t begin = board->counter.load(std::memory_order_relaxed);
  int64_t begin_ns = bench_now_ns();
  usleep(contend_ms * 1000);
  int64_t end = board->counter.load(std::memory_order_relaxed);
  int64_t end_ns = bench_now_ns();
  board->stop.store(true, std::memory_order_relaxed);
  return (end - begin) * 1e9 / (end_ns - begin_ns);
}

// What the crew's own counts say of the object: "" or what is wrong.
std::string Check(const SyncBoard &board, const Case &one) {
  int64_t sum = 0;
  for (const auto &each : board.done) sum += each.count;
  if (Is(one, kContended) && sum != board.counter)
    return "the lock let two in: " + std::to_string(sum) + " pairs counted " +
           std::to_string(board.counter);
  if (!Is(one, kPair) && !Is(one, kContended) &&
      board.done[0].count != board.done[1].count)
    return "not as many turns there as back";
  return "";
}

// The pairs of whoever got the lock least, over what would be its share.
double LeastShare(const SyncBoard &board, int processes) {
  int64_t least = board.done[0].count;
  for (int i = 1; i < processes; i++)
    least = std::min(least, board.done[i].count);
  return static_cast<double>(least) * processes /
         std::max<int64_t>(board.counter, 1);
}

// One turn of one case.
Measured Measure(SyncBoard *board, const Case &one, const Options &options) {
  RenewBoard(board, one.processes + 1);
  board->num_samples = options.samples;
  board->num_processors = one.processors;
  double pairs_per_s = 0;
  std::string fault = RunCrew(one.crew, one.processes, board, [&] {
    if (Is(one, kContended)) pairs_per_s = Observe(board, options.contend_ms);
  });
  if (fault.empty()) fault = Check(*board, one);
  if (Is(one, kContended))
    return {fault,
            {{"pairs_per_s", {pairs_per_s}},
             {"least_share", {LeastShare(*board, one.processes)}}}};
  return {fault,
          {{"ns", {board->samples, board->samples + options.samples}}},
          1e-9};
}

void Register(SyncBoard *board, const Case &one, const Options &options,
              int64_t turn) {
  const Crew &crew = *one.crew;
  std::string name = std::string("sync/") + crew.bench() + "/" + crew.impl() +
                     "/" + crew.object() + "/" + crew.context() +
                     "/processes:" + std::to_string(one.processes);
  if (one.processors > 0)
    name += "/processors:" + std::to_string(one.processors);
  if (options.turns > 1) name += "/turn:" + std::to_string(turn);
  auto run = [=](benchmark::State &state) {
    Report(state, options.samples_file, Fields(one),
           Measure(board, one, options));
  };
  benchmark::RegisterBenchmark(name.c_str(), run)
      ->UseManualTime()
      ->Unit(benchmark::kNanosecond)
      ->Iterations(Is(one, kContended) ? 1 : options.samples);
}

// All cases, each beside what it is compared with.
std::vector<Case> MakeCases(const Crews &crews) {
  std::vector<Case> cases;
  auto add = [&](const char *bench, int processes, int processors) {
    for (const auto &crew : crews) {
      if (strcmp(crew->bench(), bench) == 0)
        cases.push_back({crew.get(), processes, processors});
    }
  };
  add(kPair, 1, 0);
  for (int processes : {2, 4})
    add(kContended, processes, std::min(NumProcessors(), processes));
  for (const char *bench : {kCondition, kEvent}) {
    for (int each = std::min(NumProcessors(), 2); each >= 1; each--)
      add(bench, 2, each);
  }
  return cases;
}

int Main(int argc, char **argv) {
  benchmark::Initialize(&argc, argv);
  Options options{{100}};
  bool parsed =
      Parse(argc, argv, &options,
            {{"contend_ms", "=N    how long a contended lock is looked at (30)",
              Count(&options.contend_ms)}});
  if (!parsed) return 2;
  options.samples = std::min(options.samples, kMaxSamples);
  SyncBoard *board = nullptr;
  int board_fd = MakeBoard(&board);
  if (board_fd < 0) {
    perror("sync: cannot share memory");
    return 2;
  }
  Crews crews;
  AddRawCrews(board, &crews);
  AddBroodCrews(board, board_fd, &crews);
  std::vector<Case> cases = MakeCases(crews);
  for (int64_t turn = 1; turn <= options.turns; turn++) {
    for (const Case &one : cases) Register(board, one, options, turn);
  }
  return RunAll(options.samples_file);
}

}  // namespace
}  // namespace bench

int main(int argc, char **argv) {
  brood_init(argc, argv);
  return bench::Main(argc, argv);
}
