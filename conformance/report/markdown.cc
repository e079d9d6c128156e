// Results as Markdown; see markdown.h.
// SPDX-License-Identifier: MIT
#include "conformance/report/markdown.h"

#include <vector>

#include "conformance/runner/text.h"

namespace conformance::report {

namespace {

// A summary page of a CI job takes a megabyte, and a reader less.
constexpr size_t kMostFailures = 50;

int Count(const Standing &standing, std::initializer_list<Verdict> verdicts) {
  int count = 0;
  for (Verdict verdict : verdicts) {
    auto it = standing.counts.find(verdict);
    if (it != standing.counts.end()) count += it->second;
  }
  return count;
}

void AddRow(const std::vector<std::string> &cells, std::string *out) {
  *out += "| " + Join(cells, " | ") + " |\n";
}

void AddTable(const Matrix &matrix, std::string *out) {
  AddRow({"implementation", "core", "full", "pass", "fail", "unresolved",
          "unsupported", "not run", "date"},
         out);
  *out += "|---|---|---|---:|---:|---:|---:|---:|---|\n";
  for (size_t i = 0; i < matrix.runs.size(); i++) {
    const Run &run = matrix.runs[i];
    const Standing &standing = matrix.standings[i];
    auto count = [&](std::initializer_list<Verdict> verdicts) {
      return std::to_string(Count(standing, verdicts));
    };
    AddRow({Plain(run.Name()), TellClaim(run, standing, "core"),
            TellClaim(run, standing, "full"),
            count({Verdict::kPass, Verdict::kXpass}),
            count({Verdict::kFail, Verdict::kXfail, Verdict::kWarning}),
            count({Verdict::kUnresolved}),
            count({Verdict::kUnsupported, Verdict::kUntested}),
            std::to_string(standing.not_run), Plain(run.date.substr(0, 10))},
           out);
  }
  for (size_t i = 0; i < matrix.runs.size(); i++) {
    if (matrix.standings[i].partial.empty()) continue;
    std::vector<std::string> why;
    for (const std::string &one : matrix.standings[i].partial) {
      why.push_back(Plain(one));
    }
    *out += "\n" + Plain(matrix.runs[i].Name()) +
            " is a partial run: " + Join(why, "; ") + ".\n";
  }
}

// "3 cases fail, 1 case is unresolved"
std::string TellCounts(const std::vector<const Answer *> &failures) {
  size_t failed = 0;
  for (const Answer *answer : failures) failed += Fails(answer->verdict);
  size_t unresolved = failures.size() - failed;
  std::vector<std::string> parts;
  if (failed > 0) {
    parts.push_back(std::to_string(failed) +
                    (failed == 1 ? " case fails" : " cases fail"));
  }
  if (unresolved > 0) {
    parts.push_back(
        std::to_string(unresolved) +
        (unresolved == 1 ? " case is unresolved" : " cases are unresolved"));
  }
  return Join(parts, ", ");
}

void AddFailures(const Run &run, std::string *out) {
  std::vector<const Answer *> failures;
  for (const Answer &answer : run.answers) {
    bool unresolved = answer.verdict == Verdict::kUnresolved;
    if (unresolved || Fails(answer.verdict)) failures.push_back(&answer);
  }
  if (failures.empty()) return;
  *out += "\n### " + Plain(run.Name()) + ": " + TellCounts(failures) + "\n\n";
  for (size_t i = 0; i < failures.size() && i < kMostFailures; i++) {
    const Answer &answer = *failures[i];
    *out += "- " + Code(answer.Id()) + " " + TellVerdict(answer) + ": " +
            Plain(answer.sentence) + "  \n  " + TellWhy(answer) + "  \n  " +
            Code(answer.again) + "\n";
  }
  if (failures.size() > kMostFailures) {
    *out +=
        "- and " + std::to_string(failures.size() - kMostFailures) + " more\n";
  }
}

}  // namespace

std::string Code(const std::string &text) {
  // Longer fences would do for backticks, but not in every renderer.
  return "`" + ReplaceAll(Printable(text), "`", "'") + "`";
}

std::string Plain(const std::string &text) {
  std::string out;
  for (char c : Printable(text)) {
    if (std::string("\\`*_[]<>|~&#").find(c) != std::string::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string TellVerdict(const Answer &answer) {
  std::string out = VerdictName(answer.verdict);
  if (!answer.way.empty()) out += " (" + Plain(answer.way) + ")";
  if (answer.of > 0) {
    out += " " + std::to_string(answer.failed) + " of " +
           std::to_string(answer.of) + " times";
  }
  return out;
}

std::string TellWhy(const Answer &answer) {
  std::vector<std::string> parts;
  if (!answer.step.empty()) parts.push_back("at " + Code(answer.step));
  if (!answer.want.empty()) parts.push_back("want " + Code(answer.want));
  if (!answer.got.empty()) parts.push_back("got " + Code(answer.got));
  if (!answer.text.empty()) parts.push_back(Plain(answer.text));
  std::string out = Join(parts, ", ");
  if (!answer.reason.empty()) {
    out +=
        std::string(out.empty() ? "" : ". ") + "Known: " + Plain(answer.reason);
  }
  return out;
}

std::string MakeMarkdown(const Matrix &matrix) {
  std::string out =
      "## Conformance, spec " + Plain(matrix.spec->version) + "\n\n";
  AddTable(matrix, &out);
  for (const Run &run : matrix.runs) AddFailures(run, &out);
  return out;
}

}  // namespace conformance::report
