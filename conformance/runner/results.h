// Where results go: results.jsonl, whose first line says what was asked of
// whom, whose last line sums up, and which has one line between them for each
// case, written at once so that a crash of the runner loses nothing. The
// transcripts are beside it, in FILE.transcripts. README.md describes the
// format; check.h reads it.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "conformance/runner/case.h"
#include "conformance/runner/plan.h"
#include "conformance/runner/session.h"
#include "conformance/runner/tally.h"

namespace conformance {

// Readers of the file refuse another one.
constexpr int kResultsFormat = 1;

// "sha256:" and the digest of all clauses of these profiles: of what those are
// asked who claim them, so that a clause of another profile outdates nobody.
std::string DigestOf(const Spec &spec,
                     const std::vector<std::string> &profiles);

// The same of what one case runs.
std::string DigestOf(const Case &one);

// What the header says of the adapter.
nlohmann::ordered_json DescribeAdapter(const Hello &hello);

// What the last line says, but for the time.
nlohmann::ordered_json Summarize(const Tally &tally);

class Results {
 public:
  // `file` is that of --results; without it $TEST_UNDECLARED_OUTPUTS_DIR is
  // used; without that there is no results file, and transcripts of what is red
  // go to a folder of their own under /tmp that is made for the first of them.
  explicit Results(const std::string &file);
  ~Results();
  Results(const Results &) = delete;
  Results &operator=(const Results &) = delete;

  // False, with a word on standard error, if a line could not be written.
  bool Good() const;

  // Makes the file, with its first line; throws if that cannot be. Not before:
  // a run that is refused must not empty an older file. `options` as the file
  // is to name them.
  void Begin(const Spec &spec, const Hello &hello, size_t cases,
             const std::vector<std::string> &options);

  // Answers the path of the transcript, "" if none was worth keeping.
  std::string Add(const Case &one, const CaseResult &result, bool red,
                  const std::string &again);

  // The last line.
  void End(const Tally &tally, double seconds);

  // The folder under /tmp, "" if there is none.
  std::string LooseTranscripts() const;

 private:
  std::string SaveTranscript(const Case &one, const CaseResult &result,
                             bool red);
  void Write(const nlohmann::ordered_json &line);

  std::string file_;
  std::string folder_;
  int fd_ = -1;
  int error_ = 0;
};

}  // namespace conformance
