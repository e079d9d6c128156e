// What people read; see report.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/report.h"

#include <string.h>

#include "conformance/runner/text.h"

namespace conformance {

namespace {

constexpr size_t kTailShown = 2500;

void Row(std::string *out, const char *name, const std::string &text) {
  if (text.empty()) return;
  *out += std::string("  ") + name + std::string(12 - strlen(name), ' ') +
          ReplaceAll(text, "\n", "\n              ") + "\n";
}

}  // namespace

std::string TellFailure(const Case &one, const CaseResult &result,
                        const std::string &transcript,
                        const std::string &again) {
  const Outcome &outcome = result.outcome;
  std::string way = WayName(outcome.way);
  std::string out = std::string(VerdictName(outcome.verdict)) + " " + one.Id() +
                    (way.empty() ? "" : " (" + way + ")") + "\n";
  Row(&out, "spec", one.sentence);
  Row(&out, "contested", one.contested);
  Row(&out, "at", one.place.file + ":" + std::to_string(one.place.line));
  if (outcome.line > 0) {
    Row(&out, "step",
        outcome.step_text + "   (line " + std::to_string(outcome.line) + ")");
  }
  Row(&out, "want", outcome.want);
  Row(&out, "got", outcome.got);
  Row(&out, "because", outcome.text);
  if (!result.transcript.empty()) {
    Row(&out, "transcript",
        transcript.empty() ? "in the folder that the end names" : transcript);
    for (const std::string &line :
         SplitLines(Tail(result.transcript, kTailShown))) {
      out += "    | " + line + "\n";
    }
  }
  Row(&out, "again", again);
  return out;
}

}  // namespace conformance
