// Results as a runner might have written them, small enough to be read: for
// the tests of what is made of them.
// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "conformance/report/run.h"
#include "conformance/runner/spec.h"

namespace conformance::report {

// Two clauses with a case for each start method, and one that is judged once.
Spec SampleSpec();

// The lines of a file of results, to be changed before they become a text.
struct Sample {
  explicit Sample(const Spec &spec, const std::string &name = "mine");

  // A case; `more` is put over the members that it has.
  nlohmann::json &Add(const std::string &clause, const std::string &method,
                      const std::string &verdict = "PASS",
                      const nlohmann::json &more = nlohmann::json::object());

  // Every case of SampleSpec, with this verdict.
  void AddAll(const std::string &verdict = "PASS");

  // The summary counts the failures of each profile.
  std::string Text(bool whole = true) const;

  Run Read(bool whole = true) const;

  nlohmann::json header;
  std::vector<nlohmann::json> cases;
};

}  // namespace conformance::report
