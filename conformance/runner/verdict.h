// What became of a case: the verdicts, the ways of failing, and the exception
// that ends a scenario. No policy here; `expect` and `plan` hold that.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace conformance {

enum class Verdict {
  kPass,
  kFail,
  kWarning,      // a SHOULD, a MAY or a provisional clause that fails
  kUnsupported,  // the implementation has no such thing
  kUntested,     // the spec says why there is no scenario
  kUnresolved,   // runner or adapter could not decide: red, nobody's failure
  kXfail,        // fails as its expectation says
  kXpass,        // passes although its expectation says otherwise
};

enum class Way { kNone, kValue, kWrongError, kNoError, kHang, kCrash, kLeak };

const char *VerdictName(Verdict verdict);
const char *WayName(Way way);

struct Outcome {
  Verdict verdict = Verdict::kPass;
  Way way = Way::kNone;
  std::string text;  // one line: why
  std::string want;
  std::string got;
  int line = 0;        // of the step, 0 if none
  std::string reason;  // of the expectation for the case
  std::string step_text;
};

// Thrown to end a scenario early; carries why.
struct Stop {
  Outcome outcome;
};

// What an adapter says comes into an outcome by these alone, and they make it
// Printable.
[[noreturn]] void StopFail(Way way, const std::string &text);
[[noreturn]] void StopCompared(Way way, const std::string &want,
                               const std::string &got);
[[noreturn]] void StopUnresolved(const std::string &text);
[[noreturn]] void StopUnsupported(const std::string &text);

}  // namespace conformance
