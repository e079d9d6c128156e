// Known failures and their reasons; see expect.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/expect.h"

#include <ctype.h>
#include <stdlib.h>

#include <algorithm>

#include "conformance/runner/text.h"

namespace conformance {

namespace {

constexpr size_t kWildcardLimit = 20;
constexpr char kFeature[] = "feature:";

// Columns are parted by blanks; the kind alone may hold single blanks, so it
// ends at two of them, at a tab, or at the quote that closes its text.
class Columns {
 public:
  explicit Columns(const std::string &line) : line_(line) {
  }

  std::string Word() {
    Skip();
    size_t begin = at_;
    while (at_ < line_.size() && !isspace(Byte(at_))) at_++;
    return line_.substr(begin, at_ - begin);
  }

  std::string Kind() {
    Skip();
    size_t begin = at_;
    size_t text = line_.find_first_not_of(' ', line_.find(':', begin) + 1);
    bool opened = text != std::string::npos && line_[text] == '"';
    bool quoted = false;
    while (at_ < line_.size()) {
      if (line_[at_] == '"') quoted = !quoted;
      if (!quoted && isspace(Byte(at_)) && Gap(opened)) break;
      at_++;
    }
    return line_.substr(begin, at_ - begin);
  }

  std::string Rest() {
    return Trim(line_.substr(at_));
  }

 private:
  int Byte(size_t i) const {
    return static_cast<unsigned char>(line_[i]);
  }
  void Skip() {
    while (at_ < line_.size() && isspace(Byte(at_))) at_++;
  }
  bool Gap(bool opened) const {
    bool closed = opened && line_[at_ - 1] == '"';
    bool wide = at_ + 1 < line_.size() && isspace(Byte(at_ + 1));
    return closed || wide || line_[at_] == '\t';
  }

  std::string line_;
  size_t at_ = 0;
};

std::string ReadKind(const std::string &written, Expectation *out) {
  size_t colon = written.find(':');
  out->kind = written.substr(0, colon);
  if (colon != std::string::npos) {
    out->text = Trim(written.substr(colon + 1));
    bool quoted =
        out->text.size() >= 2 && out->text[0] == '"' && out->text.back() == '"';
    if (quoted) out->text = out->text.substr(1, out->text.size() - 2);
  }
  if (out->kind == "flaky") {
    return "flaky is not an expectation: a case passes or it fails";
  }
  if (out->kind == "fail") {
    return out->text.empty() ? "fail needs what the failure must say: "
                               "fail:TEXT"
                             : "";
  }
  if (!Contains({"crash", "hang", "leak", "unsupported"}, out->kind)) {
    return "the kind is fail:TEXT, crash, hang, leak or unsupported, not '" +
           written + "'";
  }
  return colon == std::string::npos ? "" : out->kind + " takes no text";
}

// CLAUSE, CLAUSE[3.13..], CLAUSE(25) or CLAUSE[3.13..](25)
std::string ReadClause(const std::string &written, Expectation *out) {
  std::string rest = written;
  size_t paren = rest.find('(');
  if (paren != std::string::npos) {
    std::string count = rest.substr(paren + 1, rest.size() - paren - 2);
    out->cases = static_cast<size_t>(atoi(count.c_str()));
    if (rest.back() != ')' || out->cases == 0 || count.size() > 5 ||
        count.find_first_not_of("0123456789") != std::string::npos) {
      return "after a clause, (N) says how many cases there are, not '" +
             rest.substr(paren) + "'";
    }
    rest.resize(paren);
  }
  size_t bracket = std::min(rest.find('['), rest.size());
  out->clause = rest.substr(0, bracket);
  if (out->range.Read(rest.substr(bracket))) return "";
  return "a range of versions is [3.13..], [..4.2] or [3.11..3.13], not '" +
         rest.substr(bracket) + "'";
}

void ReadLine(const std::string &line, int number, Expectations *out) {
  Columns columns(line);
  Expectation one;
  one.line = number;
  std::string wrong = ReadClause(columns.Word(), &one);
  one.methods = columns.Word();
  one.written = columns.Kind();
  std::string wrong_kind = ReadKind(one.written, &one);
  if (wrong.empty()) wrong = wrong_kind;
  one.reason = columns.Rest();
  if (wrong.empty() && one.reason.empty()) {
    wrong = "the reason is missing (columns are parted by two blanks)";
  }
  if (wrong.empty()) {
    out->lines.push_back(one);
  } else {
    out->problems.push_back({{out->file, number}, wrong + ": " + line});
  }
}

bool HasWildcard(const Expectation &line) {
  return line.clause.find_first_of("*?") != std::string::npos;
}

// The labels of a line of which there is no case.
std::vector<std::string> IdleLabels(const Expectation &line,
                                    const std::vector<Case> &cases) {
  std::vector<std::string> idle;
  for (const std::string &label : SplitAt(line.methods, ',')) {
    Expectation part = line;
    part.methods = label;
    bool matches =
        std::any_of(cases.begin(), cases.end(),
                    [&](const Case &one) { return part.Matches(one); });
    if (!matches) idle.push_back(label);
  }
  return idle;
}

// Says what is wrong with the number of cases that a line takes in; "" if it is
// right. A line for what is unsupported has one reason, and hides no failure.
std::string WrongCount(const Expectation &line, size_t matched) {
  std::string count = std::to_string(matched);
  if (line.cases != 0 && line.cases != matched) {
    return "says that it takes in " + std::to_string(line.cases) +
           " cases, and takes in " + count;
  }
  bool bounded = HasWildcard(line) && line.kind != "unsupported";
  if (!bounded || line.cases != 0 || matched <= kWildcardLimit) return "";
  return "one wildcard for " + count + " cases; for more than " +
         std::to_string(kWildcardLimit) + " it must say so: " + line.clause +
         line.range.Text() + "(" + count + ")";
}

}  // namespace

bool Expectation::MatchesClause(const std::string &id,
                                const std::string &feature) const {
  if (StartsWith(clause, kFeature)) {
    return feature == clause.substr(sizeof kFeature - 1);
  }
  return Glob(clause, id);
}

bool Expectation::Matches(const Case &one) const {
  // The probe of a feature is about what hello lists.
  if (one.probe && StartsWith(clause, kFeature)) return false;
  if (!MatchesClause(one.clause, one.feature)) return false;
  for (const std::string &method : SplitAt(methods, ',')) {
    if (Glob(method, one.label)) return true;
  }
  return false;
}

const Expectation *Expectations::Find(const Case &one) const {
  for (const Expectation &line : lines) {
    if (line.Matches(one)) return &line;
  }
  return nullptr;
}

Expectations ParseExpectations(const std::string &file,
                               const std::string &text) {
  Expectations out;
  out.file = file;
  int number = 0;
  for (const std::string &line : SplitLines(text)) {
    number++;
    std::string trimmed = Trim(line);
    if (!trimmed.empty() && trimmed[0] != '#') ReadLine(line, number, &out);
  }
  return out;
}

void KeepVersion(const std::string &version, Expectations *expectations) {
  bool known = !VersionNumbers(version).empty();
  std::vector<Expectation> kept;
  for (const Expectation &line : expectations->lines) {
    if (line.range.Text().empty() || (known && line.range.Holds(version))) {
      kept.push_back(line);
    } else if (!known) {
      expectations->problems.push_back({{expectations->file, line.line},
                                        "the version '" + version +
                                            "' has no number to be in " +
                                            line.range.Text()});
    }
  }
  expectations->lines = kept;
}

std::vector<Problem> CheckReasons(const Expectations &expectations) {
  std::vector<Problem> problems;
  for (const Expectation &line : expectations.lines) {
    if (line.reason != "unexplained") continue;
    problems.push_back({{expectations.file, line.line},
                        "'unexplained' is no reason: say why " + line.clause +
                            " is expected"});
  }
  return problems;
}

std::vector<Problem> CheckFit(const Expectations &expectations,
                              const std::vector<Case> &cases) {
  std::vector<Problem> problems;
  auto complain = [&](int line, const std::string &text) {
    problems.push_back({{expectations.file, line}, text});
  };
  for (const Expectation &line : expectations.lines) {
    size_t matched = 0;
    for (const Case &one : cases) {
      if (!line.Matches(one)) continue;
      matched++;
      const Expectation *first = expectations.Find(one);
      if (first != &line) {
        complain(line.line, "a second line for " + one.Id() +
                                "; the first is line " +
                                std::to_string(first->line));
      }
    }
    std::string wrong = WrongCount(line, matched);
    if (!wrong.empty()) complain(line.line, wrong);
    for (const std::string &label : IdleLabels(line, cases)) {
      complain(line.line, "matches no case: " + line.clause + " " + label);
    }
  }
  return problems;
}

std::vector<Problem> CheckExpectations(const Expectations &expectations,
                                       const std::vector<Case> &cases,
                                       const std::string &implementation) {
  std::vector<Problem> problems = CheckReasons(expectations);
  if (implementation == kReference) {
    problems.push_back(
        {{expectations.file, 0},
         "the reference implementation has no expectations, ever"});
  }
  for (const Problem &problem : CheckFit(expectations, cases)) {
    problems.push_back(problem);
  }
  return problems;
}

bool FailsAsStated(const Expectation &expectation, const Outcome &happened) {
  switch (happened.way) {
    case Way::kHang: return expectation.kind == "hang";
    case Way::kCrash: return expectation.kind == "crash";
    case Way::kLeak: return expectation.kind == "leak";
    default:
      return expectation.kind == "fail" &&
             happened.text.find(expectation.text) != std::string::npos;
  }
}

Outcome FinalOutcome(const Case &one, const Outcome &happened,
                     const Expectation *expectation) {
  Outcome out = happened;
  if (happened.verdict == Verdict::kUnresolved) return out;
  if (expectation == nullptr) {
    bool mild = one.level != "MUST" || one.provisional;
    if (out.verdict == Verdict::kFail && mild) out.verdict = Verdict::kWarning;
    return out;
  }
  out.reason = expectation->reason;
  std::string line =
      "line " + std::to_string(expectation->line) + " of the expectations";
  bool unsupported = expectation->kind == "unsupported";
  bool untested = happened.verdict == Verdict::kUntested;
  if (unsupported && (happened.verdict == Verdict::kUnsupported || untested)) {
    return out;
  }
  if (happened.verdict != Verdict::kFail) {
    out.verdict = Verdict::kXpass;
    out.text = line + " says that it " +
               (unsupported ? "is unsupported" : "fails") +
               ", but its verdict is " + VerdictName(happened.verdict) +
               (happened.text.empty() ? "" : " (" + happened.text + ")");
  } else if (FailsAsStated(*expectation, happened)) {
    out.verdict = Verdict::kXfail;
  } else {
    std::string stated = expectation->kind == "fail"
                             ? "fail:" + expectation->text
                             : expectation->kind;
    out.text += " (fails differently than " + line + " states: " + stated + ")";
  }
  return out;
}

bool IsRed(const Case &one, Verdict verdict, bool strict) {
  switch (verdict) {
    case Verdict::kFail:
    case Verdict::kUnresolved:
    case Verdict::kXpass: return true;
    case Verdict::kWarning: return strict && !one.provisional;
    default: return false;
  }
}

}  // namespace conformance
