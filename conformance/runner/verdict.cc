// Names of verdicts and the exceptions that end a scenario; see verdict.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/verdict.h"

#include "conformance/runner/text.h"

namespace conformance {

const char *VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass: return "PASS";
    case Verdict::kFail: return "FAIL";
    case Verdict::kWarning: return "WARNING";
    case Verdict::kUnsupported: return "UNSUPPORTED";
    case Verdict::kUntested: return "UNTESTED";
    case Verdict::kUnresolved: return "UNRESOLVED";
    case Verdict::kXfail: return "XFAIL";
    case Verdict::kXpass: return "XPASS";
  }
  return "?";
}

const char *WayName(Way way) {
  switch (way) {
    case Way::kNone: return "";
    case Way::kValue: return "value";
    case Way::kWrongError: return "wrong error";
    case Way::kNoError: return "no error";
    case Way::kHang: return "hang";
    case Way::kCrash: return "crash";
    case Way::kLeak: return "leak";
  }
  return "?";
}

namespace {

[[noreturn]] void StopWith(Verdict verdict, Way way, const std::string &text) {
  Stop stop;
  stop.outcome.verdict = verdict;
  stop.outcome.way = way;
  stop.outcome.text = Printable(text);
  throw stop;
}

}  // namespace

void StopFail(Way way, const std::string &text) {
  StopWith(Verdict::kFail, way, text);
}

void StopCompared(Way way, const std::string &want, const std::string &got) {
  Stop stop;
  stop.outcome.verdict = Verdict::kFail;
  stop.outcome.way = way;
  stop.outcome.want = Printable(want);
  stop.outcome.got = Printable(got);
  stop.outcome.text = "want " + stop.outcome.want + ", got " + stop.outcome.got;
  throw stop;
}

void StopUnresolved(const std::string &text) {
  StopWith(Verdict::kUnresolved, Way::kNone, text);
}

void StopUnsupported(const std::string &text) {
  StopWith(Verdict::kUnsupported, Way::kNone, text);
}

}  // namespace conformance
