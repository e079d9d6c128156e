// The frozen list of a version of the spec, spec/mustpass-VERSION.txt: which
// clauses an implementation of profile core must pass. What is mended later
// cannot move the goal posts unseen.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "conformance/runner/spec.h"

namespace conformance {

// Whether version `a`, as in "1.10", came later than `b`.
bool IsLater(const std::string &a, const std::string &b);

// The list as the chapters have it now: a line "ID  METHODS" for each MUST of
// core that has a scenario, is not provisional, and is since that version.
std::string MustPassList(const Spec &spec, const std::string &version);

// Where the list in the file and the chapters differ. A retired clause may stay
// in the list: it was one of that version.
std::vector<Problem> LintMustPass(const Spec &spec, const std::string &file,
                                  const std::string &text);

}  // namespace conformance
