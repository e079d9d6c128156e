// Whether a file of results can be believed: that it is whole, of this spec,
// and has each case that was asked. The product that "ran 212 of 215 tests" is
// refused here.
// SPDX-License-Identifier: MIT
#pragma once

#include <set>
#include <string>
#include <vector>

#include "conformance/runner/options.h"
#include "conformance/runner/plan.h"
#include "conformance/runner/session.h"
#include "conformance/runner/spec.h"

namespace conformance {

// What is wrong with the text of such a file, in one line with the values that
// are; "" if nothing is, and then `told` says what it holds.
std::string CheckResults(const std::string &text, const Spec &spec,
                         std::string *told);

// Those of the cases that passed in such a file, whole or cut short, and whose
// clauses say today what they said then: a run that takes it up need not run
// them again. Why it cannot take it up, or "": its adapter said something else
// of itself.
std::string PassedBefore(const std::string &text, const Hello &hello,
                         const std::vector<Case> &cases,
                         std::set<std::string> *passed);

// CheckResults for the file of --check; 0 if nothing is wrong with it.
int CheckFile(const Options &options, const Spec &spec);

}  // namespace conformance
