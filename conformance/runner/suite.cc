// The cases as GoogleTest's tests; see suite.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/suite.h"

#include <gtest/gtest.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <exception>
#include <memory>
#include <optional>
#include <set>

#include "conformance/runner/check.h"
#include "conformance/runner/clock.h"
#include "conformance/runner/crew.h"
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

// For a case that is expected to hang.
constexpr double kHangSeconds = 1;

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
  std::optional<Tally> tally;
  std::vector<Case> all;
  std::vector<Case> selected;
  std::vector<Happened> happened;  // for --fix
  std::set<std::string> passed;    // in the file of --resume
  std::unique_ptr<Crew> crew;
};

// --fix waits as long for a case that is expected to hang as for any other, so
// that it takes the line away once the case is merely slow.
double StepSeconds(const TheRun &run, const Case &one) {
  const Expectation *expectation = run.expectations.Find(one);
  bool hangs = expectation != nullptr && expectation->kind == "hang";
  return hangs && !run.options.fix ? kHangSeconds : run.setup.step_seconds;
}

CaseResult RunHere(TheRun *run, size_t index, Setup setup) {
  const Case &one = run->selected[index];
  setup.step_seconds = StepSeconds(*run, one);
  return run->passed.count(one.Id()) != 0
             ? CaseResult()
             : RunRepeatedly(setup, one, run->options.repeat);
}

CaseResult TakeResult(TheRun *run, size_t index) {
  if (run->options.jobs == 1) return RunHere(run, index, run->setup);
  if (!run->crew) {
    auto here = [run](size_t i, const Setup &setup) {
      return RunHere(run, i, setup);
    };
    run->crew = std::make_unique<Crew>(static_cast<size_t>(run->options.jobs),
                                       run->selected.size(), run->setup, here);
  }
  return run->crew->Take(index);
}

// What the runner itself fails at costs this case, not its result nor others.
CaseResult TakeResultOrWhy(TheRun *run, size_t index) {
  try {
    return TakeResult(run, index);
  } catch (const std::exception &error) {
    CaseResult result;
    result.outcome.verdict = Verdict::kUnresolved;
    result.outcome.text = Printable(std::string("the runner: ") + error.what());
    return result;
  }
}

class CaseTest : public testing::Test {
 public:
  CaseTest(TheRun *run, size_t index)
      : run_(run), index_(index), case_(run->selected[index]) {
  }

  void TestBody() override {
    size_t most = static_cast<size_t>(run_->options.max_failures);
    if (most != 0 && run_->tally->Failed() >= most) {
      GTEST_SKIP() << "not run: --max-failures";
    }
    const Expectation *expectation = run_->expectations.Find(case_);
    CaseResult result = TakeResultOrWhy(run_, index_);
    Outcome happened = result.outcome;
    run_->happened.push_back({&case_, happened});
    result.outcome = FinalOutcome(case_, happened, expectation);
    for (const Outcome &other : result.others) {
      Outcome judged = FinalOutcome(case_, other, expectation);
      bool stated = result.outcome.verdict != Verdict::kXfail;
      if (!stated && judged.verdict != Verdict::kXfail) result.outcome = judged;
    }
    NameRepeats(&result);
    // The reference is held to what is merely recommended as well.
    bool strict = run_->options.strict || run_->hello.name == kReference;
    bool red = IsRed(case_, result.outcome.verdict, strict);
    run_->tally->Add(case_, happened, result.outcome, red);
    Tell(result, red);
  }

 private:
  // What fails only at times does not fail as an expectation says.
  void NameRepeats(CaseResult *result) {
    if (result->failed == 0 || result->runs == 1) return;
    result->outcome.text += " (failed " + std::to_string(result->failed) +
                            " of " + std::to_string(result->runs) + ")";
    bool always = result->failed == result->runs;
    if (!always && result->outcome.verdict == Verdict::kXfail) {
      result->outcome.verdict = Verdict::kXpass;
    }
  }

  void Tell(const CaseResult &result, bool red) {
    const Outcome &outcome = result.outcome;
    std::string transcript = run_->results.Add(
        case_, result, red, ReproduceElsewhere(run_->options, case_.Id()));
    std::string told = TellFailure(case_, result, transcript,
                                   ReproduceCommand(run_->options, case_.Id()));
    Record(outcome);
    bool warning = outcome.verdict == Verdict::kWarning;
    // With --verbose GoogleTest prints what fails.
    if (warning || (red && !run_->options.verbose)) printf("%s", told.c_str());
    fflush(stdout);
    if (red) {
      ADD_FAILURE_AT(case_.place.file.c_str(), case_.place.line) << told;
    } else if (outcome.verdict == Verdict::kUnsupported ||
               outcome.verdict == Verdict::kUntested) {
      GTEST_SKIP() << VerdictName(outcome.verdict) << ": " << outcome.text;
    }
  }

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
  size_t index_;
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
  if (!MakeSharedMemoryPrivate() && run->options.jobs > 1) {
    fprintf(stderr,
            "runner: one case at a time, since this user cannot have a "
            "/dev/shm for each\n");
    run->options.jobs = 1;
  }
  run->setup.command = AbsoluteCommand(run->options.wrap);
  for (const std::string &word : AbsoluteCommand(run->options.adapter)) {
    run->setup.command.push_back(word);
  }
  run->setup.run_folder = run_folder;
  run->setup.scale = run->options.scale;
  run->setup.reaper = &run->reaper;
}

Case HelloCase() {
  Case one;
  one.clause = "adapter.hello";
  one.label = "once";
  one.level = "MUST";
  one.profile = "core";
  one.sentence = "An adapter MUST connect and answer hello (PROTOCOL.md).";
  one.place = {"conformance/PROTOCOL.md", 1};
  return one;
}

// Answers what is wrong with the adapter's hello; a case of its own says so.
Outcome Greet(TheRun *run) {
  CaseResult result;
  bool good = AskWho(run->setup, &run->hello, &result);
  std::string unknown;
  if (good && !run->options.smoke) unknown = UnknownName(run->spec, run->hello);
  if (!unknown.empty()) {
    result.outcome.verdict = Verdict::kUnresolved;
    result.outcome.text = unknown;
    run->hello = Hello();
  }
  bool wrong = result.outcome.verdict != Verdict::kPass;
  if (wrong) fprintf(stderr, "%s", result.transcript.c_str());
  return result.outcome;
}

// An adapter that cannot even say hello is one case, and a red one.
void MakeCases(TheRun *run) {
  Outcome greeting = Greet(run);
  if (!run->hello.name.empty()) {
    run->all = run->options.smoke ? SmokeCases(run->spec, &run->hello)
                                  : MakePlan(run->spec, run->hello);
    return;
  }
  Case one = HelloCase();
  one.decided = greeting.verdict;
  one.reason = greeting.text;
  run->all.push_back(one);
}

int ReadExpectations(TheRun *run) {
  if (run->options.expect.empty()) return 0;
  std::optional<std::string> text = ReadFile(run->options.expect);
  if (!text && run->options.fix) text = "";  // to be made
  if (!text) {
    fprintf(stderr, "runner: cannot read %s\n", run->options.expect.c_str());
    return 1;
  }
  run->expectations = ParseExpectations(run->options.expect, *text);
  if (!run->hello.name.empty()) {
    KeepVersion(run->hello.version, &run->expectations);
  }
  if (Complain(run->expectations.problems) != 0) return 1;
  // Without a hello there are no cases to judge the file by.
  bool judged = !run->options.fix && !run->hello.name.empty();
  return judged ? Complain(CheckExpectations(run->expectations, run->all,
                                             run->hello.name))
                : 0;
}

int ReadEarlier(TheRun *run) {
  const std::string &file = run->options.resume;
  if (file.empty()) return 0;
  std::optional<std::string> text = ReadFile(file);
  std::string wrong =
      text ? PassedBefore(*text, run->hello, run->selected, &run->passed)
           : "it cannot be read";
  if (wrong.empty()) return 0;
  fprintf(stderr, "runner: cannot take up %s: %s\n", file.c_str(),
          Printable(wrong).c_str());
  return 1;
}

void Register(TheRun *run) {
  for (size_t i = 0; i < run->selected.size(); i++) {
    const Case &one = run->selected[i];
    // Suite and test read together as CLAUSE/METHOD.
    size_t dot = one.clause.rfind('.');
    std::string suite =
        dot == std::string::npos ? one.clause : one.clause.substr(0, dot);
    std::string test = one.clause.substr(dot + 1) + "/" + one.label;
    testing::RegisterTest(
        suite.c_str(), test.c_str(), nullptr, nullptr, one.place.file.c_str(),
        one.place.line,
        [run, i]() -> testing::Test * { return new CaseTest(run, i); });
  }
}

// A shard of Bazel's, or of GoogleTest's, is one of ours: GoogleTest itself
// would not say which cases are in it.
std::string AdoptShard(Selection *selection) {
  const char *status = getenv("TEST_SHARD_STATUS_FILE");
  if (status != nullptr) setenv("GTEST_SHARD_STATUS_FILE", status, 0);
  for (const char *prefix : {"TEST_", "GTEST_"}) {
    std::string total = std::string(prefix) + "TOTAL_SHARDS";
    std::string index = std::string(prefix) + "SHARD_INDEX";
    const char *n = getenv(total.c_str()), *i = getenv(index.c_str());
    if (n != nullptr && i != nullptr) {
      size_t part = ReadCount(i).value_or(SIZE_MAX) + 1;
      if (!selection->Take("--shard=" + std::to_string(part) + "/" + n)) {
        return index + "=" + i + " is no part of " + total + "=" + n;
      }
    }
    unsetenv(total.c_str());
    unsetenv(index.c_str());
  }
  return "";
}

// Selection is ours alone, so that an empty one can be noticed: GoogleTest
// passes a run of no tests. Answers what is wrong with its options, or "".
std::string InitGoogleTest(Options *options) {
  std::string wrong = AdoptShard(&options->selection);
  if (!wrong.empty()) return wrong;
  std::vector<std::string> words = {"runner"};
  words.insert(words.end(), options->gtest.begin(), options->gtest.end());
  std::vector<char *> argv;
  for (std::string &word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  int argc = static_cast<int>(words.size());
  testing::InitGoogleTest(&argc, argv.data());
  // It would print its help, run nothing, and pass.
  if (argc > 1) return std::string("unknown option '") + argv[1] + "'";
  if (!options->verbose) {
    auto *listeners = &testing::UnitTest::GetInstance()->listeners();
    delete listeners->Release(listeners->default_result_printer());
  }
  std::string filter = GTEST_FLAG_GET(filter);
  GTEST_FLAG_SET(filter, "*");
  GTEST_FLAG_SET(repeat, 1);
  if (filter != "*") options->selection.gtest_filter = filter;
  return "";
}

// True if each case was run once, or the rest was left out as it was asked.
bool RanAll(const TheRun &run) {
  size_t ran = run.tally->Ran(), asked = run.selected.size();
  bool stopped = run.options.max_failures != 0 && run.tally->Failed() > 0;
  if (ran == asked || (ran < asked && stopped)) return true;
  fprintf(stderr, "runner: %zu of %zu cases were run\n", ran, asked);
  return false;
}

// A line whose cases were not run would be taken away.
bool Fix(const TheRun &run) {
  if (run.tally->Ran() == run.all.size()) {
    return FixExpectations(run.expectations, run.happened);
  }
  fprintf(stderr, "runner: --fix changed nothing: %zu of %zu cases were run\n",
          run.tally->Ran(), run.all.size());
  return false;
}

int RunAll(TheRun *run) {
  bool listed = GTEST_FLAG_GET(list_tests);
  const Selection &selection = run->options.selection;
  std::vector<std::string> words = selection.Words();
  words.insert(words.end(), run->options.given.begin(),
               run->options.given.end());
  if (!listed) {
    run->results.Begin(run->spec, run->hello, run->selected.size(), words);
  }
  double start = Now();
  int code = RUN_ALL_TESTS();
  run->crew.reset();
  if (listed) return code;
  run->results.End(*run->tally, Now() - start);
  bool whole = RanAll(*run) && run->results.Good();
  bool stopped = run->options.max_failures != 0;
  printf("%s", run->tally->Tell(selection, stopped).c_str());
  std::string loose = run->results.LooseTranscripts();
  if (!loose.empty()) printf("transcripts: %s\n", loose.c_str());
  if (!whole) return 1;
  if (run->options.fix) return Fix(*run) ? 0 : 1;
  return run->tally->Passes(selection) ? code : 1;
}

// The selected cases; an empty text, or why there are none. A shard may be
// empty, a selection may not.
std::string SelectCases(TheRun *run) {
  const Selection &selection = run->options.selection;
  Selection whole = selection;
  whole.shard = whole.shards = 1;
  bool greeted = !run->hello.name.empty();
  // As it is printed for those that do not get that far.
  if (greeted && !whole.Choose({HelloCase()}).empty() && whole.Filtered() &&
      whole.Choose(run->all).empty()) {
    run->selected = {HelloCase()};
    return "";
  }
  if (greeted && whole.Choose(run->all).empty()) {
    return "no case is selected by '" + Join(whole.Words(), " ") + "' of " +
           std::to_string(run->all.size()) + " cases";
  }
  Selection shard;
  shard.shard = selection.shard;
  shard.shards = selection.shards;
  run->selected = greeted ? selection.Choose(run->all) : shard.Choose(run->all);
  if (!run->options.fix) return "";
  if (!greeted) return "--fix needs an adapter that says hello";
  return CheckFix(run->options);
}

}  // namespace

int RunSuite(const Options &options, const std::string &run_folder) {
  TheRun run(options);
  std::string unknown = InitGoogleTest(&run.options);
  if (!unknown.empty()) {
    fprintf(stderr, "runner: %s\n", unknown.c_str());
    return 2;
  }
  if (!ReadSpecs(options, &run.spec)) return 1;
  Prepare(run_folder, &run);
  MakeCases(&run);
  std::string wrong = SelectCases(&run);
  if (!wrong.empty()) {
    fprintf(stderr, "runner: %s\n", wrong.c_str());
    return 1;
  }
  if (ReadExpectations(&run) != 0 || ReadEarlier(&run) != 0) return 1;
  run.tally.emplace(run.spec, run.hello, run.selected.size(), run.all.size());
  Register(&run);
  return RunAll(&run);
}

int CheckResultsFile(const Options &options) {
  Spec spec;
  return ReadSpecs(options, &spec) ? CheckFile(options, spec) : 1;
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
  std::vector<Case> chosen = options.selection.Choose(run.all);
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
