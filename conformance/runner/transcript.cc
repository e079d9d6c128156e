// The record of one case; see transcript.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/transcript.h"

#include <stdio.h>

#include "conformance/runner/clock.h"
#include "conformance/runner/text.h"

namespace conformance {

namespace {

constexpr size_t kLineLimit = 2000;

}  // namespace

Transcript::Transcript() : start_(Now()) {
}

void Transcript::Add(const std::string &actor, const char *mark,
                     const std::string &text) {
  char head[64];
  snprintf(head, sizeof head, "%3d %8.1f ms  ", ++number_,
           (Now() - start_) * 1000);
  text_ += head + actor + " " + mark + " ";
  text_ += Printable(std::string_view(text).substr(0, kLineLimit));
  if (text.size() > kLineLimit) {
    text_ += " ... (" + std::to_string(text.size()) + " bytes)";
  }
  text_ += "\n";
}

void Transcript::Note(const std::string &text) {
  for (const std::string &line : SplitLines(text)) Add("runner", "--", line);
}

}  // namespace conformance
