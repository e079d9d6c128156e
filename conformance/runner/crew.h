// Worker processes of the runner, among which it deals out the cases: each has
// a folder and a /dev/shm of its own and reaps what its cases leave, so that a
// case sees nothing of those beside it. Whoever asks gets the results in any
// order that suits, and judges them; the crew only runs.
// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "conformance/runner/case.h"

namespace conformance {

class Crew {
 public:
  // Runs in a worker: the case of that index.
  using Run = std::function<CaseResult(size_t index, const Setup &setup)>;

  // So many cases at a time, and up to twice as many while fewer than that run:
  // most of what lasts only waits.
  Crew(size_t jobs, size_t cases, const Setup &setup, Run run);
  ~Crew();  // kills the workers
  Crew(const Crew &) = delete;
  Crew &operator=(const Crew &) = delete;

  // The result of that case; waits for it, and keeps the others busy.
  CaseResult Take(size_t index);

 private:
  struct Worker {
    pid_t pid;
    int fd;  // below 0 once the process is gone
    std::string buffer;
    std::optional<size_t> busy;  // with this case
  };
  Worker Start();
  void Deal();
  void Read(Worker *worker);
  void Lost(Worker *worker);
  void EndOrphans();
  bool IsWorker(pid_t pid) const;
  [[noreturn]] void Work(int fd);
  void Serve(int fd);

  size_t jobs_;
  size_t cases_;
  const Setup &setup_;
  Run run_;
  size_t next_ = 0;
  int started_ = 0;  // workers, for the names of their folders
  std::vector<Worker> workers_;
  std::map<size_t, CaseResult> done_;
};

}  // namespace conformance
