// What people read; see report.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/report.h"

#include <stdlib.h>

#include "conformance/runner/text.h"

namespace conformance {

namespace {

constexpr size_t kTailShown = 2500;

void Row(std::string *out, const char *name, const std::string &text) {
  if (text.empty()) return;
  *out += std::string("  ") + name + std::string(12 - strlen(name), ' ') +
          ReplaceAll(text, "\n", "\n              ") + "\n";
}

std::string Profiles(const Spec &spec) {
  std::vector<std::string> seen = {"core", "full"};
  for (const Clause &clause : spec.clauses) {
    if (!Contains(seen, clause.profile)) seen.push_back(clause.profile);
  }
  return Join(seen, " ");
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
  Row(&out, "at", one.place.file + ":" + std::to_string(one.place.line));
  if (outcome.line > 0) {
    Row(&out, "step",
        outcome.step_text + "   (line " + std::to_string(outcome.line) + ")");
  }
  Row(&out, "want", outcome.want);
  Row(&out, "got", outcome.got);
  Row(&out, "because", outcome.text);
  if (!result.transcript.empty()) {
    Row(&out, "transcript", transcript.empty() ? "not kept" : transcript);
    for (const std::string &line :
         SplitLines(Tail(result.transcript, kTailShown))) {
      out += "    | " + line + "\n";
    }
  }
  Row(&out, "again", again);
  return out;
}

void Tally::Add(const Case &one, const Outcome &outcome) {
  // A probe repeats clauses, so it is not counted among them.
  if (one.probe) return;
  Counts &counts = profiles_[one.profile];
  counts.all++;
  switch (outcome.verdict) {
    case Verdict::kPass: counts.passed++; break;
    case Verdict::kXfail: counts.known++; break;
    case Verdict::kWarning: counts.warned++; break;
    case Verdict::kUnsupported:
      counts.unsupported++;
      reasons_["unsupported: " + outcome.text]++;
      break;
    case Verdict::kUntested:
      counts.untested++;
      reasons_["untested: " + outcome.text]++;
      break;
    default: break;
  }
}

// "core 118/120 (2 known)"
std::string Tally::Profile(const std::string &name) const {
  auto it = profiles_.find(name);
  if (it == profiles_.end()) return name + " 0/0";
  const Counts &c = it->second;
  std::string out = name + " " + std::to_string(c.passed) + "/" +
                    std::to_string(c.all - c.untested);
  std::vector<std::string> notes;
  auto note = [&](int count, const char *what) {
    if (count > 0) notes.push_back(std::to_string(count) + " " + what);
  };
  note(c.known, "known");
  note(c.warned, "warned");
  note(c.unsupported, "unsupported");
  note(c.untested, "untested");
  return notes.empty() ? out : out + " (" + Join(notes, ", ") + ")";
}

std::string Tally::Tell(const Spec &spec, const Hello &hello,
                        const std::string &shard) const {
  std::string out;
  for (const auto &reason : reasons_) {
    out += std::to_string(reason.second) + " not run, " + reason.first + "\n";
  }
  for (const char *profile : {"core", "full"}) {
    if (!Contains(hello.profiles, profile)) continue;
    std::vector<std::string> absent = AbsentFeatures(spec, hello, profile);
    if (!absent.empty()) {
      out += std::string("absent from ") + profile + ": " + Join(absent, " ") +
             "\n";
    }
  }
  for (const std::string &method : StandardMethods()) {
    if (!Contains(hello.methods, method)) {
      out += "absent start method: " + method + "\n";
    }
  }
  std::vector<std::string> parts;
  if (!shard.empty()) parts.push_back(shard);
  for (const std::string &profile : SplitWords(Profiles(spec))) {
    bool claimed = Contains(hello.profiles, profile);
    parts.push_back(claimed ? Profile(profile) : profile + " not claimed");
  }
  parts.push_back("spec " + (spec.version.empty() ? "?" : spec.version));
  parts.push_back(hello.name + " " + hello.version);
  parts.push_back(Join(hello.methods, " "));
  return out + Join(parts, " · ") + "\n";
}

std::string ShardName() {
  const char *total = getenv("GTEST_TOTAL_SHARDS");
  const char *index = getenv("GTEST_SHARD_INDEX");
  if (total == nullptr || index == nullptr || atoi(total) < 2) return "";
  return "shard " + std::to_string(atoi(index) + 1) + " of " + total;
}

}  // namespace conformance
