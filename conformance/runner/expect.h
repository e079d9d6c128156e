// Known failures and their reasons (SCENARIOS.md, "Expectations"): reads the
// file, checks that it is honest, and turns what happened into the verdict.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "conformance/runner/plan.h"
#include "conformance/runner/spec.h"
#include "conformance/runner/verdict.h"
#include "conformance/runner/version.h"

namespace conformance {

struct Expectation {
  int line = 0;
  std::string clause;   // a glob, or "feature:NAME" for all of its clauses
  VersionRange range;   // of the implementation
  size_t cases = 0;     // how many it takes in; 0 if the line does not say
  std::string methods;  // "*", or globs of labels with commas between them
  std::string written;  // the third column
  std::string kind;     // fail, crash, hang, leak or unsupported
  std::string text;     // of fail: what the failure must say
  std::string reason;

  bool Matches(const Case &one) const;
  bool MatchesClause(const std::string &id, const std::string &feature) const;
};

struct Expectations {
  std::string file;
  std::vector<Expectation> lines;
  std::vector<Problem> problems;  // of reading

  // Null if the case is expected to pass.
  const Expectation *Find(const Case &one) const;
};

Expectations ParseExpectations(const std::string &file,
                               const std::string &text);

// Leaves out the lines that are about other versions; that there is no number
// in the version is a problem if any line asks for one.
void KeepVersion(const std::string &version, Expectations *expectations);

// Lines that --fix wrote, and to which nobody has given a reason yet.
std::vector<Problem> CheckReasons(const Expectations &expectations);

// Lines that do not fit the cases there are, run or not: one of which a part
// matches none, a second one for a case, a wildcard that takes in too much.
std::vector<Problem> CheckFit(const Expectations &expectations,
                              const std::vector<Case> &cases);

// What is wrong with the file as a whole: lines that do not fit, a reason that
// is none, any line at all for the reference.
std::vector<Problem> CheckExpectations(const Expectations &expectations,
                                       const std::vector<Case> &cases,
                                       const std::string &implementation);

// What happened, judged by what was expected (null: nothing) and by the
// clause's level.
Outcome FinalOutcome(const Case &one, const Outcome &happened,
                     const Expectation *expectation);

// True if the verdict makes the run fail.
bool IsRed(const Case &one, Verdict verdict, bool strict);

// True if a failure is of the stated kind and says what is stated.
bool FailsAsStated(const Expectation &expectation, const Outcome &happened);

}  // namespace conformance
