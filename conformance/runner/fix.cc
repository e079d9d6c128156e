// Rewrites an expectations file; see fix.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/fix.h"

#include <stdio.h>

#include <map>
#include <set>

#include "conformance/runner/text.h"

namespace conformance {

namespace {

std::string Format(const std::string &clause, const std::string &methods,
                   const std::string &kind, const std::string &reason) {
  return clause + "  " + methods + "  " + kind + "  " + reason;
}

bool IsMild(const Case &one) {
  return one.level != "MUST" || one.provisional;
}

// What a line for this failure would say it must say, which is a part of the
// text that it is held against: what was got, up to the detail that may change
// from run to run, or else what was wanted, or else how the text begins.
std::string KindOfFailure(const Outcome &outcome) {
  switch (outcome.way) {
    case Way::kHang: return "hang";
    case Way::kCrash: return "crash";
    case Way::kLeak: return "leak";
    default: break;
  }
  std::string got = outcome.got.substr(0, outcome.got.find(" ("));
  for (const std::string &said : {"got " + got, "want " + outcome.want}) {
    bool usable = said.size() <= 60 && said.find('"') == std::string::npos &&
                  said.back() != ' ';
    if (usable && outcome.text.find(said) != std::string::npos) {
      return "fail:\"" + said + "\"";
    }
  }
  std::string begin =
      outcome.text.substr(0, outcome.text.find_first_of("\"0123456789"));
  return "fail:\"" + Trim(begin.substr(0, begin.rfind(' ', 60))) + "\"";
}

// The lines that replace one line: itself if it fits and all its cases still
// fail as it says, else one for each clause that does.
std::vector<std::string> Replacement(const std::string &written, bool fits,
                                     const Expectations &expectations,
                                     const Expectation &line,
                                     const std::vector<Happened> &happened) {
  std::map<std::string, std::vector<std::string>> kept;  // clause -> labels
  bool all = fits, any = false;
  for (const Happened &h : happened) {
    if (expectations.Find(*h.one) != &line) continue;
    Verdict verdict = FinalOutcome(*h.one, h.outcome, &line).verdict;
    bool stays = verdict != Verdict::kXpass && verdict != Verdict::kFail;
    all = all && stays;
    any = any || stays;
    if (stays) kept[h.one->clause].push_back(h.one->label);
  }
  if (any && all) return {written};
  std::vector<std::string> lines;
  for (const auto &entry : kept) {
    lines.push_back(Format(entry.first + line.range.Text(),
                           Join(entry.second, ","), line.written, line.reason));
  }
  return lines;
}

// True if there is a line, and it says what happened.
bool Covered(const Expectations &expectations, const Happened &h) {
  const Expectation *line = expectations.Find(*h.one);
  if (line == nullptr) return false;
  Verdict verdict = FinalOutcome(*h.one, h.outcome, line).verdict;
  return verdict != Verdict::kXpass && verdict != Verdict::kFail;
}

// Lines for what is new, one for a clause and kind, in the order of the spec.
class Additions {
 public:
  void Add(const std::string &clause, const std::string &kind,
           const std::string &label) {
    std::vector<std::string> *labels = &labels_[{clause, kind}];
    if (labels->empty()) order_.push_back({clause, kind});
    if (!Contains(*labels, label)) labels->push_back(label);
  }
  std::string Text() const {
    std::string out;
    for (const auto &key : order_) {
      out += Format(key.first, Join(labels_.at(key), ","), key.second,
                    "unexplained") +
             "\n";
    }
    return out;
  }

 private:
  using Key = std::pair<std::string, std::string>;
  std::vector<Key> order_;
  std::map<Key, std::vector<std::string>> labels_;
};

// Which lines say what is unsupported: one for a feature of which nothing is
// there, or nothing with some labels, else one for each clause. Two lines for a
// case would be an error.
class Unsupported {
 public:
  Unsupported(const Expectations &expectations,
              const std::vector<Happened> &happened) {
    for (const Happened &h : happened) {
      if (h.one->probe) continue;
      std::string feature = h.one->feature;
      bool there = h.outcome.verdict != Verdict::kUnsupported &&
                   h.outcome.verdict != Verdict::kUntested;
      if (!there && expectations.Find(*h.one) == nullptr) continue;
      present_.insert(feature);
      with_.insert({feature, h.one->label});
    }
  }
  void Add(const Case &one, Additions *out) const {
    std::string feature = "feature:" + one.feature;
    if (!one.probe && present_.count(one.feature) == 0) {
      out->Add(feature, "unsupported", "*");
    } else if (!one.probe && with_.count({one.feature, one.label}) == 0) {
      out->Add(feature, "unsupported", one.label);
    } else {
      out->Add(one.clause, "unsupported", one.label);
    }
  }

 private:
  // Features, and labels of them, that are there or have a line.
  std::set<std::string> present_;
  std::set<std::pair<std::string, std::string>> with_;
};

}  // namespace

std::string FixedText(const std::string &text, const Expectations &expectations,
                      const std::vector<Happened> &happened) {
  std::map<int, const Expectation *> by_line;
  for (const Expectation &line : expectations.lines) by_line[line.line] = &line;
  std::vector<Case> cases;
  for (const Happened &h : happened) cases.push_back(*h.one);
  std::set<int> unfit;
  for (const Problem &problem : CheckFit(expectations, cases)) {
    unfit.insert(problem.place.line);
  }
  std::string out;
  int number = 0;
  for (const std::string &written : SplitLines(text)) {
    auto it = by_line.find(++number);
    if (it == by_line.end()) {
      out += written + "\n";
      continue;
    }
    bool fits = unfit.count(number) == 0;
    for (const std::string &line :
         Replacement(written, fits, expectations, *it->second, happened)) {
      out += line + "\n";
    }
  }
  const Unsupported unsupported(expectations, happened);
  Additions added;
  for (const Happened &h : happened) {
    if (IsMild(*h.one) || Covered(expectations, h)) continue;
    if (h.outcome.verdict == Verdict::kUnsupported) {
      unsupported.Add(*h.one, &added);
    } else if (h.outcome.verdict == Verdict::kFail) {
      added.Add(h.one->clause, KindOfFailure(h.outcome), h.one->label);
    }
  }
  return out + added.Text();
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
