// Which cases there are: clauses times start methods, narrowed by what the
// implementation says of itself and by filters. Decides; runs nothing.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "conformance/runner/session.h"
#include "conformance/runner/spec.h"
#include "conformance/runner/verdict.h"

namespace conformance {

struct Case {
  std::string clause;  // the id, or "hello.feature.NAME" for a probe
  std::string label;   // "fork", "fork+spawn" if $other is used, or "once"
  std::string method;
  std::string other;
  std::string level;
  std::string profile;
  std::string feature;
  std::string sentence;
  Place place;
  bool provisional = false;
  std::string contested;  // the clause's link
  // One clause to run; for the probe of a feature, all of the feature's.
  std::vector<const Clause *> scenarios;
  bool probe = false;
  // Decided without running: kUntested or kUnsupported, and why.
  Verdict decided = Verdict::kPass;
  std::string reason;

  std::string Id() const {
    return clause + "/" + label;
  }
};

// What the reference implementation calls itself.
constexpr char kReference[] = "brood";

// The start methods that every implementation is asked about.
const std::vector<std::string> &StandardMethods();

// What is wrong with the names in a hello: one that the spec does not know
// would look like a feature that is absent. "" if nothing is.
std::string UnknownName(const Spec &spec, const Hello &hello);

// All cases of the profiles that `hello` claims, in the order of the spec,
// then one probe for each feature that it lists. `spec` must outlive them.
std::vector<Case> MakePlan(const Spec &spec, const Hello &hello);

// Which of the cases are run.
struct Selection {
  std::string filter;        // each of these two is matched against
  std::string gtest_filter;  // "clause/label" and against "clause"
  // One case of each clause, another start method for each next clause, where
  // there is no filter.
  bool sparse = false;
  // The cases are dealt out in turn to so many runs; this is one of them.
  size_t shard = 1, shards = 1;

  // The options that say so, and the same read back: false for any other.
  std::vector<std::string> Words() const;
  bool Take(const std::string &option);

  bool Filtered() const {
    return !filter.empty() || !gtest_filter.empty();
  }
  std::vector<Case> Choose(const std::vector<Case> &cases) const;
};

// Features of a claimed profile that `hello` does not list.
std::vector<std::string> AbsentFeatures(const Spec &spec, const Hello &hello,
                                        const std::string &profile);

}  // namespace conformance
