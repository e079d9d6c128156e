// Runs beside each other: a row for each clause, a cell for each run, and what
// may be said of each run as a whole. The spec is the measure: what it asks
// and a run has no answer to was not run, and is said to be so. No I/O.
// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include "conformance/report/run.h"
#include "conformance/runner/spec.h"

namespace conformance::report {

struct Entry {
  std::string label;
  const Answer *answer = nullptr;  // null: the case was not run
};

struct Row {
  Clause clause;
  bool in_spec = true;                    // else it is as a run remembers it
  std::vector<std::vector<Entry>> cells;  // by run
};

// What the answers of a run amount to.
struct Standing {
  std::map<Verdict, int> counts;
  int not_run = 0;  // of the cases that the spec plans for the implementation
  bool same_spec = true;
  // Why the run does not speak for the implementation as a whole; empty if it
  // does.
  std::vector<std::string> partial;
};

struct Matrix {
  const Spec *spec = nullptr;
  std::vector<Run> runs;
  std::vector<Standing> standings;  // by run
  std::vector<Row> rows;            // in the order of the spec, then others
};

// `spec` must outlive the matrix.
Matrix MakeMatrix(const Spec &spec, std::vector<Run> runs);

enum class Claim {
  kConforms,
  kFails,
  kPartial,     // nothing failed so far, but not all was asked
  kNotClaimed,  // hello does not name the profile
};

// Whether the run shows that its implementation conforms to the profile. Only
// a whole run by this very spec shows that it does.
Claim Judge(const Run &run, const Standing &standing,
            const std::string &profile);

// The same in a few words, with figures: "conforms, 1754 cases",
// "3 of 1754 fail, 12 unsupported", "partial, 0 of 380 fail", "not claimed".
std::string TellClaim(const Run &run, const Standing &standing,
                      const std::string &profile);

// True for a verdict that is a failure of the implementation, be it a known or
// a mild one. UNRESOLVED is nobody's.
bool Fails(Verdict verdict);

}  // namespace conformance::report
