// Which cases there are; see plan.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/plan.h"

#include <algorithm>
#include <optional>

#include "conformance/runner/sha256.h"
#include "conformance/runner/text.h"

namespace conformance {

namespace {

Case CaseOf(const Clause &clause) {
  Case one;
  one.clause = clause.id;
  one.level = clause.level;
  one.profile = clause.profile;
  one.feature = clause.feature;
  one.sentence = clause.sentence;
  one.place = clause.place;
  one.provisional = clause.provisional;
  one.contested = clause.contested;
  one.scenarios = {&clause};
  return one;
}

void Decide(Case *one, Verdict verdict, const std::string &reason) {
  one->decided = verdict;
  one->reason = reason;
}

// A method that the clause is for, but the implementation does not offer, is a
// case as well: nothing is left out quietly.
std::vector<std::string> MethodsOf(const Clause &clause, const Hello &hello) {
  bool each = clause.methods.size() == 1 && clause.methods[0] == "each";
  if (!each) return clause.methods;
  std::vector<std::string> methods = StandardMethods();
  for (const std::string &method : hello.methods) {
    if (!Contains(methods, method)) methods.push_back(method);
  }
  return methods;
}

void AddPairs(const Case &base, const std::string &method, const Hello &hello,
              std::vector<Case> *cases) {
  bool any = false;
  for (const std::string &other : hello.methods) {
    if (other == method) continue;
    Case one = base;
    one.other = other;
    one.label = method + "+" + other;
    cases->push_back(one);
    any = true;
  }
  if (any) return;
  Case one = base;
  Decide(&one, Verdict::kUnsupported, "the clause needs two start methods");
  cases->push_back(one);
}

void AddClause(const Clause &clause, const Hello &hello,
               std::vector<Case> *cases) {
  Case base = CaseOf(clause);
  base.label = "once";
  if (!clause.untested.empty()) {
    Decide(&base, Verdict::kUntested, clause.untested);
    cases->push_back(base);
    return;
  }
  bool listed = Contains(hello.features, clause.feature);
  if (!listed) {
    Decide(&base, Verdict::kUnsupported,
           "the implementation does not list the feature " + clause.feature);
  }
  for (const std::string &method : clause.needs) {
    if (!listed || Contains(hello.methods, method)) continue;
    listed = false;
    Decide(&base, Verdict::kUnsupported,
           "the clause needs the start method " + method);
  }
  if (clause.Once()) {
    cases->push_back(base);
    return;
  }
  for (const std::string &method : MethodsOf(clause, hello)) {
    Case one = base;
    one.method = one.label = method;
    bool offered = Contains(hello.methods, method);
    if (listed && !offered) {
      Decide(&one, Verdict::kUnsupported,
             "the implementation has no start method " + method);
    }
    if (clause.UsesOther() && listed && offered) {
      AddPairs(one, method, hello, cases);
    } else {
      cases->push_back(one);
    }
  }
}

Place PlaceOfFeature(const Spec &spec, const std::string &name,
                     const Place &otherwise) {
  for (const Feature &feature : spec.features) {
    if (feature.name == name) return feature.place;
  }
  return otherwise;
}

// A feature that is listed, but of which every call is missing, is a lie that
// no clause would show.
void AddProbe(const Spec &spec, const Hello &hello, const std::string &feature,
              std::vector<Case> *cases) {
  Case probe;
  probe.clause = "hello.feature." + feature;
  probe.label = "once";
  probe.level = "MUST";
  probe.feature = feature;
  probe.sentence = "A feature that hello lists MUST exist: " + feature + ".";
  probe.probe = true;
  for (const Clause &clause : spec.clauses) {
    if (clause.feature != feature || clause.steps.empty()) continue;
    if (!Contains(hello.profiles, clause.profile)) continue;
    probe.scenarios.push_back(&clause);
    probe.profile = clause.profile;
  }
  if (probe.scenarios.empty()) return;
  probe.place = PlaceOfFeature(spec, feature, probe.scenarios[0]->place);
  cases->push_back(probe);
}

// How many letters must change to turn one word into the other.
size_t Distance(const std::string &a, const std::string &b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j < row.size(); j++) row[j] = j;
  for (size_t i = 1; i <= a.size(); i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j < row.size(); j++) {
      size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

std::string UnknownIn(const char *key, const std::vector<std::string> &words,
                      const std::vector<std::string> &known) {
  for (const std::string &word : words) {
    if (Contains(known, word)) continue;
    std::string nearest = known[0];
    for (const std::string &one : known) {
      if (Distance(word, one) < Distance(word, nearest)) nearest = one;
    }
    return std::string("hello: \"") + key + "\" names \"" + word +
           "\", which the spec does not know; the nearest is \"" + nearest +
           "\"";
  }
  return "";
}

// The case of a clause whose name has the least digest, among those that can
// run: which that is depends on no other clause, and two implementations with
// the same methods get the same ones.
std::vector<Case> Thin(const std::vector<Case> &cases) {
  std::vector<Case> chosen;
  std::string least;
  for (const Case &one : cases) {
    std::string rank =
        (one.decided == Verdict::kPass ? "0" : "1") + Sha256(one.Id());
    bool first = chosen.empty() || chosen.back().clause != one.clause;
    if (!first && rank > least) continue;
    if (!first) chosen.pop_back();
    chosen.push_back(one);
    least = rank;
  }
  return chosen;
}

}  // namespace

const std::vector<std::string> &StandardMethods() {
  static const std::vector<std::string> methods = {"fork", "spawn",
                                                   "forkserver"};
  return methods;
}

std::string UnknownName(const Spec &spec, const Hello &hello) {
  std::vector<std::string> profiles = {"core", "full", "python", "billiard",
                                       "brood"};
  std::vector<std::string> features;
  for (const Clause &clause : spec.clauses) {
    profiles.push_back(clause.profile);
    features.push_back(clause.feature);
  }
  std::string wrong = UnknownIn("profiles", hello.profiles, profiles);
  // Chapters without features.txt name no feature beyond their own.
  if (!wrong.empty() || spec.features.empty()) return wrong;
  for (const Feature &one : spec.features) features.push_back(one.name);
  return UnknownIn("features", hello.features, features);
}

std::vector<Case> MakePlan(const Spec &spec, const Hello &hello) {
  std::vector<Case> cases;
  for (const Clause &clause : spec.clauses) {
    if (Contains(hello.profiles, clause.profile)) {
      AddClause(clause, hello, &cases);
    }
  }
  for (const std::string &feature : hello.features) {
    AddProbe(spec, hello, feature, &cases);
  }
  return cases;
}

std::vector<std::string> Selection::Words() const {
  std::vector<std::string> words;
  if (sparse) words.push_back("--sparse");
  if (!filter.empty()) words.push_back("--filter=" + filter);
  if (!gtest_filter.empty()) words.push_back("--gtest_filter=" + gtest_filter);
  if (shards > 1) {
    words.push_back("--shard=" + std::to_string(shard) + "/" +
                    std::to_string(shards));
  }
  return words;
}

bool Selection::Take(const std::string &option) {
  size_t equals = option.find('=');
  std::string name = option.substr(0, equals);
  std::string value =
      equals == std::string::npos ? "" : option.substr(equals + 1);
  if (option == "--sparse") {
    sparse = true;
  } else if (name == "--filter") {
    filter = value;
  } else if (name == "--gtest_filter") {
    gtest_filter = value;
  } else if (name == "--shard") {
    std::vector<std::string> parts = SplitAt(value, '/');
    std::optional<size_t> i = ReadCount(parts[0]);
    std::optional<size_t> n = ReadCount(parts.back());
    if (parts.size() != 2 || !i || !n || *i < 1 || *i > *n) return false;
    shard = *i;
    shards = *n;
  } else {
    return false;
  }
  return true;
}

std::vector<Case> Selection::Choose(const std::vector<Case> &cases) const {
  std::vector<Case> chosen = cases;
  if (sparse && !Filtered()) chosen = Thin(cases);
  std::vector<Case> kept;
  size_t turn = 0;
  for (const Case &one : chosen) {
    bool wanted = FilterMatches(filter, {one.Id(), one.clause}) &&
                  FilterMatches(gtest_filter, {one.Id(), one.clause});
    if (wanted && turn++ % shards == shard - 1) kept.push_back(one);
  }
  return kept;
}

std::vector<std::string> AbsentFeatures(const Spec &spec, const Hello &hello,
                                        const std::string &profile) {
  std::vector<std::string> absent;
  for (const Feature &feature : spec.features) {
    if (feature.profile == profile && !Contains(hello.features, feature.name)) {
      absent.push_back(feature.name);
    }
  }
  return absent;
}

}  // namespace conformance
