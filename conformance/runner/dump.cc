// The spec as JSON, for people who bring a runner of their own; part of
// suite.h. The form is stable: new keys may come, none goes.
// SPDX-License-Identifier: MIT
#include <stdio.h>

#include "conformance/runner/spec.h"
#include "conformance/runner/suite.h"

namespace conformance {

namespace {

using Ordered = nlohmann::ordered_json;

const char *KindWord(StepKind kind) {
  switch (kind) {
    case StepKind::kCall: return "call";
    case StepKind::kRead: return "read";
    case StepKind::kWrite: return "write";
    case StepKind::kDrop: return "drop";
    case StepKind::kAgent: return "agent";
    case StepKind::kCollect: return "collect";
    case StepKind::kBye: return "bye";
  }
  return "?";
}

Ordered DumpStep(const Step &step) {
  Ordered out = {{"line", step.line},         {"text", step.text},
                 {"do", KindWord(step.kind)}, {"actor", step.actor},
                 {"guard", step.guard},       {"bind", step.binds}};
  if (!step.object.empty()) out["on"] = step.object;
  if (!step.member.empty()) out["name"] = step.member;
  out["args"] = step.args;
  Ordered named = Ordered::object();
  for (const auto &entry : step.named) named[entry.first] = entry.second;
  out["named"] = named;
  if (step.kind == StepKind::kWrite) out["value"] = step.value;
  if (step.relation != Relation::kNone) {
    out["relation"] = RelationWord(step.relation);
    out["want"] = step.types.empty() ? Ordered(step.want) : Ordered(step.types);
  } else if (step.kind == StepKind::kCollect) {
    out["relation"] = "raises";
    out["want"] = step.types;
  }
  if (step.after >= 0) out["after"] = step.after;
  if (step.within >= 0) out["within"] = step.within;
  return out;
}

Ordered DumpClause(const Clause &clause) {
  Ordered steps = Ordered::array();
  for (const Step &step : clause.steps) steps.push_back(DumpStep(step));
  return {{"id", clause.id},
          {"file", clause.place.file},
          {"line", clause.place.line},
          {"chapter", clause.chapter},
          {"level", clause.level},
          {"profile", clause.profile},
          {"feature", clause.feature},
          {"methods", clause.methods},
          {"since", clause.since},
          {"provisional", clause.provisional},
          {"sentence", clause.sentence},
          {"source", clause.source},
          {"contested", clause.contested},
          {"untested", clause.untested},
          {"steps", steps}};
}

}  // namespace

int DumpSpec(const Options &options) {
  Spec spec;
  for (const std::string &folder : options.specs) {
    if (!ReadSpecFolder(folder, &spec)) return 1;
  }
  for (const Problem &problem : spec.problems) {
    fprintf(stderr, "%s:%d: %s\n", problem.place.file.c_str(),
            problem.place.line, problem.text.c_str());
  }
  Ordered clauses = Ordered::array();
  for (const Clause &clause : spec.clauses) {
    clauses.push_back(DumpClause(clause));
  }
  Ordered features = Ordered::array();
  for (const Feature &feature : spec.features) {
    features.push_back({{"name", feature.name},
                        {"profile", feature.profile},
                        {"sentence", feature.sentence}});
  }
  Ordered out = {
      {"version", spec.version}, {"features", features}, {"clauses", clauses}};
  printf("%s\n", out.dump(1).c_str());
  return spec.problems.empty() ? 0 : 1;
}

}  // namespace conformance
