// Runs one case from a fresh adapter to its verdict, and leaves nothing of it
// behind. Says what happened; what was expected is judged elsewhere.
// SPDX-License-Identifier: MIT
#ifndef BROOD_CONFORMANCE_RUNNER_CASE_H_
#define BROOD_CONFORMANCE_RUNNER_CASE_H_

#include <string>

#include "conformance/runner/plan.h"
#include "conformance/runner/session.h"
#include "conformance/runner/verdict.h"

namespace conformance {

struct CaseResult {
  Outcome outcome;
  double seconds = 0;
  std::string transcript;
};

// PASS, FAIL, UNSUPPORTED or UNRESOLVED. A case that is decided already is
// answered with its decision.
CaseResult RunCase(const Setup &setup, const Case &one);

// Starts the adapter only for its hello. False, with the outcome, if it has
// none.
bool AskWho(const Setup &setup, Hello *hello, CaseResult *result);

}  // namespace conformance

#endif  // BROOD_CONFORMANCE_RUNNER_CASE_H_
