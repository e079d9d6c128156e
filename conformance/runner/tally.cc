// What a run comes to; see tally.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/tally.h"

#include "conformance/runner/text.h"

namespace conformance {

namespace {

// Those that are told of even if nobody claims them.
std::vector<std::string> AllProfiles(const Spec &spec) {
  std::vector<std::string> seen = {"core", "full"};
  for (const Clause &clause : spec.clauses) {
    if (!Contains(seen, clause.profile)) seen.push_back(clause.profile);
  }
  return seen;
}

std::string TellLack(const Conformity &c) {
  if (c.cases == 0) return "its features are none that the spec asks for";
  std::string out = std::to_string(c.failed) + " failed, ";
  if (c.unresolved > 0) out += std::to_string(c.unresolved) + " unresolved, ";
  out += std::to_string(c.unsupported) + " unsupported";
  return out + (c.unexplained == 0 ? ", all as expected" : "");
}

}  // namespace

Tally::Tally(const Spec &spec, const Hello &hello, size_t asked, size_t all)
    : spec_(spec), hello_(hello), asked_(asked), all_(all) {
  for (const std::string &profile : hello.profiles) conformity_[profile] = {};
}

// What one implementation adds, another need not have: beyond core and full,
// only the features that hello lists are demanded.
bool Tally::IsAsked(const Case &one) const {
  bool must = one.level == "MUST" && !one.provisional;
  bool whole = one.profile == "core" || one.profile == "full";
  return must && (whole || Contains(hello_.features, one.feature));
}

void Tally::Add(const Case &one, const Outcome &happened, const Outcome &judged,
                bool red) {
  ran_++;
  if (red) {
    std::string way = WayName(judged.way);
    failures_.push_back(one.Id() + " (" +
                        (way.empty() ? VerdictName(judged.verdict) : way) +
                        ")");
  }
  Count(one, judged);
  auto claimed = conformity_.find(one.profile);
  if (claimed == conformity_.end() || !IsAsked(one)) return;
  if (happened.verdict == Verdict::kUntested) return;
  Conformity *c = &claimed->second;
  c->cases++;
  if (happened.verdict == Verdict::kPass) return;
  switch (happened.verdict) {
    case Verdict::kUnsupported: c->unsupported++; break;
    case Verdict::kUnresolved: c->unresolved++; break;
    default: c->failed++; break;
  }
  if (judged.reason.empty() || red) c->unexplained++;
}

void Tally::Count(const Case &one, const Outcome &judged) {
  // A probe repeats clauses, so it is not counted among them.
  if (one.probe) return;
  Counts &counts = counts_[one.profile];
  counts.all++;
  switch (judged.verdict) {
    case Verdict::kPass: counts.passed++; break;
    case Verdict::kXfail: counts.known++; break;
    case Verdict::kWarning: counts.warned++; break;
    case Verdict::kUnsupported:
      counts.unsupported++;
      reasons_["unsupported: " + judged.text]++;
      break;
    case Verdict::kUntested:
      counts.untested++;
      reasons_["untested: " + judged.text]++;
      break;
    default: break;
  }
}

std::optional<bool> Tally::Conforms(const Conformity &profile) const {
  if (profile.Lacking() > 0) return false;
  if (ran_ < all_) return std::nullopt;
  return profile.cases > 0;  // who was asked nothing has shown nothing
}

bool Tally::Passes(const Selection &selection) const {
  if (!failures_.empty()) return false;
  if (selection.Filtered()) return true;
  for (const auto &profile : conformity_) {
    const Conformity &c = profile.second;
    if (c.unexplained > 0 || (ran_ >= all_ && c.cases == 0)) return false;
  }
  return true;
}

std::string Tally::TellFailures() const {
  if (failures_.empty()) return "";
  std::string out = std::to_string(failures_.size()) + " of " +
                    std::to_string(ran_) + " cases failed:\n";
  for (size_t i = 0; i < failures_.size(); i++) {
    out += "  " + std::to_string(i + 1) + ". " + failures_[i] + "\n";
  }
  return out;
}

std::string Tally::TellRest(bool stopped) const {
  if (ran_ >= asked_) return "";
  return std::to_string(asked_ - ran_) + " of " + std::to_string(asked_) +
         " cases were not run" + (stopped ? " (--max-failures)\n" : "\n");
}

std::string Tally::TellConformity() const {
  std::string out;
  for (const auto &profile : conformity_) {
    const Conformity &c = profile.second;
    std::optional<bool> yes = Conforms(c);
    out += "conforms to " + profile.first + ": ";
    if (!yes) {
      out += "not said of " + std::to_string(ran_) + " of " +
             std::to_string(all_) + " cases\n";
    } else if (*yes) {
      out += "yes\n";
    } else {
      out += "no, " + TellLack(c) + "\n";
    }
  }
  return out;
}

// "core 118/120 (2 known)"
std::string Tally::TellProfile(const std::string &name) const {
  auto it = counts_.find(name);
  if (it == counts_.end()) return name + " 0/0";
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

std::string Tally::TellAbsent() const {
  std::string out;
  for (const auto &reason : reasons_) {
    out += std::to_string(reason.second) + " not run, " + reason.first + "\n";
  }
  for (const char *profile : {"core", "full"}) {
    if (!Contains(hello_.profiles, profile)) continue;
    std::vector<std::string> absent = AbsentFeatures(spec_, hello_, profile);
    if (absent.empty()) continue;
    out +=
        std::string("absent from ") + profile + ": " + Join(absent, " ") + "\n";
  }
  for (const std::string &method : StandardMethods()) {
    if (!Contains(hello_.methods, method)) {
      out += "absent start method: " + method + "\n";
    }
  }
  return out;
}

std::string Tally::Tell(const Selection &selection, bool stopped) const {
  std::vector<std::string> parts;
  if (selection.shards > 1) {
    parts.push_back("shard " + std::to_string(selection.shard) + " of " +
                    std::to_string(selection.shards));
  }
  for (const std::string &profile : AllProfiles(spec_)) {
    bool claimed = Contains(hello_.profiles, profile);
    parts.push_back(claimed ? TellProfile(profile) : profile + " not claimed");
  }
  parts.push_back("spec " + (spec_.version.empty() ? "?" : spec_.version));
  parts.push_back(hello_.name + " " + hello_.version);
  parts.push_back(Join(hello_.methods, " "));
  return TellFailures() + TellRest(stopped) + TellAbsent() + TellConformity() +
         Join(parts, " · ") + "\n";
}

}  // namespace conformance
