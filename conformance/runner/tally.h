// What a run comes to: counts, the verdict on each claimed profile, and the
// lines that end it.
// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "conformance/runner/plan.h"
#include "conformance/runner/session.h"
#include "conformance/runner/spec.h"

namespace conformance {

// How an implementation fares in a profile that it claims, by the MUSTs that
// were asked, as they went: an expectation excuses none.
struct Conformity {
  int cases = 0;
  int failed = 0;
  int unresolved = 0;
  int unsupported = 0;
  int unexplained = 0;  // of the last three, without an expectation

  int Lacking() const {
    return failed + unresolved + unsupported;
  }
};

class Tally {
 public:
  // `asked` of `all` cases are selected; `spec` and `hello` outlive it.
  Tally(const Spec &spec, const Hello &hello, size_t asked, size_t all);

  // `happened` is the outcome before any expectation, `judged` the one after.
  void Add(const Case &one, const Outcome &happened, const Outcome &judged,
           bool red);

  size_t Ran() const {
    return ran_;
  }
  size_t Failed() const {
    return failures_.size();
  }
  // Those that hello claims.
  const std::map<std::string, Conformity> &Profiles() const {
    return conformity_;
  }
  // Nothing if that cannot be said of a part of the cases.
  std::optional<bool> Conforms(const Conformity &profile) const;

  // True if nothing is red and each claimed profile is conformed to, or what
  // it lacks is expected. Whoever filters asks for cases, not for a profile.
  bool Passes(const Selection &selection) const;

  // The failures, missing features and start methods, whether each claimed
  // profile is conformed to, and the last line, which counts; `stopped` if
  // --max-failures may have ended the run.
  std::string Tell(const Selection &selection, bool stopped) const;

 private:
  struct Counts {
    int all = 0, passed = 0, known = 0, warned = 0, unsupported = 0,
        untested = 0;
  };
  void Count(const Case &one, const Outcome &judged);
  bool IsAsked(const Case &one) const;
  std::string TellFailures() const;
  std::string TellRest(bool stopped) const;
  std::string TellConformity() const;
  std::string TellAbsent() const;
  std::string TellProfile(const std::string &name) const;

  const Spec &spec_;
  const Hello &hello_;
  size_t asked_, all_;
  size_t ran_ = 0;
  std::vector<std::string> failures_;
  std::map<std::string, Counts> counts_;
  std::map<std::string, Conformity> conformity_;
  std::map<std::string, int> reasons_;  // of what was not run
};

}  // namespace conformance
