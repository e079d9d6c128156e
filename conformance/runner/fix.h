// Rewrites an expectations file after a run, keeping its comments, its order
// and its reasons: what no longer fails goes, what is new is added without a
// reason, which a person must then give.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "conformance/runner/expect.h"

namespace conformance {

struct Happened {
  const Case *one;
  Outcome outcome;  // before any expectation
};

// The new text of the file.
std::string FixedText(const std::string &text, const Expectations &expectations,
                      const std::vector<Happened> &happened);

// Rewrites the file and prints what changed; false if it cannot be written.
bool FixExpectations(const Expectations &expectations,
                     const std::vector<Happened> &happened);

}  // namespace conformance
