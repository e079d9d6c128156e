// One run of the runner, read from its results.jsonl: the header, an answer
// for each case, and the summary, which is missing if the run was cut short.
// Believes no file that is not of the form that the runner writes.
// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "conformance/runner/session.h"
#include "conformance/runner/verdict.h"

namespace conformance::report {

// What became of one case.
struct Answer {
  std::string clause;
  std::string label;  // the start method, "fork+spawn", or "once"
  Verdict verdict = Verdict::kPass;
  std::string way;
  std::string text;
  std::string want;
  std::string got;
  std::string step;
  int step_line = 0;
  std::string level;
  bool provisional = false;
  std::string profile;
  std::string feature;
  std::string sentence;
  std::string file;
  int line = 0;
  std::string again;      // the command that runs the case again
  std::string reason;     // of its expectation
  std::string contested;  // a link
  int failed = 0;         // of `of` repetitions; 0 of 0 without --repeat
  int of = 0;

  std::string Id() const {
    return clause + "/" + label;
  }
};

// How a run stands by one profile, as the runner judged it.
struct Conformance {
  bool yes = false;
  int cases = 0;
  int failed = 0;
  int unsupported = 0;
  int unresolved = 0;
};

struct Summary {
  double seconds = 0;
  int ran = 0;
  int failed = 0;
  std::map<std::string, Conformance> conforms;
};

struct Run {
  std::string file;
  std::string date;
  std::string runner;  // its version
  std::string spec;    // its version
  std::string digest;
  int cases = 0;  // how many were selected
  std::vector<std::string> options;
  std::string host;
  std::string kernel;
  std::string libc;
  Hello adapter;
  std::vector<Answer> answers;
  std::optional<Summary> summary;

  // "cpython 3.11.2"
  std::string Name() const;
};

// Reads `text`, the content of `file`. Throws std::runtime_error with
// "FILE:LINE: what is wrong". A last line without an end is what a runner that
// was killed leaves behind: it is ignored, and the summary is missing.
Run ReadRun(const std::string &file, const std::string &text);

}  // namespace conformance::report
