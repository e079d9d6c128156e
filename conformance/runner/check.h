// Whether a file of results can be believed: that it is whole, of this spec,
// and has each case that was asked. The product that "ran 212 of 215 tests" is
// refused here.
// SPDX-License-Identifier: MIT
#ifndef BROOD_CONFORMANCE_RUNNER_CHECK_H_
#define BROOD_CONFORMANCE_RUNNER_CHECK_H_

#include <string>

#include "conformance/runner/options.h"
#include "conformance/runner/spec.h"

namespace conformance {

// What is wrong with the text of such a file, in one line with the values that
// are; "" if nothing is, and then `told` says what it holds.
std::string CheckResults(const std::string &text, const Spec &spec,
                         std::string *told);

// The same for the file of --check; 0 if nothing is wrong with it.
int CheckFile(const Options &options, const Spec &spec);

}  // namespace conformance

#endif  // BROOD_CONFORMANCE_RUNNER_CHECK_H_
