// The rules that a good spec keeps: every clause well formed, tested or with a
// reason, every operation known and used, every name of the API covered.
// Reads nothing itself; answers all problems, each with its place.
// SPDX-License-Identifier: MIT
#ifndef BROOD_CONFORMANCE_RUNNER_LINT_H_
#define BROOD_CONFORMANCE_RUNNER_LINT_H_

#include <string>
#include <vector>

#include "conformance/runner/spec.h"
#include "conformance/runner/tables.h"

namespace conformance {

// Form, wording and bounds of each clause, ids, features.
std::vector<Problem> LintClauses(const Spec &spec);

// What the scenarios use against what the tables define, both ways, and the
// names of the API.
std::vector<Problem> LintOperations(const Spec &spec, const Tables &tables);

// Names and actors that a scenario uses before they are there.
std::vector<Problem> LintNames(const Spec &spec);

// Lines of an expectations file that name no clause.
std::vector<Problem> LintExpectations(const Spec &spec, const std::string &file,
                                      const std::string &text);

// "file:line: text" for each.
std::string TellProblems(const std::vector<Problem> &problems);

}  // namespace conformance

#endif  // BROOD_CONFORMANCE_RUNNER_LINT_H_
