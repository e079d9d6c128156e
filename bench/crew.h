// SPDX-License-Identifier: MIT
//
// The processes that a benchmark has work on one object.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/board.h"

namespace bench {

// An object, and the processes of some context that work on it. A crew can be
// put together again and again: Make, Start for each process, Join.
class Crew {
 public:
  virtual ~Crew() = default;
  // The names in the records of //tools:compare.
  virtual const char *bench() const = 0;
  virtual const char *impl() const = 0;
  virtual const char *object() const = 0;
  virtual const char *context() const = 0;

  // What fails returns a reason, all else "". Make finds the task on the board.
  virtual std::string Make() = 0;
  virtual std::string Start(int index) = 0;
  // Waits for all that were started, and frees what was made.
  virtual std::string Join() = 0;

  // The reason that it gave when it hung; "": it never hung.
  std::string hung;
};

using Crews = std::vector<std::unique_ptr<Crew>>;

// One whose processes are started by fork.
class ForkCrew : public Crew {
 public:
  explicit ForkCrew(const Board *board) : board_(board) {
  }
  const char *context() const override {
    return "fork";
  }
  std::string Make() override {
    return "";
  }
  std::string Start(int index) override;
  std::string Join() override;

 protected:
  // What a process does.
  virtual std::string Work(int index) = 0;

 private:
  const Board *board_;
  std::vector<pid_t> pids_;
};

// Has so many processes do their work; meanwhile runs when all have met at the
// gate. Returns "", or what went wrong; of a crew that hung before it says so
// again, and does not wait for it once more.
std::string RunCrew(Crew *crew, int processes, Board *board,
                    const std::function<void()> &meanwhile);

}  // namespace bench
