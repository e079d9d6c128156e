// A fresh adapter and the actors below it, from its start to the check that
// nothing of it is left. Knows the protocol's order of events, not scenarios.
// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "conformance/runner/actor.h"
#include "conformance/runner/folder.h"
#include "conformance/runner/pseudo.h"
#include "conformance/runner/reaper.h"
#include "conformance/runner/transcript.h"

namespace conformance {

// How adapters are started in this run.
struct Setup {
  std::vector<std::string> command;  // absolute
  std::string run_folder;
  double scale = 1;
  double start_seconds = 20;  // these four are multiplied by the scale
  double step_seconds = 10;
  double case_seconds = 30;
  double leave_seconds = 2;
  Reaper *reaper = nullptr;
};

// What an implementation says of itself.
struct Hello {
  std::string name;
  std::string version;
  std::string language;
  std::vector<std::string> methods;
  std::vector<std::string> features;
  std::vector<std::string> profiles;
};

class Session {
 public:
  Session(const Setup &setup, Transcript *transcript);
  ~Session();  // kills whatever is left, without a word

  // Starts the adapter and asks for its hello; throws Stop (UNRESOLVED).
  Hello Start();

  // The time that is left for one step.
  Deadline StepDeadline(double seconds) const;
  Deadline StepDeadline() const {
    return StepDeadline(setup_.step_seconds * setup_.scale);
  }
  double Scale() const {
    return setup_.scale;
  }

  Actor *Find(const std::string &name);
  // Waits for the next process to connect and calls it `name`; null if none
  // comes in time or `give_up` answers true.
  Actor *AcceptAgent(const std::string &name,
                     const std::function<bool()> &give_up);

  // The reply to the request under way, with the gates kept moving.
  Reply Receive(Actor *actor, const Deadline &deadline);

  // The scenario takes the end of the main process upon itself; `tidy` if in
  // an ordinary way, so that its TMPDIR must still be left empty.
  void ExpectMainToEnd(bool tidy) {
    main_may_end_ = true;
    main_tidy_ = tidy;
  }

  // Says bye to everyone, waits, checks hygiene; throws Stop.
  void End();

  // How an actor that is gone ended, in words, as far as can be known.
  std::string DescribeEnd(Actor *actor);

  // An actor is gone that should not be; throws Stop.
  [[noreturn]] void StopGone(Actor *actor);

  // Ends everything below the runner; for a hang with a description of every
  // process first, and SIGTERM before SIGKILL.
  void Abort(bool hang);

  // Adds what the adapter and its children wrote to the transcript.
  void RecordOutput();

  const Folder &GetFolder() const {
    return folder_;
  }
  Kernel *GetKernel() {
    return &kernel_;
  }
  Files *GetFiles() {
    return &files_;
  }

 private:
  Deadline StartDeadline() const {
    return StepDeadline(setup_.start_seconds * setup_.scale);
  }
  Hello AskHello();
  void Dismiss(Actor *actor);
  void FoundGone(Actor *actor);
  void WaitForMain();
  void CheckHygiene();

  const Setup &setup_;
  Transcript *transcript_;
  Folder folder_;
  std::set<std::string> shm_before_;
  Kernel kernel_;
  Files files_;
  Deadline case_deadline_;
  std::unique_ptr<Listener> listener_;
  pid_t launched_ = 0;
  std::vector<std::unique_ptr<Actor>> actors_;  // main first
  bool main_may_end_ = false;
  bool main_tidy_ = true;
  bool main_ended_early_ = false;
};

}  // namespace conformance
