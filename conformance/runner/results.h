// Where results go: results.jsonl, one line for each case, written at once so
// that a crash of the runner loses nothing, and the transcripts beside it.
// SPDX-License-Identifier: MIT
#ifndef BROOD_CONFORMANCE_RUNNER_RESULTS_H_
#define BROOD_CONFORMANCE_RUNNER_RESULTS_H_

#include <string>

#include "conformance/runner/case.h"
#include "conformance/runner/plan.h"
#include "conformance/runner/session.h"

namespace conformance {

class Results {
 public:
  // `file` is that of --results; without it $TEST_UNDECLARED_OUTPUTS_DIR is
  // used; without that there is no results file, and transcripts go to a
  // folder of their own under /tmp that is made for the first of them.
  explicit Results(const std::string &file);
  ~Results();
  Results(const Results &) = delete;
  Results &operator=(const Results &) = delete;

  // False if the file cannot be written.
  bool Good() const;

  // Answers the path of the transcript, "" if none was worth keeping.
  std::string Add(const Case &one, const CaseResult &result, const Hello &hello,
                  const std::string &spec_version);

 private:
  std::string SaveTranscript(const Case &one, const CaseResult &result);

  std::string file_;
  std::string folder_;
  int fd_ = -1;
};

}  // namespace conformance

#endif  // BROOD_CONFORMANCE_RUNNER_RESULTS_H_
