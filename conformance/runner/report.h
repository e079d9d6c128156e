// What people read of one case: a failure told in full.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "conformance/runner/case.h"
#include "conformance/runner/plan.h"

namespace conformance {

// The clause, its sentence, where it stands, the step, what was wanted and
// got, the end of the transcript, and how to run it again.
std::string TellFailure(const Case &one, const CaseResult &result,
                        const std::string &transcript,
                        const std::string &again);

}  // namespace conformance
