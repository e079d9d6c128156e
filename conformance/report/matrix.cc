// Runs beside each other; see matrix.h.
// SPDX-License-Identifier: MIT
#include "conformance/report/matrix.h"

#include "conformance/runner/plan.h"
#include "conformance/runner/results.h"
#include "conformance/runner/text.h"

namespace conformance::report {

namespace {

// A clause that the spec does not hold, as a run remembers it: a probe of
// hello, or one of another version.
Clause ClauseOf(const Answer &answer) {
  Clause clause;
  clause.id = answer.clause;
  clause.level = answer.level;
  clause.profile = answer.profile;
  clause.feature = answer.feature;
  clause.provisional = answer.provisional;
  clause.sentence = answer.sentence;
  return clause;
}

class Maker {
 public:
  explicit Maker(Matrix *matrix) : matrix_(matrix) {
  }

  void AddRow(const Clause &clause, bool in_spec) {
    index_[clause.id] = matrix_->rows.size();
    std::vector<std::vector<Entry>> cells(matrix_->runs.size());
    matrix_->rows.push_back({clause, in_spec, cells});
  }

  // The cases of the plan in its order, whether or not they were run, and then
  // whatever else the run has an answer to.
  void AddRun(size_t number) {
    const Run &run = matrix_->runs[number];
    std::map<std::string, const Answer *> left;
    for (const Answer &answer : run.answers) left[answer.Id()] = &answer;
    for (const Case &one : MakePlan(*matrix_->spec, run.adapter)) {
      auto it = left.find(one.Id());
      const Answer *answer = it == left.end() ? nullptr : it->second;
      if (answer != nullptr) left.erase(it);
      // A probe is no clause, so that leaving it out leaves nothing open.
      if (one.probe && answer == nullptr) continue;
      if (answer == nullptr) matrix_->standings[number].not_run++;
      Add(number, one.clause, {one.label, answer});
    }
    for (const Answer &answer : run.answers) {
      if (left.count(answer.Id()) == 0) continue;
      Add(number, answer.clause, {answer.label, &answer});
    }
  }

 private:
  void Add(size_t number, const std::string &clause, const Entry &entry) {
    if (index_.count(clause) == 0) AddRow(ClauseOf(*entry.answer), false);
    matrix_->rows[index_[clause]].cells[number].push_back(entry);
  }

  Matrix *matrix_;
  std::map<std::string, size_t> index_;
};

void Stand(const Run &run, const Spec &spec, Standing *standing) {
  for (const Answer &answer : run.answers) standing->counts[answer.verdict]++;
  standing->same_spec = run.digest == DigestOf(spec, run.adapter.profiles);
  auto add = [&](const std::string &why) { standing->partial.push_back(why); };
  if (!run.summary) {
    add("cut short after " + std::to_string(run.answers.size()) + " of " +
        std::to_string(run.cases) + " cases");
  }
  for (const std::string &option : run.options) {
    if (Selection().Take(option)) add(option);
  }
  if (standing->not_run > 0) {
    add(std::to_string(standing->not_run) + " cases not run");
  }
  if (!standing->same_spec) add("judged by another spec");
}

}  // namespace

Matrix MakeMatrix(const Spec &spec, std::vector<Run> runs) {
  Matrix matrix;
  matrix.spec = &spec;
  matrix.runs = std::move(runs);
  matrix.standings.resize(matrix.runs.size());
  Maker maker(&matrix);
  for (const Clause &clause : spec.clauses) maker.AddRow(clause, true);
  for (size_t i = 0; i < matrix.runs.size(); i++) {
    maker.AddRun(i);
    Stand(matrix.runs[i], spec, &matrix.standings[i]);
  }
  return matrix;
}

Claim Judge(const Run &run, const Standing &standing,
            const std::string &profile) {
  if (!Contains(run.adapter.profiles, profile)) return Claim::kNotClaimed;
  if (!run.summary) return Claim::kPartial;
  auto it = run.summary->conforms.find(profile);
  if (it == run.summary->conforms.end()) return Claim::kPartial;
  const Conformance &conformance = it->second;
  if (conformance.failed + conformance.unsupported > 0) return Claim::kFails;
  if (conformance.unresolved > 0) return Claim::kPartial;
  return conformance.yes && standing.partial.empty() ? Claim::kConforms
                                                     : Claim::kPartial;
}

std::string TellClaim(const Run &run, const Standing &standing,
                      const std::string &profile) {
  Claim claim = Judge(run, standing, profile);
  if (claim == Claim::kNotClaimed) return "not claimed";
  if (!run.summary) return "cut short";
  auto it = run.summary->conforms.find(profile);
  if (it == run.summary->conforms.end()) return "not asked";
  const Conformance &conformance = it->second;
  std::string cases = std::to_string(conformance.cases);
  if (claim == Claim::kConforms) return "conforms, " + cases + " cases";
  if (conformance.cases == 0) return "nothing asked";
  std::string out =
      std::to_string(conformance.failed) + " of " + cases + " fail";
  if (conformance.unresolved > 0) {
    out += ", " + std::to_string(conformance.unresolved) + " unresolved";
  }
  if (conformance.unsupported > 0) {
    out += ", " + std::to_string(conformance.unsupported) + " unsupported";
  }
  return standing.partial.empty() ? out : "partial, " + out;
}

bool Fails(Verdict verdict) {
  return verdict == Verdict::kFail || verdict == Verdict::kXfail ||
         verdict == Verdict::kWarning;
}

}  // namespace conformance::report
