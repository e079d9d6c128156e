// SPDX-License-Identifier: MIT
//
// The processes that //bench:sync has work on one shared object.
#ifndef BENCH_CREW_H_
#define BENCH_CREW_H_

#include <memory>
#include <string>
#include <vector>

#include "bench/board.h"

namespace bench {

// The names in the records of //tools:compare.
constexpr char kPair[] = "lock_pair";
constexpr char kContended[] = "lock_contended";
constexpr char kCondition[] = "condition_round_trip";
constexpr char kEvent[] = "event_round_trip";

// An object, and the processes of some context that work on it. A crew can be
// put together again and again: Make, Start for each process, Join.
class Crew {
 public:
  virtual ~Crew() = default;
  virtual const char *bench() const = 0;
  virtual const char *impl() const = 0;
  virtual const char *object() const = 0;
  virtual const char *context() const = 0;

  // What fails returns a reason, all else "".
  virtual std::string Make() = 0;
  virtual std::string Start(int index) = 0;
  // Waits for all that were started.
  virtual std::string Join() = 0;
};

using Crews = std::vector<std::unique_ptr<Crew>>;

// Adds those of the raw objects, which live on the board.
void AddRawCrews(Board *board, Crews *crews);

// Adds Brood's; board_fd is what its processes attach.
void AddBroodCrews(int board_fd, Crews *crews);

}  // namespace bench

#endif  // BENCH_CREW_H_
