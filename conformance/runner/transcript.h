// The record of one case: every request and reply with its actor and time, and
// whatever the runner noticed. Kept in memory; written when a case is not
// passed (or always, if a folder is given and asked for).
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace conformance {

class Transcript {
 public:
  Transcript();

  // `mark` is "->" for what is sent, "<-" for what is received, "--" for what
  // is noticed.
  void Add(const std::string &actor, const char *mark, const std::string &text);
  void Note(const std::string &text);

  const std::string &Text() const {
    return text_;
  }

 private:
  double start_;
  int number_ = 0;
  std::string text_;
};

}  // namespace conformance
