// What changed between two runs; see diff.h.
// SPDX-License-Identifier: MIT
#include "conformance/report/diff.h"

#include <map>

#include "conformance/report/markdown.h"
#include "conformance/runner/text.h"

namespace conformance::report {

namespace {

bool Passes(const Answer &answer) {
  return answer.verdict == Verdict::kPass || answer.verdict == Verdict::kXpass;
}

void Sort(const Change &change, Difference *difference) {
  const Answer &before = *change.before, &after = *change.after;
  if (before.sentence != after.sentence) difference->asked.push_back(change);
  if (Passes(before) && !Passes(after)) {
    difference->worse.push_back(change);
  } else if (!Passes(before) && Passes(after)) {
    difference->better.push_back(change);
  } else if (before.verdict != after.verdict || before.way != after.way ||
             before.step != after.step) {
    difference->otherwise.push_back(change);
  }
}

void List(const std::vector<Change> &changes, const std::string &title,
          std::string *out) {
  if (changes.empty()) return;
  *out += "\n**" + title + ": " + std::to_string(changes.size()) + "**\n\n";
  for (const Change &change : changes) {
    *out += "- " + Code(change.after->Id()) + " " +
            TellVerdict(*change.before) + " → " + TellVerdict(*change.after) +
            ": " + Plain(change.after->sentence) + "\n";
    std::string why = TellWhy(*change.after);
    if (!why.empty()) *out += "  " + why + "\n";
  }
}

void List(const std::vector<const Answer *> &answers, const std::string &title,
          std::string *out) {
  if (answers.empty()) return;
  *out += "\n**" + title + ": " + std::to_string(answers.size()) + "**\n\n";
  std::map<std::string, std::vector<std::string>> by_verdict;
  for (const Answer *answer : answers) {
    by_verdict[VerdictName(answer->verdict)].push_back(Code(answer->Id()));
  }
  for (const auto &entry : by_verdict) {
    *out += "- " + entry.first + ": " + Join(entry.second, ", ") + "\n";
  }
}

std::string Which(const Run &run) {
  return Plain(run.Name() + ", " + run.date);
}

}  // namespace

bool Difference::Empty() const {
  return worse.empty() && better.empty() && otherwise.empty() &&
         asked.empty() && added.empty() && gone.empty();
}

Difference Compare(const Run &before, const Run &after) {
  Difference difference;
  // Whoever claims other profiles is asked other clauses.
  difference.same_spec = before.digest == after.digest ||
                         before.adapter.profiles != after.adapter.profiles;
  std::map<std::string, const Answer *> old;
  for (const Answer &answer : before.answers) old[answer.Id()] = &answer;
  for (const Answer &answer : after.answers) {
    auto it = old.find(answer.Id());
    if (it == old.end()) {
      difference.added.push_back(&answer);
      continue;
    }
    Sort({it->second, &answer}, &difference);
    old.erase(it);
  }
  for (const Answer &answer : before.answers) {
    if (old.count(answer.Id()) > 0) difference.gone.push_back(&answer);
  }
  return difference;
}

std::string TellDifference(const Run &before, const Run &after,
                           const Difference &difference) {
  std::string out = "### From " + Which(before) + " to " + Which(after) + "\n";
  if (!difference.same_spec) {
    out += "\nThe two were judged by different specs: " + Code(before.digest) +
           " and " + Code(after.digest) + ".\n";
  }
  if (!after.summary) out += "\nThe new run was cut short.\n";
  if (difference.Empty()) out += "\nNothing changed.\n";
  List(difference.worse, "No longer pass", &out);
  List(difference.better, "Pass now", &out);
  List(difference.otherwise, "Changed without passing", &out);
  List(difference.asked, "Asked in other words", &out);
  List(difference.added, "Only in the new run", &out);
  List(difference.gone, "Only in the old run", &out);
  return out;
}

}  // namespace conformance::report
