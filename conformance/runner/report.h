// What people read: one failure told in full, and the summary of a run.
// SPDX-License-Identifier: MIT
#ifndef BROOD_CONFORMANCE_RUNNER_REPORT_H_
#define BROOD_CONFORMANCE_RUNNER_REPORT_H_

#include <map>
#include <string>

#include "conformance/runner/case.h"
#include "conformance/runner/plan.h"
#include "conformance/runner/session.h"
#include "conformance/runner/spec.h"

namespace conformance {

// The clause, its sentence, where it stands, the step, what was wanted and
// got, the end of the transcript, and how to run it again.
std::string TellFailure(const Case &one, const CaseResult &result,
                        const std::string &transcript,
                        const std::string &again);

// Counts what became of the cases of a run.
class Tally {
 public:
  void Add(const Case &one, const Outcome &outcome);

  // Missing features and start methods, why cases were not run, and the last
  // line, which begins with the profiles.
  std::string Tell(const Spec &spec, const Hello &hello,
                   const std::string &shard) const;

 private:
  struct Counts {
    int all = 0, passed = 0, known = 0, warned = 0, unsupported = 0,
        untested = 0;
  };
  std::string Profile(const std::string &name) const;

  std::map<std::string, Counts> profiles_;
  std::map<std::string, int> reasons_;  // of what was not run
};

// "shard 2 of 5", or "" outside of sharding.
std::string ShardName();

}  // namespace conformance

#endif  // BROOD_CONFORMANCE_RUNNER_REPORT_H_
