// Runs one case from a fresh adapter to its verdict, and leaves nothing of it
// behind. Says what happened; what was expected is judged elsewhere.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "conformance/runner/plan.h"
#include "conformance/runner/session.h"
#include "conformance/runner/verdict.h"

namespace conformance {

struct CaseResult {
  Outcome outcome;
  double seconds = 0;
  std::string transcript;
  int runs = 1;  // with --repeat, and in how many of these it failed
  int failed = 0;
  std::vector<Outcome> others;  // of the other runs that failed
};

// PASS, FAIL, UNSUPPORTED or UNRESOLVED. A case that is decided already is
// answered with its decision.
CaseResult RunCase(const Setup &setup, const Case &one);

// Runs it so many times. The outcome is that of the worst run, the first of
// these.
CaseResult RunRepeatedly(const Setup &setup, const Case &one, int times);

// Starts the adapter only for its hello. False, with the outcome, if it has
// none.
bool AskWho(const Setup &setup, Hello *hello, CaseResult *result);

}  // namespace conformance
