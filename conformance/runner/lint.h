// The rules that a good spec keeps: every clause well formed, tested or with a
// reason, every operation known and used, every name of the API covered.
// Reads nothing itself; answers all problems, each with its place.
// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <set>
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

// The notes that Source lines cite: the name of each, "facts" or "pains", and
// the ids in it.
using Sources = std::map<std::string, std::set<std::string>>;

// The ids of one note: the first word of each heading, and the first cell of
// each row, alone and as "HEADING (CELL)".
std::set<std::string> ReadSource(const std::string &text);

// Ids in a text, such as `facts CTX-36, D1` and `pains B.5 (40, 47)`, that the
// notes do not have.
std::vector<Problem> LintCitations(const Place &place, const std::string &text,
                                   const Sources &sources);

// Such ids in the Source lines of a spec.
std::vector<Problem> LintSources(const Spec &spec, const Sources &sources);

// Lines of an expectations file that name no clause.
std::vector<Problem> LintExpectations(const Spec &spec, const std::string &file,
                                      const std::string &text);

// "file:line: text" for each.
std::string TellProblems(const std::vector<Problem> &problems);

}  // namespace conformance
