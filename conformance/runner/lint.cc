// The rules for each clause by itself; see lint.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/lint.h"

#include <ctype.h>

#include <algorithm>
#include <map>
#include <set>

#include "conformance/runner/expect.h"
#include "conformance/runner/mustpass.h"
#include "conformance/runner/text.h"

namespace conformance {

namespace {

constexpr size_t kStepLimit = 30;
constexpr size_t kAgentLimit = 4;
constexpr size_t kSentenceLimit = 160;
const std::vector<std::string> kMethods = {"fork", "spawn", "forkserver"};

class ClauseLinter {
 public:
  ClauseLinter(const Spec &spec, const Clause &clause,
               std::vector<Problem> *problems)
      : spec_(spec), clause_(clause), problems_(problems) {
  }

  void Run() {
    Id();
    Metadata();
    Methods();
    Sentence();
    Scenario();
  }

 private:
  void Complain(const std::string &text) {
    problems_->push_back({clause_.place, clause_.id + ": " + text});
  }
  void Id();
  void Metadata();
  void Methods();
  void Needs();
  void Sentence();
  void Scenario();

  const Spec &spec_;
  const Clause &clause_;
  std::vector<Problem> *problems_;
};

// Words of lower-case letters, digits and inner hyphens, at least two, with
// dots between them.
bool IsGoodId(const std::string &id) {
  std::vector<std::string> words = SplitAt(id, '.');
  for (const std::string &word : words) {
    if (word.empty() || word[0] == '-' || word.back() == '-') return false;
    for (char c : word) {
      bool good = islower(static_cast<unsigned char>(c)) ||
                  isdigit(static_cast<unsigned char>(c)) || c == '-';
      if (!good) return false;
    }
  }
  return words.size() >= 2;
}

void ClauseLinter::Id() {
  if (!IsGoodId(clause_.id)) {
    Complain("an id is lower-case words with dots between them");
  }
  if (Contains(spec_.retired, clause_.id)) Complain("a retired id");
  if (spec_.Find(clause_.id) != &clause_) {
    Complain("an id that an earlier clause has");
  }
}

bool IsVersion(const std::string &text) {
  if (SplitAt(text, '.').size() != 2) return false;
  for (char c : text) {
    if (c != '.' && !isdigit(static_cast<unsigned char>(c))) return false;
  }
  return text.front() != '.' && text.back() != '.';
}

void ClauseLinter::Metadata() {
  if (!Contains({"MUST", "SHOULD", "MAY"}, clause_.level)) {
    Complain("the level is MUST, SHOULD or MAY");
  }
  if (!Contains({"core", "full", "python", "billiard", "brood"},
                clause_.profile)) {
    Complain("no profile is called '" + clause_.profile + "'");
  }
  if (!spec_.HasFeature(clause_.feature)) {
    Complain("the feature '" + clause_.feature +
             "' belongs to no profile (features.txt)");
  }
  if (!IsVersion(clause_.since)) Complain("'since' names a version like 1.0");
  if (IsLater(clause_.since, spec_.version)) {
    Complain("since " + clause_.since + ", but VERSION is " + spec_.version);
  }
  if (clause_.source.empty()) Complain("the Source is missing");
}

void ClauseLinter::Methods() {
  bool each = clause_.methods == std::vector<std::string>{"each"};
  for (const std::string &method : clause_.methods) {
    if (each || clause_.Once()) continue;
    if (!Contains(kMethods, method)) {
      Complain("methods are 'each', 'once' or start methods, not '" + method +
               "'");
    }
  }
  if (clause_.methods.empty()) Complain("the methods are missing");
  Needs();
  const std::vector<std::string> &offered = each ? kMethods : clause_.methods;
  for (const Step &step : clause_.steps) {
    for (const std::string &method : step.guard) {
      if (!Contains(offered, method)) {
        Complain("the clause has no case for the guard [" + method + "]");
      }
    }
    bool varies = step.text.find("$method") != std::string::npos ||
                  step.text.find("$other") != std::string::npos;
    if (clause_.Once() && varies) {
      Complain("$method and $other have no meaning in a clause that is 'once'");
    }
  }
}

// Every text in a value, in lists as well.
void CollectTexts(const Json &value, std::set<std::string> *texts) {
  if (value.is_string()) texts->insert(value.get<std::string>());
  if (!value.is_array()) return;
  for (const Json &item : value) CollectTexts(item, texts);
}

// An implementation without a method is not judged by a clause that uses it:
// the header has to say so. What a scenario compares with it does not use.
void ClauseLinter::Needs() {
  std::set<std::string> named;
  for (const Step &step : clause_.steps) {
    for (const Json &arg : step.args) CollectTexts(arg, &named);
    for (const auto &entry : step.named) CollectTexts(entry.second, &named);
  }
  for (const std::string &method : kMethods) {
    bool needed = Contains(clause_.needs, method);
    bool implied = clause_.methods == std::vector<std::string>{method};
    if (named.count(method) != 0 && !needed && !implied) {
      Complain("the header does not say that it needs " + method);
    }
    if (needed && (named.count(method) == 0 || implied)) {
      Complain("it does not need " + method + " besides");
    }
  }
  for (const std::string &method : clause_.needs) {
    if (!Contains(kMethods, method)) {
      Complain("it needs '" + method + "', which is no start method");
    }
  }
}

size_t CountCharacters(const std::string &text) {
  size_t count = 0;
  for (char c : text) {
    if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) count++;
  }
  return count;
}

bool HoldsWord(const std::string &sentence, const std::string &word) {
  for (std::string one : SplitWords(sentence)) {
    while (!one.empty() && ispunct(static_cast<unsigned char>(one.back()))) {
      one.pop_back();
    }
    if (one == word) return true;
  }
  return false;
}

void ClauseLinter::Sentence() {
  const std::string &sentence = clause_.sentence;
  if (sentence.empty()) {
    Complain("the sentence is missing");
    return;
  }
  if (!HoldsWord(sentence, clause_.level)) {
    Complain("the sentence lacks its keyword " + clause_.level);
  }
  size_t length = CountCharacters(sentence);
  if (length > kSentenceLimit) {
    Complain("the sentence has " + std::to_string(length) +
             " characters; at most " + std::to_string(kSentenceLimit));
  }
  if (sentence.back() != '.') Complain("the sentence does not end in a stop");
  std::string lower = sentence;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return tolower(c); });
  if (lower.find("should be able to") != std::string::npos) {
    Complain("'should be able to' says nothing that can be tested");
  }
}

void ClauseLinter::Scenario() {
  if (clause_.steps.empty() && clause_.untested.empty()) {
    Complain("neither a scenario nor an 'untested:' reason");
  }
  if (!clause_.steps.empty() && !clause_.untested.empty()) {
    Complain("a scenario and an 'untested:' reason");
  }
  if (clause_.steps.size() > kStepLimit) {
    Complain(std::to_string(clause_.steps.size()) + " steps; at most " +
             std::to_string(kStepLimit));
  }
  size_t agents = static_cast<size_t>(
      std::count_if(clause_.steps.begin(), clause_.steps.end(),
                    [](const Step &s) { return s.kind == StepKind::kAgent; }));
  if (agents > kAgentLimit) {
    Complain(std::to_string(agents) + " agents; at most " +
             std::to_string(kAgentLimit));
  }
}

}  // namespace

std::vector<Problem> LintClauses(const Spec &spec) {
  std::vector<Problem> problems = spec.problems;
  if (!IsVersion(spec.version)) {
    problems.push_back({{"VERSION", 1}, "names no version like 1.0"});
  }
  for (const Clause &clause : spec.clauses) {
    ClauseLinter(spec, clause, &problems).Run();
  }
  for (const Feature &feature : spec.features) {
    bool used =
        std::any_of(spec.clauses.begin(), spec.clauses.end(),
                    [&](const Clause &c) { return c.feature == feature.name; });
    if (!used) {
      problems.push_back(
          {feature.place, "no clause is about the feature " + feature.name});
    }
  }
  return problems;
}

std::vector<Problem> LintExpectations(const Spec &spec, const std::string &file,
                                      const std::string &text) {
  Expectations expectations = ParseExpectations(file, text);
  std::vector<Problem> problems = expectations.problems;
  for (const Problem &problem : CheckReasons(expectations)) {
    problems.push_back(problem);
  }
  for (const Expectation &line : expectations.lines) {
    bool found = std::any_of(
        spec.clauses.begin(), spec.clauses.end(),
        [&](const Clause &c) { return line.MatchesClause(c.id, c.feature); });
    if (!found) {
      problems.push_back(
          {{file, line.line}, "no clause is called " + line.clause});
    }
  }
  return problems;
}

std::string TellProblems(const std::vector<Problem> &problems) {
  std::string out;
  for (const Problem &problem : problems) {
    out += problem.place.file + ":" + std::to_string(problem.place.line) +
           ": " + problem.text + "\n";
  }
  return out;
}

}  // namespace conformance
