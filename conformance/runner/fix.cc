// Rewrites an expectations file; see fix.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/fix.h"

#include <stdio.h>

#include <map>

#include "conformance/runner/text.h"

namespace conformance {

namespace {

std::string KindText(const Expectation &line) {
  if (line.kind != "fail") return line.kind;
  bool blank = line.text.find(' ') != std::string::npos;
  return blank ? "fail:\"" + line.text + "\"" : "fail:" + line.text;
}

std::string Format(const std::string &clause, const std::string &methods,
                   const std::string &kind, const std::string &reason) {
  return clause + "  " + methods + "  " + kind + "  " + reason;
}

bool NeedsLine(const Case &one, const Outcome &outcome) {
  bool mild = one.level != "MUST" || one.provisional;
  return outcome.verdict == Verdict::kFail && !mild;
}

// What a line for this failure would say it must say: what was got, up to the
// detail that may change from run to run.
std::string KindOfFailure(const Outcome &outcome) {
  switch (outcome.way) {
    case Way::kHang: return "hang";
    case Way::kCrash: return "crash";
    case Way::kLeak: return "leak";
    default: break;
  }
  std::string got = "got " + outcome.got.substr(0, outcome.got.find(" ("));
  bool usable = !outcome.got.empty() && got.size() <= 60 &&
                got.find('"') == std::string::npos;
  if (usable) return "fail:\"" + got + "\"";
  bool short_want = outcome.want.size() <= 60 && !outcome.want.empty() &&
                    outcome.want.find('"') == std::string::npos;
  return short_want ? "fail:\"want " + outcome.want + "\"" : "fail:want";
}

// The lines that replace one line: itself if all its cases still fail as it
// says, else one for each clause that does.
std::vector<std::string> Replacement(const std::string &written,
                                     const Expectation &line,
                                     const std::vector<Happened> &happened) {
  std::map<std::string, std::vector<std::string>> kept;  // clause -> labels
  bool all = true, any = false;
  for (const Happened &h : happened) {
    if (!line.Matches(*h.one)) continue;
    Verdict verdict = FinalOutcome(*h.one, h.outcome, &line).verdict;
    bool stays = verdict != Verdict::kXpass && verdict != Verdict::kFail;
    all = all && stays;
    any = any || stays;
    if (stays) kept[h.one->clause].push_back(h.one->label);
  }
  if (any && all) return {written};
  std::vector<std::string> lines;
  for (const auto &entry : kept) {
    lines.push_back(Format(entry.first, Join(entry.second, ","), KindText(line),
                           line.reason));
  }
  return lines;
}

bool Covered(const Expectations &expectations, const Happened &h) {
  const Expectation *line = expectations.Find(*h.one);
  return line != nullptr && FailsAsStated(*line, h.outcome);
}

}  // namespace

std::string FixedText(const std::string &text, const Expectations &expectations,
                      const std::vector<Happened> &happened) {
  std::map<int, const Expectation *> by_line;
  for (const Expectation &line : expectations.lines) by_line[line.line] = &line;
  std::string out;
  int number = 0;
  for (const std::string &written : SplitLines(text)) {
    auto it = by_line.find(++number);
    if (it == by_line.end()) {
      out += written + "\n";
      continue;
    }
    for (const std::string &line :
         Replacement(written, *it->second, happened)) {
      out += line + "\n";
    }
  }
  // Failures that are new, one line for a clause and kind.
  std::vector<std::pair<std::string, std::string>> order;
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> added;
  for (const Happened &h : happened) {
    if (!NeedsLine(*h.one, h.outcome) || Covered(expectations, h)) continue;
    std::pair<std::string, std::string> key = {h.one->clause,
                                               KindOfFailure(h.outcome)};
    if (added[key].empty()) order.push_back(key);
    added[key].push_back(h.one->label);
  }
  for (const auto &key : order) {
    out += Format(key.first, Join(added[key], ","), key.second, "unexplained") +
           "\n";
  }
  return out;
}

bool FixExpectations(const Expectations &expectations,
                     const std::vector<Happened> &happened) {
  std::string before = ReadFile(expectations.file).value_or("");
  std::string after = FixedText(before, expectations, happened);
  std::vector<std::string> old_lines = SplitLines(before);
  std::vector<std::string> new_lines = SplitLines(after);
  for (const std::string &line : old_lines) {
    if (!Contains(new_lines, line)) printf("-%s\n", line.c_str());
  }
  for (const std::string &line : new_lines) {
    if (!Contains(old_lines, line)) printf("+%s\n", line.c_str());
  }
  return after == before || WriteFile(expectations.file, after);
}

}  // namespace conformance
