// SPDX-License-Identifier: MIT
//
// What pipes and queues carry, and how quickly: Brood's in processes of each
// method, beside the kernel's pipe and socket pair, Boost.Interprocess'
// message_queue and ZeroMQ's PUSH and PULL.
//
// - throughput: 1 or 4 producers send without pause, 1 or 4 consumers receive.
//   A sample is the messages that all consumers received, in a second; the
//   parent looks at their counts and the clock before and after a fixed time,
//   three times in a row. Of large messages too few come for that: each of them
//   stamps its arrival, and the time that counts is from one arrival to
//   another.
// - round_trip: two processes pass 64 bytes to and fro, each time others. Each
//   round trip is one sample.
//
// Every process is tied to a processor, as evenly as they go round: to whom two
// processes fall is the scheduler's whim, and worth a factor. How a round trip
// waits is therefore said:
//
// - spin: the two are tied to two processors, and both run all the time. What
//   looks for a moment before it sleeps finds what it waits for, and never
//   sleeps. What does not look, which is all of the raw ones but the word,
//   Boost and ZeroMQ, sleeps here too and must be woken on another processor.
// - block: the two are tied to one processor. Nothing comes while one looks: it
//   must sleep for the other to go on, or give up the processor between two
//   looks. Brood does the latter before it sleeps, so its queue may be quicker
//   here than a futex, each of whose sides sleeps and is woken. The word, which
//   does neither, is not there.
//
// What keeps the comparison fair:
//
// - One piece of code, ipc_work.h, makes, sends, receives and verifies what any
//   of them carries. It is a template: no pointer to a function is in between.
// - No two messages are alike. The first word of one tells its producer and
//   number, those at every 4 KiB and the last one follow from it (stamp.h). The
//   consumer looks at them all, and at the order in which a producer's arrive.
//   In the end counts and sums of both sides must agree; if not, there is a
//   complaint in place of a figure. What making and verifying take is in all
//   figures alike.
// - Every queue with a limit holds 4096 messages, or 16 MiB of larger ones:
//   Boost's reserves that much, and was the quickest, or near to it, with this
//   at all sizes. ZeroMQ holds as many on either side. Pipes and sockets have
//   the kernel's sizes. The time begins when as many have gone through, or
//   after two windows: what is measured has been in all of its memory.
// - Messages of one measurement are of one size, and raw bytes need no frame: a
//   message is one write and one read, more only if the kernel takes or gives a
//   part. Where several write, or read, they would be torn, except those up
//   to PIPE_BUF in a pipe; the others are not there. The peers' pipes are not
//   there either: several may not use an end without a lock of their own.
// - ZeroMQ has no queue that several receive from: each consumer binds one, and
//   producers send to all in turn. The thread of its own that each process then
//   has is tied as the process is.
// - Else Brood's objects and the peers' are what their constructors make by
//   default: a pipe goes both ways. queue_many is Brood's queue by put_many and
//   get_many, at most 64 messages and 1 MiB at once.
// - Whoever works is a process that was started for it, by fork for all but
//   Brood's and the peers'. All begin at a gate; start and end are outside of
//   the figures.
// - With --turns the subjects take turns, some milliseconds each, and each turn
//   has new processes and a new object: what else the machine does hits an
//   object and its baseline alike.
#include <benchmark/benchmark.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <string>
#include <vector>

#include "bench/brood_crew.h"
#include "bench/clock.h"
#include "bench/crew.h"
#include "bench/ipc_board.h"
#include "bench/ipc_work.h"
#include "bench/options.h"
#include "bench/samples.h"
#include "brood.h"

namespace bench {
namespace {

// Until the crew is awake, at least.
constexpr int64_t kUntimedUs = 3000;
// Samples of a stream in a turn, one after the other.
constexpr int kWindows = 3;
// If nothing came in that time, nothing goes.
constexpr int64_t kSilentNs = INT64_C(10000000000);

constexpr size_t kSizes[] = {8, 64, 4096, 1 << 16, 1 << 20};
struct Pattern {
  int producers;
  int consumers;
};
constexpr Pattern kPatterns[] = {{1, 1}, {4, 4}, {4, 1}, {1, 4}};

struct Options : CommonOptions {
  int64_t window_ms = 20;
  int64_t patterns = std::size(kPatterns);  // the first ones
};

// A crew and its task.
struct Case {
  Crew *crew;
  Pattern pattern;
  size_t size_bytes;
  int processors;  // as in Board
};

bool Is(const Crew &crew, const char *bench) {
  return strcmp(crew.bench(), bench) == 0;
}

std::string Name(const Pattern &pattern) {
  return std::to_string(pattern.producers) + ":" +
         std::to_string(pattern.consumers);
}

const char *Wait(const Case &one) {
  return one.processors == 1 ? "block" : "spin";
}

// What is measured, as //tools:compare reads it.
std::string Fields(const Case &one) {
  const Crew &crew = *one.crew;
  std::string fields = std::string("\"bench\":\"") + crew.bench() +
                       "\",\"impl\":\"" + crew.impl() + "\",\"object\":\"" +
                       crew.object() + "\",\"context\":\"" + crew.context() +
                       "\"";
  if (Is(crew, kThroughput))
    fields += ",\"pattern\":\"" + Name(one.pattern) + "\"";
  fields += ",\"size\":" + std::to_string(one.size_bytes);
  if (Is(crew, kRoundTrip))
    fields += std::string(",\"wait\":\"") + Wait(one) + "\"";
  return fields;
}

// How many messages have arrived, and when: now, or of large ones when the last
// one did.
struct Look {
  int64_t count;
  int64_t at_ns;
};

Look LookAt(const IpcBoard &board) {
  Look look = {NumConsumed(board), 0};
  for (const Consumed &each : board.consumed)
    look.at_ns = std::max<int64_t>(look.at_ns, each.arrived_ns);
  if (look.at_ns == 0) look.at_ns = bench_now_ns();
  return look;
}

// Whether messages and time have gone by. A large one may have stamped its
// arrival and not yet be counted: then only the count has moved in the end.
bool IsLater(const Look &begin, const Look &end) {
  return end.count > begin.count && end.at_ns > begin.at_ns;
}

// Waits until the crew is awake, and what it works on has been in all of its
// memory.
void LetSettle(const IpcBoard &board, int64_t window_ms) {
  auto untimed = static_cast<int64_t>(QueueItems(board.size_bytes));
  int64_t late_ns = bench_now_ns() + 2 * window_ms * 1000000;
  do {
    usleep(kUntimedUs);
  } while (NumConsumed(board) < untimed && bench_now_ns() < late_ns);
}

// Messages a second of all together, over this long; 0: none came. Longer if
// none come, as when whoever is tied beside others has to wait.
double ObserveWindow(const IpcBoard &board, int64_t window_ms) {
  Look begin = LookAt(board);
  Look end;
  int64_t late_ns = bench_now_ns() + kSilentNs;
  do {
    usleep(window_ms * 1000);
    end = LookAt(board);
  } while (!IsLater(begin, end) && bench_now_ns() < late_ns);
  if (!IsLater(begin, end)) return 0;
  return (end.count - begin.count) * 1e9 / (end.at_ns - begin.at_ns);
}

// The same for several windows, until none came.
std::vector<double> Observe(IpcBoard *board, int64_t window_ms) {
  std::vector<double> msgs_per_s;
  LetSettle(*board, window_ms);
  do {
    msgs_per_s.push_back(ObserveWindow(*board, window_ms));
  } while (msgs_per_s.size() < kWindows && msgs_per_s.back() > 0);
  board->stop.store(true, std::memory_order_relaxed);
  return msgs_per_s;
}

const char *Describe(Fault fault) {
  switch (fault) {
    case kSound: return "";
    case kWrongSize: return "a message of another size";
    case kTorn: return "a message that is not whole";
    case kForeign: return "a message that nobody sent";
    case kDisordered: return "a message that is lost, or out of order";
  }
  return "?";
}

// What the books of both sides say: "" or what is wrong.
std::string Check(const IpcBoard &board) {
  for (const Consumed &each : board.consumed) {
    if (each.fault != kSound)
      return std::string("there was ") + Describe(each.fault);
  }
  for (int producer = 0; producer < kMaxProducers; producer++) {
    const Tally &sent = board.produced[producer].tally;
    Tally received;
    for (const Consumed &each : board.consumed) {
      received.count += each.from[producer].count;
      received.sum += each.from[producer].sum;
    }
    if (sent.count != received.count || sent.sum != received.sum)
      return std::to_string(sent.count) + " messages sent and " +
             std::to_string(received.count) + " received are not the same";
  }
  return "";
}

// One turn of one case.
Measured Measure(IpcBoard *board, const Case &one, const Options &options) {
  bool rate = Is(*one.crew, kThroughput);
  int processes = one.pattern.producers + one.pattern.consumers;
  RenewBoard(board, processes + 1);
  board->num_samples = options.samples;
  board->num_processors = one.processors;
  board->num_producers = one.pattern.producers;
  board->num_consumers = one.pattern.consumers;
  board->producing.store(one.pattern.producers, std::memory_order_relaxed);
  board->size_bytes = one.size_bytes;
  std::vector<double> msgs_per_s;
  std::string fault = RunCrew(one.crew, processes, board, [&] {
    if (rate) msgs_per_s = Observe(board, options.window_ms);
  });
  if (fault.empty()) fault = Check(*board);
  if (!rate)
    return {fault,
            {{"us", {board->samples, board->samples + options.samples}}},
            1e-6};
  std::vector<double> mib_per_s;
  for (double msgs : msgs_per_s) {
    if (fault.empty() && msgs == 0) fault = "no message came";
    mib_per_s.push_back(msgs * one.size_bytes / (1 << 20));
  }
  return {fault, {{"msgs_per_s", msgs_per_s}, {"mib_per_s", mib_per_s}}};
}

void Register(IpcBoard *board, const Case &one, const Options &options,
              int64_t turn) {
  const Crew &crew = *one.crew;
  bool rate = Is(crew, kThroughput);
  std::string name = std::string("ipc/") + crew.bench() + "/" + crew.impl() +
                     "/" + crew.object() + "/" + crew.context();
  name += "/" + (rate ? Name(one.pattern) : std::string(Wait(one)));
  name += "/size:" + std::to_string(one.size_bytes);
  if (options.turns > 1) name += "/turn:" + std::to_string(turn);
  auto run = [=](benchmark::State &state) {
    Report(state, options.samples_file, Fields(one),
           Measure(board, one, options));
  };
  benchmark::RegisterBenchmark(name.c_str(), run)
      ->UseManualTime()
      ->Unit(benchmark::kMicrosecond)
      ->Iterations(rate ? kWindows : options.samples);
}

// Bytes of a stream that several write, or read, are messages no more, but for
// those that a pipe takes at once.
bool StaysWhole(const Crew &crew, const Pattern &pattern, size_t size_bytes) {
  if (strcmp(crew.impl(), "raw") != 0) return true;
  if (pattern.producers == 1 && pattern.consumers == 1) return true;
  return strcmp(crew.object(), "pipe") == 0 && size_bytes <= PIPE_BUF;
}

// All cases, each beside what it is compared with.
std::vector<Case> MakeCases(const Crews &crews, int64_t patterns) {
  std::vector<Case> cases;
  for (const Pattern &pattern : kPatterns) {
    if (&pattern - kPatterns == patterns) break;
    int processes = pattern.producers + pattern.consumers;
    for (size_t size : kSizes) {
      for (const auto &crew : crews) {
        if (Is(*crew, kThroughput) && StaysWhole(*crew, pattern, size))
          cases.push_back({crew.get(), pattern, size,
                           std::min(NumProcessors(), processes)});
      }
    }
  }
  for (int processors = std::min(NumProcessors(), 2); processors >= 1;
       processors--) {
    for (const auto &crew : crews) {
      // Who spins on the only processor keeps the other one from it.
      bool never = processors == 1 && strcmp(crew->object(), "word") == 0;
      if (Is(*crew, kRoundTrip) && !never)
        cases.push_back({crew.get(), {1, 1}, kTripBytes, processors});
    }
  }
  return cases;
}

int Main(int argc, char **argv) {
  benchmark::Initialize(&argc, argv);
  Options options{{200}};
  bool parsed =
      Parse(argc, argv, &options,
            {{"window_ms", "=N     how long messages are counted (20)",
              Count(&options.window_ms)},
             {"patterns", "=N      of 1:1, 4:4, 4:1, 1:4 the first N (4)",
              Count(&options.patterns)}});
  if (!parsed) return 2;
  options.samples = std::min(options.samples, kMaxSamples);
  IpcBoard *board = nullptr;
  int board_fd = MakeBoard(&board);
  if (board_fd < 0) {
    perror("ipc: cannot share memory");
    return 2;
  }
  Crews crews;
  AddRawCrews(board, &crews);
  AddBoostCrews(board, &crews);
  AddZeroMqCrews(board, &crews);
  AddBroodCrews(board, board_fd, &crews);
  std::vector<Case> cases = MakeCases(crews, options.patterns);
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
