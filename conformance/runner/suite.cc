// The cases as GoogleTest's tests; see suite.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/suite.h"

#include <gtest/gtest.h>
#include <stdio.h>
#include <stdlib.h>

#include <map>

#include "conformance/runner/expect.h"
#include "conformance/runner/fix.h"
#include "conformance/runner/folder.h"
#include "conformance/runner/launch.h"
#include "conformance/runner/report.h"
#include "conformance/runner/results.h"
#include "conformance/runner/smoke.h"
#include "conformance/runner/text.h"

namespace conformance {

namespace {

struct TheRun {
  explicit TheRun(const Options &o) : options(o), results(o.results) {
  }

  Options options;
  Spec spec;
  Setup setup;
  Reaper reaper;
  Hello hello;
  Expectations expectations;
  Results results;
  Tally tally;
  std::vector<Case> all;
  std::vector<Case> selected;
  std::vector<Happened> happened;  // for --fix
};

CaseResult RunJudged(TheRun *run, const Case &one) {
  const Expectation *expectation = run->expectations.Find(one);
  Setup setup = run->setup;
  bool hangs = expectation != nullptr && expectation->kind == "hang";
  if (hangs) setup.step_seconds = 1;
  CaseResult result = RunCase(setup, one);
  run->happened.push_back({&one, result.outcome});
  result.outcome = FinalOutcome(one, result.outcome, expectation);
  return result;
}

class CaseTest : public testing::Test {
 public:
  CaseTest(TheRun *run, const Case *one) : run_(run), case_(*one) {
  }

  void TestBody() override {
    CaseResult result = RunJudged(run_, case_);
    const Outcome &outcome = result.outcome;
    std::string transcript =
        run_->results.Add(case_, result, run_->hello, run_->spec.version);
    run_->tally.Add(case_, outcome);
    Record(outcome);
    std::string told = TellFailure(case_, result, transcript,
                                   ReproduceCommand(run_->options, case_.Id()));
    // The reference is held to what is merely recommended as well.
    bool strict = run_->options.strict || run_->hello.name == kReference;
    if (IsRed(case_, outcome.verdict, strict)) {
      ADD_FAILURE_AT(case_.place.file.c_str(), case_.place.line) << told;
    } else if (outcome.verdict == Verdict::kWarning) {
      printf("%s", told.c_str());
    } else if (outcome.verdict == Verdict::kUnsupported ||
               outcome.verdict == Verdict::kUntested) {
      GTEST_SKIP() << VerdictName(outcome.verdict) << ": " << outcome.text;
    }
  }

 private:
  void Record(const Outcome &outcome) {
    RecordProperty("clause", case_.clause);
    RecordProperty("method", case_.label);
    RecordProperty("verdict", VerdictName(outcome.verdict));
    RecordProperty("way", WayName(outcome.way));
    RecordProperty("profile", case_.profile);
    RecordProperty("adapter", run_->hello.name);
    RecordProperty("version", run_->hello.version);
  }

  TheRun *run_;
  const Case &case_;
};

int Complain(const std::vector<Problem> &problems) {
  for (const Problem &problem : problems) {
    fprintf(stderr, "%s:%d: %s\n", problem.place.file.c_str(),
            problem.place.line, problem.text.c_str());
  }
  return problems.empty() ? 0 : 1;
}

bool ReadSpecs(const Options &options, Spec *spec) {
  if (options.smoke) {
    ReadSmoke(spec);
    return true;
  }
  for (const std::string &folder : options.specs) {
    if (ReadSpecFolder(folder, spec)) continue;
    fprintf(stderr, "runner: %s holds no chapter (*.md) of a spec\n",
            folder.c_str());
    return false;
  }
  return Complain(spec->problems) == 0;
}

void Prepare(const std::string &run_folder, TheRun *run) {
  Reaper::Become();
  MakeSharedMemoryPrivate();
  run->setup.command = AbsoluteCommand(run->options.wrap);
  for (const std::string &word : AbsoluteCommand(run->options.adapter)) {
    run->setup.command.push_back(word);
  }
  run->setup.run_folder = run_folder;
  run->setup.scale = run->options.scale;
  run->setup.reaper = &run->reaper;
}

// An adapter that cannot even say hello is one case, and a red one.
void MakeCases(TheRun *run) {
  CaseResult result;
  if (AskWho(run->setup, &run->hello, &result)) {
    // The smoke test asks of every adapter, whatever it says that it has.
    if (run->options.smoke) ClaimSmoke(&run->hello);
    run->all = MakePlan(run->spec, run->hello);
    return;
  }
  Case one;
  one.clause = "adapter.hello";
  one.label = "once";
  one.level = "MUST";
  one.profile = "core";
  one.sentence = "An adapter MUST connect and answer hello (PROTOCOL.md).";
  one.place = {"conformance/PROTOCOL.md", 1};
  one.decided = result.outcome.verdict;
  one.reason = result.outcome.text;
  run->all.push_back(one);
  fprintf(stderr, "%s", result.transcript.c_str());
}

int ReadExpectations(TheRun *run) {
  if (run->options.expect.empty()) return 0;
  std::optional<std::string> text = ReadFile(run->options.expect);
  if (!text) {
    fprintf(stderr, "runner: cannot read %s\n", run->options.expect.c_str());
    return 1;
  }
  run->expectations = ParseExpectations(run->options.expect, *text);
  if (Complain(run->expectations.problems) != 0) return 1;
  // Without a hello there are no cases to judge the file by.
  bool judged = !run->options.fix && !run->hello.name.empty();
  return judged ? Complain(CheckExpectations(run->expectations, run->all,
                                             run->hello.name))
                : 0;
}

void Register(TheRun *run) {
  for (const Case &one : run->selected) {
    // Suite and test read together as CLAUSE/METHOD.
    size_t dot = one.clause.rfind('.');
    std::string suite =
        dot == std::string::npos ? one.clause : one.clause.substr(0, dot);
    std::string test = one.clause.substr(dot + 1) + "/" + one.label;
    testing::RegisterTest(
        suite.c_str(), test.c_str(), nullptr, nullptr, one.place.file.c_str(),
        one.place.line,
        [run, &one]() -> testing::Test * { return new CaseTest(run, &one); });
  }
}

// GoogleTest's sharding variables have names of their own; other tools, Bazel
// among them, say TEST_*.
void AdoptShardVariables() {
  const char *const names[] = {"TOTAL_SHARDS", "SHARD_INDEX",
                               "SHARD_STATUS_FILE"};
  for (const char *name : names) {
    const char *value = getenv((std::string("TEST_") + name).c_str());
    if (value == nullptr) continue;
    setenv((std::string("GTEST_") + name).c_str(), value, 0);
  }
}

// Selection is ours alone, so that an empty one can be noticed: GoogleTest
// passes a run of no tests. Answers GoogleTest's own filter.
std::string InitGoogleTest(const Options &options) {
  AdoptShardVariables();
  std::vector<std::string> words = {"runner"};
  words.insert(words.end(), options.gtest.begin(), options.gtest.end());
  std::vector<char *> argv;
  for (std::string &word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  int argc = static_cast<int>(words.size());
  GTEST_FLAG_SET(brief, !options.verbose);
  testing::InitGoogleTest(&argc, argv.data());
  std::string filter = GTEST_FLAG_GET(filter);
  GTEST_FLAG_SET(filter, "*");
  return filter == "*" ? "" : filter;
}

int Finish(TheRun *run, int code) {
  if (GTEST_FLAG_GET(list_tests)) return code;
  std::string told = run->tally.Tell(run->spec, run->hello, ShardName());
  printf("%s", told.c_str());
  if (!run->options.fix) return code;
  if (!ShardName().empty()) {
    fprintf(stderr, "runner: --fix judges the whole file: not in a shard\n");
    return 1;
  }
  return FixExpectations(run->expectations, run->happened) ? 0 : 1;
}

// The cases to run; none if a filter lets none through.
std::vector<Case> Choose(const Options &options, const std::vector<Case> &all,
                         const std::string &gtest_filter) {
  if (options.sparse && options.filter.empty() && gtest_filter.empty()) {
    return Thin(all);
  }
  return Select(all, options.filter, gtest_filter);
}

}  // namespace

int RunSuite(const Options &options, const std::string &run_folder) {
  TheRun run(options);
  std::string gtest_filter = InitGoogleTest(options);
  if (!run.results.Good()) {
    fprintf(stderr, "runner: cannot write %s\n", options.results.c_str());
    return 1;
  }
  if (!ReadSpecs(options, &run.spec)) return 1;
  Prepare(run_folder, &run);
  MakeCases(&run);
  run.selected =
      run.hello.name.empty() ? run.all : Choose(options, run.all, gtest_filter);
  if (run.selected.empty()) {
    fprintf(stderr, "runner: no case is selected by '%s' of %zu cases\n",
            (options.filter + " " + gtest_filter).c_str(), run.all.size());
    return 1;
  }
  if (ReadExpectations(&run) != 0) return 1;
  Register(&run);
  return Finish(&run, RUN_ALL_TESTS());
}

int ListCases(const Options &options, const std::string &run_folder) {
  TheRun run(options);
  if (!ReadSpecs(options, &run.spec)) return 1;
  if (!options.adapter.empty()) {
    Prepare(run_folder, &run);
    MakeCases(&run);
  } else {
    run.hello.methods = StandardMethods();
    for (const Clause &clause : run.spec.clauses) {
      run.hello.profiles.push_back(clause.profile);
      run.hello.features.push_back(clause.feature);
    }
    for (const Case &one : MakePlan(run.spec, run.hello)) {
      if (!one.probe) run.all.push_back(one);
    }
  }
  std::vector<Case> chosen = Choose(options, run.all, "");
  for (const Case &one : chosen) {
    std::string note =
        one.reason.empty()
            ? ""
            : std::string("  ") + VerdictName(one.decided) + ": " + one.reason;
    printf("%s  %s %s %s%s\n", one.Id().c_str(), one.level.c_str(),
           one.profile.c_str(), one.feature.c_str(), note.c_str());
  }
  return chosen.empty() ? 1 : 0;
}

}  // namespace conformance
