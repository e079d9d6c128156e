// The rules for what scenarios use: operations, functions, names, actors; see
// lint.h.
// SPDX-License-Identifier: MIT
#include <set>

#include "conformance/runner/lint.h"
#include "conformance/runner/text.h"

namespace conformance {

namespace {

using Used = std::map<std::string, std::set<std::string>>;

// Every value that a step mentions.
std::vector<Json> ValuesOf(const Step &step) {
  std::vector<Json> values = step.args;
  for (const auto &entry : step.named) values.push_back(entry.second);
  values.push_back(step.value);
  values.push_back(step.want);
  return values;
}

// Which table names the step's operation; a context has the names of `mp`, and
// the type of other objects is not known before the run.
std::vector<std::string> TablesFor(const Step &step) {
  if (step.IsPseudo()) return {step.actor};
  if (step.object == "os" || step.object == "mp") return {step.object};
  std::vector<std::string> tables = ObjectTables();
  tables.push_back("mp");
  return tables;
}

void LintStep(const Clause &clause, const Step &step, const Tables &tables,
              Used *used, std::vector<Problem> *problems) {
  Place place = {clause.place.file, step.line};
  auto known = [&](const std::string &table, const std::string &name) {
    auto it = tables.find(table);
    return it != tables.end() && it->second.count(name) != 0;
  };
  if (!step.member.empty()) {
    bool found = false;
    for (const std::string &table : TablesFor(step)) {
      (*used)[table].insert(step.member);
      found = found || known(table, step.member);
    }
    if (!found) {
      problems->push_back({place, clause.id + ": no table knows " +
                                      step.member + ", in: " + step.text});
    }
  }
  for (const Json &value : ValuesOf(step)) {
    std::vector<std::string> functions;
    CollectFunctions(value, &functions);
    for (const std::string &function : functions) {
      (*used)["function"].insert(function);
      if (!known("function", function)) {
        problems->push_back(
            {place, clause.id + ": no table knows fn:" + function});
      }
    }
  }
  // An agent is a Process whose target is `agent`.
  if (step.kind == StepKind::kAgent) {
    (*used)["function"].insert("agent");
    for (const char *name : {"Process", "start"}) {
      (*used)["mp"].insert(name);
      (*used)["Process"].insert(name);
    }
  }
}

class NameLinter {
 public:
  NameLinter(const Clause &clause, std::vector<Problem> *problems)
      : clause_(clause), problems_(problems) {
    bound_ = {"mp", "os", "main"};
  }

  void Run() {
    for (const Step &step : clause_.steps) {
      Lint(step);
    }
  }

 private:
  void Need(const Step &step, const std::string &name) {
    if (bound_.count(name) != 0) return;
    problems_->push_back({{clause_.place.file, step.line},
                          clause_.id + ": nothing is called " + name +
                              " yet, in: " + step.text});
  }

  void Lint(const Step &step) {
    if (!step.IsPseudo()) Need(step, step.actor);
    if (!step.object.empty()) Need(step, step.object);
    for (const Json &value : ValuesOf(step)) {
      std::vector<std::string> names;
      CollectNames(value, &names);
      for (const std::string &name : names) Need(step, name);
    }
    for (const std::string &name : step.binds) {
      bound_.insert(name);
      if (step.kind == StepKind::kAgent) bound_.insert(name + ".process");
    }
  }

  const Clause &clause_;
  std::vector<Problem> *problems_;
  std::set<std::string> bound_;
};

void LintApi(const Spec &spec, const Used &used,
             std::vector<Problem> *problems) {
  for (const auto &entry : spec.api) {
    bool found = false;
    for (const char *table : {"mp", "Process"}) {
      auto it = used.find(table);
      found = found || (it != used.end() && it->second.count(entry.first) != 0);
    }
    const Place &place = spec.api_places.at(entry.first);
    if (!entry.second && !found) {
      problems->push_back({place, entry.first + " is covered by no clause"});
    }
    if (entry.second && found) {
      problems->push_back(
          {place, entry.first + " is covered, so it is not 'later'"});
    }
  }
}

}  // namespace

std::vector<Problem> LintOperations(const Spec &spec, const Tables &tables) {
  std::vector<Problem> problems;
  Used used;
  for (const Clause &clause : spec.clauses) {
    for (const Step &step : clause.steps) {
      LintStep(clause, step, tables, &used, &problems);
    }
  }
  for (const auto &table : tables) {
    for (const auto &entry : table.second) {
      if (used[table.first].count(entry.first) != 0) continue;
      problems.push_back(
          {entry.second, "no clause uses " + table.first + " " + entry.first});
    }
  }
  LintApi(spec, used, &problems);
  return problems;
}

std::vector<Problem> LintNames(const Spec &spec) {
  std::vector<Problem> problems;
  for (const Clause &clause : spec.clauses) {
    NameLinter(clause, &problems).Run();
  }
  return problems;
}

}  // namespace conformance
