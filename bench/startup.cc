// SPDX-License-Identifier: MIT
//
// What starting a process costs: Brood's three methods, each beside the raw
// calls that nobody can beat by the same means.
//
// What keeps the comparison fair:
//
// - One function, Sample, takes the time of every subject. It begins just
//   before whatever the subject needs to start a process. For Brood that
//   includes brood_process_new, because a caller of fork has nothing to make;
//   it leaves out brood_process_free, for which no child waits.
// - "joined" ends when waitpid or brood_process_join has returned. The child
//   does nothing.
// - "first_instruction" ends at the CLOCK_MONOTONIC time that the child takes
//   as its first act: in the target, or in main for raw posix_spawn. The child
//   hands it over afterwards, so how it does so is no part of the figure.
// - "burst" is of an empty parent: so many are started one after another, then
//   all are joined; the time of one is its share.
// - "linkage" is "joined" of an empty parent, whose children run one program
//   that is linked in several ways.
// - "memory" is what a child says of itself by /proc/self/smaps_rollup.
// - Raw posix_spawn and Brood's spawn run one executable, a C program that
//   links Brood and nothing else; the raw child ends in the first statement
//   of main. Fork and the forkserver copy this program, which is larger.
// - Raw fork is fork() without the handlers that Brood gives pthread_atfork:
//   it costs what it costs in a program that knows nothing of Brood.
// - The parent's memory is private, anonymous, written, and kept from huge
//   pages: with those, fork copies 512 times fewer entries.
// - The forkserver runs before the first sample. It is a program of its own,
//   so what the parent holds by then makes no difference to it.
// - Nothing is pinned, one child lives at a time, but in a burst. The raw calls
//   sleep at once; what Brood does before it sleeps is part of Brood (decision
//   008).
// - With --turns the subjects take turns, a few milliseconds each, so that
//   whatever else the machine does hits a subject and its baseline alike;
//   many turns make the parent itself larger, a few do not.
//   //tools:compare does so, and lets this program and the peers take turns.
#include <benchmark/benchmark.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "bench/clock.h"
#include "bench/options.h"
#include "bench/samples.h"
#include "bench/subject.h"
#include "brood.h"

namespace bench {
namespace {

// What one benchmark may take in one run, roughly. A fork at 1 GiB takes
// 20 ms and more, so there are fewer of them; a record's n says how many.
constexpr double kBudgetUs = 60e3;

constexpr int64_t kPageBytes = 4096;

constexpr int kBurst = 16;

enum class End { kFirstInstruction, kJoined, kBurst, kLinkage, kMemory };

const char *Name(End end) {
  switch (end) {
    case End::kFirstInstruction: return "first_instruction";
    case End::kJoined: return "joined";
    case End::kBurst: return "burst";
    case End::kLinkage: return "linkage";
    case End::kMemory: return "memory";
  }
  return "";
}

struct Options : CommonOptions {
  std::vector<int64_t> parent_mib = {0, 64, 256, 1024};
};

// One start of one process, in microseconds, or its share of a burst;
// *out_fault is "" if all is well.
double Sample(Subject &subject, End end, std::string *out_fault) {
  bool stamped = end == End::kFirstInstruction;
  int starts = end == End::kBurst ? kBurst : 1;
  ClearStamp();
  int64_t begin_ns = bench_now_ns();
  bool done = true;
  for (int i = 0; i < starts && done; i++)
    done = subject.Start(stamped ? Act::kSayWhen : Act::kNothing);
  done = subject.Join() && done;
  int64_t end_ns = bench_now_ns();
  *out_fault = subject.Finish();
  if (stamped) end_ns = ReadStampNs();
  if (out_fault->empty() && (!done || end_ns < begin_ns))
    *out_fault = "the child did not say when it began";
  return (end_ns - begin_ns) / 1e3 / starts;
}

// Makes the parent hold this much memory from now on.
void Hold(int64_t mib) {
  static int64_t held_bytes = 0;
  static void *held = nullptr;
  if (mib << 20 == held_bytes) return;
  if (held_bytes > 0) munmap(held, held_bytes);
  held_bytes = mib << 20;
  if (held_bytes == 0) return;
  held = mmap(nullptr, held_bytes, PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (held == MAP_FAILED) {
    perror("startup: the parent cannot hold that much");
    exit(2);
  }
  // A kernel without huge pages refuses the advice and does not need it.
  if (madvise(held, held_bytes, MADV_NOHUGEPAGE) < 0 && errno != EINVAL) {
    perror("startup: madvise");
    exit(2);
  }
  for (int64_t at = 0; at < held_bytes; at += kPageBytes)
    static_cast<volatile char *>(held)[at] = 1;
}

// What is measured, as //tools:compare reads it.
std::string Fields(const Subject &subject, const char *bench = "startup") {
  return std::string("\"bench\":\"") + bench + "\",\"impl\":\"" +
         subject.impl() + "\",\"method\":\"" + subject.method() + "\"";
}

std::string Fields(const Subject &subject, End end, int64_t parent_mib) {
  std::string parent = ",\"parent_mib\":" + std::to_string(parent_mib);
  if (end == End::kLinkage)
    return Fields(subject, Name(end)) + ",\"linkage\":\"" + subject.linkage() +
           "\"";
  if (end == End::kBurst || end == End::kMemory)
    return Fields(subject, Name(end)) + parent;
  return Fields(subject) + ",\"end\":\"" + Name(end) + "\"" + parent;
}

Measured MeasureMemory(Subject &subject, int64_t parent_mib) {
  Hold(parent_mib);
  ClearStamp();
  bool done = subject.Start(Act::kSayMemory);
  done = subject.Join() && done;
  std::string fault = subject.Finish();
  Memory memory = ReadMemory();
  if (fault.empty() && (!done || memory.pss_kib == 0))
    fault = "the child did not say what memory it has";
  return {fault,
          {{"private_kib", {memory.private_kib * 1.}},
           {"pss_kib", {memory.pss_kib * 1.}}}};
}

Measured Measure(Subject &subject, End end, int64_t parent_mib,
                 int64_t samples) {
  subject.Choose();
  if (end == End::kMemory) return MeasureMemory(subject, parent_mib);
  Hold(parent_mib);
  Measured measured = {"", {{"us", {}}}, 1e-6};
  // Not recorded: the first start after Hold write-protects pages that were
  // never shared, and the first by any method finds cold caches.
  Sample(subject, end, &measured.fault);
  for (int64_t i = 0; i < samples && measured.fault.empty(); i++)
    measured.all[0].samples.push_back(Sample(subject, end, &measured.fault));
  return measured;
}

int64_t NumSamples(const Subject &subject, End end, int64_t parent_mib,
                   int64_t most) {
  if (end == End::kMemory) return 1;
  if (end == End::kBurst) return std::max<int64_t>(most / kBurst, 1);
  double guess_us = 1000;
  if (strcmp(subject.method(), "fork") == 0) guess_us = 100 + 20. * parent_mib;
  if (strcmp(subject.method(), "forkserver") == 0) guess_us = 150;
  auto fit = static_cast<int64_t>(kBudgetUs / guess_us);
  return std::max<int64_t>(std::min(fit, most), 1);
}

void Register(const Options &options, Subject *subject, End end,
              int64_t parent_mib, int64_t turn) {
  std::string name = std::string("startup/") + subject->impl() + "/" +
                     subject->method() + "/" + Name(end) +
                     "/parent_mib:" + std::to_string(parent_mib);
  if (end == End::kLinkage) name += std::string("/") + subject->linkage();
  if (options.turns > 1) name += "/turn:" + std::to_string(turn);
  int64_t samples = NumSamples(*subject, end, parent_mib, options.samples);
  FILE *file = options.samples_file;
  auto run = [=](benchmark::State &state) {
    Report(state, file, Fields(*subject, end, parent_mib),
           Measure(*subject, end, parent_mib, samples));
  };
  benchmark::RegisterBenchmark(name.c_str(), run)
      ->UseManualTime()
      ->Unit(benchmark::kMicrosecond)
      ->Iterations(samples);
}

void RegisterAll(const Options &options, const Subjects &subjects,
                 const Subjects &linkages) {
  for (int64_t mib : options.parent_mib) {
    for (int64_t turn = 1; turn <= options.turns; turn++) {
      for (const auto &subject : linkages) {
        if (mib == 0)
          Register(options, subject.get(), End::kLinkage, mib, turn);
      }
      for (End end :
           {End::kFirstInstruction, End::kJoined, End::kBurst, End::kMemory}) {
        if (end == End::kBurst && mib != 0) continue;
        for (const auto &subject : subjects)
          Register(options, subject.get(), end, mib, turn);
      }
    }
  }
}

int Main(int argc, char **argv) {
  benchmark::Initialize(&argc, argv);
  Options options{{100}};
  bool parsed = Parse(argc, argv, &options,
                      {{"parent_mib", "=N,...  sizes of the parent",
                        Numbers(&options.parent_mib)}});
  if (!parsed) return 2;
  std::string fault;
  auto subjects = MakeSubjects(&fault);
  if (subjects.empty()) {
    fprintf(stderr, "startup: %s\n", fault.c_str());
    return 2;
  }
  auto linkages = MakeLinkages();
  RegisterAll(options, subjects, linkages);
  return RunAll(options.samples_file);
}

}  // namespace
}  // namespace bench

int main(int argc, char **argv) {
  brood_init(argc, argv);
  return bench::Main(argc, argv);
}
