// The pseudo-actors `kernel`, `file` and `output`: what a scenario asks of the
// system rather than of the implementation (SCENARIOS.md has their tables).
// Each call looks once and answers; waiting is the caller's business.
// SPDX-License-Identifier: MIT
#pragma once

#include <set>
#include <string>
#include <vector>

#include "conformance/runner/clock.h"
#include "conformance/runner/folder.h"
#include "conformance/runner/reaper.h"
#include "conformance/runner/value.h"

namespace conformance {

// Every operation of a pseudo-actor, for the checks of the spec.
std::vector<std::string> PseudoOperations(const std::string &actor);

class Kernel {
 public:
  Kernel(Reaper *reaper, std::set<std::string> shm_before)
      : reaper_(reaper), shm_before_(std::move(shm_before)) {
  }

  // Throws Stop for a call that does not exist or has the wrong arguments.
  // `status` alone waits, until the process has ended.
  Json Call(const std::string &name, const std::vector<Json> &args,
            const Deadline &deadline);

  // `harass` never kills it: an actor is in it.
  void Spare(pid_t pid) {
    spared_.insert(pid);
  }

 private:
  Json Process(const std::string &name, pid_t pid, const Deadline &deadline);
  Json Status(pid_t pid, const Deadline &deadline);
  Json Harass(pid_t pid, int times, double seconds);
  void Send(pid_t pid, const std::string &signal, bool group);

  Reaper *reaper_;
  std::set<std::string> shm_before_;
  std::set<pid_t> spared_;
};

// A gate is a FIFO that waiters open for reading and read to the end.
class Files {
 public:
  explicit Files(std::string folder) : folder_(std::move(folder)) {
  }
  ~Files();

  Json Call(const std::string &name, const std::vector<Json> &args);

  // Lets those through who were between looking a gate up and waiting at it
  // when it was opened; to be called now and then.
  void Pulse();

 private:
  std::string Path(const Json &name) const;
  Json History(const std::vector<Json> &args) const;
  void OpenGate(const std::string &path);

  std::string folder_;
  std::vector<int> opened_;  // read ends that keep opened gates in being
};

Json CallOutput(const Folder &folder, const std::string &name,
                const std::vector<Json> &args);

// Stops a case whose adapter has written more than anybody will read.
void BoundOutput(const Folder &folder);

}  // namespace conformance
