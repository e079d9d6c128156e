// SPDX-License-Identifier: MIT
//
// What calls to a manager cost: Brood's, beside a round trip through a socket
// pair, which is the least that a call can be.
//
// - manager_dict_set, manager_dict_get: a value of this client's own key.
// - manager_list_append: at the end of one list. Before some calls it is
//   emptied, or it would have all of the memory; these take twice as long.
// - manager_lock_pair: acquire and release of one lock, which all clients want.
// - manager_queue_trip: put and get, of one queue. The value may be another's.
// - manager_trip, raw: a message of the value's size goes to a server, and 32
//   bytes come back; as a packet, over 64 KiB through a stream. The server
//   waits for a lone client in recv, for several in epoll_wait.
//
// Values are 8 bytes, 1 KiB and 8 MiB, clients 1, 4, 16 and 100; values of 8
// MiB are for 1 and 4, for each client and the server have one, and more under
// way.
//
// What a lone client does with small values is over soon, and what ratios are
// made of: the subjects take five turns at it.
//
// All clients call again and again, from one gate on. Each call is a sample, of
// which the last ones are kept; three times the parent counts for --window_ms
// how many were done. Values that are fetched are looked at.
//
// What keeps the comparison fair:
//
// - Clients are processes that were started for it: Brood's by forkserver, the
//   raw ones by fork; a call costs the same whatever they were started by.
// - Nothing is tied to a processor. Where server and client share one, a call
//   is two switches, else two wake-ups: the scheduler's whim hits all alike.
//   With --turns the subjects take turns, and each turn has new processes.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "bench/brood_crew.h"
#include "bench/clock.h"
#include "bench/crew.h"
#include "bench/manager_work.h"
#include "bench/options.h"
#include "bench/samples.h"
#include "brood.h"

namespace bench {
namespace {

constexpr char kContext[] = "forkserver";
constexpr int kClients[] = {1, 4, 16, kMaxClients};
constexpr int64_t kSmallBytes[] = {8, 1 << 10};
constexpr int64_t kLargeBytes = 8 << 20;
constexpr int kLargeClients = 4;
constexpr int kWindows = 3;
constexpr int kLoneTurns = 5;
// Until all are awake and in their stride.
constexpr int64_t kUntimedUs = 2000;
// A crew that has done nothing for so long hangs.
constexpr int64_t kSilentNs = INT64_C(10000000000);

struct Options : CommonOptions {
  int64_t window_ms = 10;
  int64_t most_clients = kMaxClients;
};

struct Case {
  Crew *crew;
  int clients;
  int64_t bytes;
  bool IsRaw() const {
    return crew->bench() == std::string(kTrip);
  }
};

// What is measured, as //tools:compare reads it.
std::string Fields(const Case &one) {
  return std::string("\"bench\":\"") + one.crew->bench() + "\",\"impl\":\"" +
         one.crew->impl() + "\",\"context\":\"" + one.crew->context() +
         "\",\"clients\":" + std::to_string(one.clients) +
         ",\"bytes\":" + std::to_string(one.bytes);
}

int64_t CountCalls(const ManagerBoard &board) {
  int64_t sum = 0;
  for (int i = 0; i < board.clients; i++)
    sum += board.done[i].count.load(std::memory_order_relaxed);
  return sum;
}

// Calls a second of all together, in a window that has at least one.
double Observe(const ManagerBoard &board, int64_t window_ms) {
  int64_t begin = CountCalls(board), end = begin;
  int64_t begin_ns = bench_now_ns(), end_ns = begin_ns;
  while (end == begin && end_ns - begin_ns < kSilentNs) {
    usleep(window_ms * 1000);
    end = CountCalls(board);
    end_ns = bench_now_ns();
  }
  return (end - begin) * 1e9 / (end_ns - begin_ns);
}

// The samples of those clients that have made a call.
std::vector<double> TakeSamples(const ManagerBoard &board) {
  std::vector<double> all;
  for (int i = 0; i < board.clients; i++) {
    const double *own = board.samples + i * board.num_kept;
    int64_t count = board.done[i].count.load(std::memory_order_relaxed);
    all.insert(all.end(), own, own + std::min(count, board.num_kept));
  }
  return all;
}

Measured Measure(ManagerBoard *board, const Case &one, const Options &options) {
  int processes = one.clients + one.IsRaw();
  RenewBoard(board, one.clients + 1);
  board->clients = one.clients;
  board->bytes = one.bytes;
  board->num_kept = std::max<int64_t>(options.samples / one.clients, 1);
  std::vector<double> rates;
  std::string fault = RunCrew(one.crew, processes, board, [&] {
    usleep(kUntimedUs);
    do {
      rates.push_back(Observe(*board, options.window_ms));
    } while (rates.size() < kWindows && rates.back() > 0);
    board->stop.store(true, std::memory_order_relaxed);
  });
  std::vector<double> us = TakeSamples(*board);
  if (fault.empty() && (us.empty() || rates.back() == 0))
    fault = "no call ended";
  return {fault, {{"ops_per_s", rates}, {"us", us}}, 0};
}

void Register(ManagerBoard *board, const Case &one, const Options &options,
              int64_t turn) {
  std::string name = std::string("manager/") + one.crew->bench() + "/" +
                     one.crew->impl() +
                     "/clients:" + std::to_string(one.clients) +
                     "/bytes:" + std::to_string(one.bytes);
  if (options.turns > 1) name += "/turn:" + std::to_string(turn);
  auto run = [=](benchmark::State &state) {
    Report(state, options.samples_file, Fields(one),
           Measure(board, one, options));
  };
  benchmark::RegisterBenchmark(name.c_str(), run)
      ->UseManualTime()
      ->Unit(benchmark::kMicrosecond)
      ->Iterations(kWindows);
}

// A lock has no value: it is measured once, beside trips of the least size.
bool HasCase(const Crew &crew, int clients, int64_t bytes) {
  if (bytes == kLargeBytes && clients > kLargeClients) return false;
  if (crew.impl() == std::string("raw")) return true;
  bool lock = crew.bench() == std::string(kPair);
  return crew.context() == std::string(kContext) &&
         (!lock || bytes == kSmallBytes[0]);
}

std::vector<Case> MakeCases(const Crews &crews, int64_t most_clients) {
  std::vector<Case> cases;
  for (int64_t bytes : {kSmallBytes[0], kSmallBytes[1], kLargeBytes}) {
    for (int clients : kClients) {
      if (clients > most_clients) break;
      int turns = clients == 1 && bytes < kLargeBytes ? kLoneTurns : 1;
      for (int turn = 0; turn < turns; turn++) {
        for (const auto &crew : crews) {
          if (HasCase(*crew, clients, bytes))
            cases.push_back({crew.get(), clients, bytes});
        }
      }
    }
  }
  return cases;
}

int Main(int argc, char **argv) {
  benchmark::Initialize(&argc, argv);
  Options options{{400}};
  bool parsed = Parse(argc, argv, &options,
                      {{"window_ms", "=N     that calls are counted for (10)",
                        Count(&options.window_ms)},
                       {"most_clients", "=N  that there are at a time (100)",
                        Count(&options.most_clients)}});
  if (!parsed) return 2;
  options.samples = std::min(options.samples, kMaxSamples);
  ManagerBoard *board = nullptr;
  int board_fd = MakeBoard(&board);
  if (board_fd < 0) {
    perror("manager: cannot share memory");
    return 2;
  }
  Crews crews;
  AddRawCrew(board, &crews);
  AddBroodCrews(board, board_fd, &crews);
  std::vector<Case> cases = MakeCases(crews, options.most_clients);
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
