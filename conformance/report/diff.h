// What changed between two runs, case by case. Numbers that differ from run to
// run, pids among them, are no change: only the verdict, the way of failing
// and the step that failed are compared.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "conformance/report/run.h"

namespace conformance::report {

struct Change {
  const Answer *before;
  const Answer *after;
};

struct Difference {
  std::vector<Change> worse;      // passed, and now does not
  std::vector<Change> better;     // passes, and did not
  std::vector<Change> otherwise;  // neither passes, but differently
  std::vector<Change> asked;      // the clause's sentence is another one
  std::vector<const Answer *> added;
  std::vector<const Answer *> gone;
  bool same_spec = true;

  bool Empty() const;
};

// The runs must outlive the difference.
Difference Compare(const Run &before, const Run &after);

// As Markdown, which also reads well as it is.
std::string TellDifference(const Run &before, const Run &after,
                           const Difference &difference);

}  // namespace conformance::report
