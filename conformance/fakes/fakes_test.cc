// The suite itself is tested: every selection must be whole, and no lie must
// pass for a result.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "conformance/fakes/harness.h"
#include "conformance/runner/text.h"

namespace conformance {

namespace {

TEST(FakesTest, AMethodThatIsListedMustExist) {
  Ran ran = RunFake("lists-method", {"--filter=fake.method/teleport"});
  EXPECT_EQ(ran.Verdict("fake.method"), "FAIL") << ran.output;
  EXPECT_EQ(ran.code, 1);
}

TEST(FakesTest, AMethodThatIsNotListedIsNotLeftOut) {
  Ran ran = RunFake("good", {"--filter=fake.method/spawn"});
  EXPECT_EQ(ran.Verdict("fake.method"), "UNSUPPORTED") << ran.output;
  EXPECT_NE(ran.output.find("absent start method: spawn"), std::string::npos);
}

// Whatever an adapter answers costs one case: the others get their results.
TEST(FakesTest, AMalformedReplyCostsNoOtherCase) {
  size_t all = RunFake("good", {}).results.size();
  for (const char *mode : {"deep-lists", "deep-begin", "key-twice", "no-text",
                           "byte-order-mark", "garbage", "nul"}) {
    Ran ran = RunFake(mode, {"--scale=0.2"});
    EXPECT_EQ(ran.results.size(), all) << mode << "\n" << ran.output;
    EXPECT_EQ(ran.Verdict("fake.magic"), "UNSUPPORTED") << mode;
    EXPECT_NE(ran.output.find("\ncore 0/"), std::string::npos) << ran.output;
  }
}

std::string XmlOf(const Ran &ran, const std::string &file) {
  std::string xml = ReadFile(file).value_or("");
  EXPECT_NE(xml.find("</testsuites>"), std::string::npos) << ran.output;
  unlink(file.c_str());
  return xml;
}

TEST(FakesTest, NothingThatAnAdapterSaysLooksLikeTheRunners) {
  std::string file = Scratch("xml");
  for (const char *mode :
       {"forged-name", "forged-method", "forged-value", "forged-error",
        "forged-unsupported", "forged-file", "forged-process"}) {
    Ran ran = RunFake(mode, {"--filter=fake.value:fake.error", "--scale=0.1",
                             "--verbose", "--gtest_output=xml:" + file});
    std::string all = "\n" + ran.output + XmlOf(ran, file);
    EXPECT_NE(all.find("fake\\n[  PASSED  ] 99"), std::string::npos) << all;
    EXPECT_EQ(all.find("\n[  PASSED  ] 99"), std::string::npos) << all;
    // Escape, carriage return, and what stands for an escape or turns lines.
    for (const char *byte : {"\x1b", "\r", "\xc2\x9b", "\u202e"}) {
      EXPECT_EQ(all.find(byte), std::string::npos) << mode << " " << all;
    }
  }
}

TEST(FakesTest, AThreadIsNoProcess) {
  Ran ran = RunFake("coroutine", {"--smoke"});
  const nlohmann::json &line = *ran.Find("smoke.child");
  EXPECT_EQ(line["verdict"], "FAIL") << ran.output;
  EXPECT_NE(line["got"].get<std::string>().find(", which is main"),
            std::string::npos)
      << line;
  EXPECT_EQ(ran.code, 1);
}

// A core that is claimed and not there is no pass, whatever failed.
TEST(VerdictTest, WhatIsUnsupportedIsNotConformedTo) {
  Ran ran = RunFake("good", {"--gtest_filter=-fake.unbound"});
  EXPECT_EQ(ran.code, 0) << "cases that were picked: " << ran.output;
  EXPECT_EQ(ran.summary["conforms"]["core"]["unsupported"], 3);
  ran = RunFake("good", {});
  EXPECT_EQ(ran.code, 1) << ran.output;
  EXPECT_NE(ran.output.find("conforms to core: no, 0 failed, 1 unresolved, 3 "
                            "unsupported\n"),
            std::string::npos)
      << ran.output;
  EXPECT_NE(ran.output.find("1 of 12 cases failed:\n  1. fake.unbound/once "
                            "(UNRESOLVED)\n"),
            std::string::npos)
      << ran.output;
  EXPECT_EQ(ran.output.find("Skipped"), std::string::npos) << ran.output;
  ran = RunFake("good", {"--filter=fake.value"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_NE(ran.output.find("conforms to core: not said of 1 of 12 cases"),
            std::string::npos)
      << ran.output;
  EXPECT_TRUE(ran.summary["conforms"]["core"]["yes"].is_null());
}

// Without unbound: in a shard of its own is what cannot be resolved.
TEST(VerdictTest, AShardJudgesWhatItSaw) {
  int red = 0;
  for (int shard = 1; shard <= 12; shard++) {
    Ran ran = RunFake("good", {"--shard=" + std::to_string(shard) + "/12"});
    const nlohmann::json &core = ran.summary["conforms"]["core"];
    bool bad = core["failed"] != 0 || core["unsupported"] != 0 ||
               core.contains("unresolved");
    EXPECT_EQ(ran.code, bad ? 1 : 0) << ran.output;
    red += ran.code;
  }
  EXPECT_EQ(red, 4);
}

TEST(FakesTest, AnAdapterThatCannotBeStarted) {
  Ran ran = RunRunner(
      {"--adapter=conformance/fakes/none", "--spec=conformance/fakes/spec"});
  EXPECT_EQ(ran.Verdict("adapter.hello"), "UNRESOLVED") << ran.output;
  EXPECT_EQ(ran.code, 1);
}

TEST(FakesTest, StrictMakesAShouldRedButNothingProvisional) {
  Ran ran = RunFake("wrong-value", {"--strict", "--filter=fake.should"});
  EXPECT_EQ(ran.code, 1) << ran.output;
  ran = RunFake("wrong-value", {"--strict", "--filter=fake.provisional"});
  EXPECT_EQ(ran.code, 0) << ran.output;
}

TEST(FakesTest, AFailureTellsWhatIsNeeded) {
  Ran ran = RunFake("wrong-value", {"--filter=fake.value"});
  for (const char *part :
       {"The cell of a fresh program MUST be 0.",
        "conformance/fakes/spec/fakes.md:3", "main: os.cell() == 0", "(line 8)",
        "== 0", "--filter=fake.value/once", "transcript"}) {
    EXPECT_NE(ran.output.find(part), std::string::npos) << part;
  }
}

TEST(FakesTest, AContestedFailureHasItsLink) {
  Ran ran = RunFake("wrong-value", {"--filter=fake.should:fake.value"});
  EXPECT_EQ((*ran.Find("fake.should"))["contested"],
            "https://example.org/should");
  EXPECT_NE(ran.output.find("contested   https://example.org/should"),
            std::string::npos)
      << ran.output;
  EXPECT_FALSE(ran.Find("fake.value")->contains("contested"));
}

TEST(SelectionTest, AnEmptyOneFails) {
  for (const char *filter : {"--filter=nothing", "--gtest_filter=nothing.*"}) {
    Ran ran = RunFake("good", {filter});
    EXPECT_EQ(ran.code, 1) << ran.output;
    EXPECT_NE(ran.output.find("no case is selected"), std::string::npos);
    EXPECT_TRUE(ran.results.empty());
  }
}

TEST(SelectionTest, GoogleTestsFilterWorks) {
  Ran ran = RunFake("good", {"--gtest_filter=fake.*/once:-fake.un*:fake.m*"});
  std::set<std::string> clauses;
  for (const auto &line : ran.results) clauses.insert(line["clause"]);
  EXPECT_EQ(clauses,
            (std::set<std::string>{"fake.value", "fake.error", "fake.blocks",
                                   "fake.should", "fake.provisional"}));
  EXPECT_EQ(ran.code, 0) << ran.output;
}

TEST(SelectionTest, ShardsTogetherRunEachCaseOnce) {
  std::multiset<std::string> seen;
  size_t all = RunFake("good", {}).results.size();
  for (int shard = 0; shard < 3; shard++) {
    Ran ran = RunFake(
        "good", {},
        {"TEST_TOTAL_SHARDS=3", "TEST_SHARD_INDEX=" + std::to_string(shard)});
    for (const auto &line : ran.results) {
      seen.insert(line["clause"].get<std::string>() + "/" +
                  line["method"].get<std::string>());
    }
  }
  EXPECT_EQ(seen.size(), all);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), all);
}

TEST(SelectionTest, AShardWithoutCasesIsFine) {
  Ran ran = RunFake("good", {"--filter=fake.value"},
                    {"TEST_TOTAL_SHARDS=9", "TEST_SHARD_INDEX=7"});
  EXPECT_EQ(ran.code, 0) << ran.output;
  EXPECT_TRUE(ran.results.empty());
}

// What --check says of what a run wrote.
Ran CheckedRun(const std::string &mode, std::vector<std::string> args) {
  std::string file = Scratch("checked");
  args.push_back("--results=" + file);
  RunFake(mode, args);
  Ran ran = RunRunner({"--check=" + file, "--spec=conformance/fakes/spec"}, {});
  unlink(file.c_str());
  return ran;
}

TEST(ResultsTest, ACheckTakesWhatARunWrites) {
  Ran ran = CheckedRun("good", {});
  EXPECT_EQ(ran.code, 0) << ran.output;
  EXPECT_NE(ran.output.find("all 12 cases of spec 1.0, fake 1"),
            std::string::npos)
      << ran.output;
  ran = CheckedRun("good", {"--filter=fake.method"});
  EXPECT_EQ(ran.code, 0) << ran.output;
  EXPECT_NE(ran.output.find("partial: 3 of 12"), std::string::npos);
  ran = CheckedRun("no-name", {});
  EXPECT_EQ(ran.code, 1) << ran.output;
  EXPECT_NE(ran.output.find("refused: the adapter said no hello"),
            std::string::npos);
}

TEST(ResultsTest, TheSummaryCountsAndTheHeaderSaysWhatWasAsked) {
  Ran ran = RunFake("wrong-value", {"--filter=fake.value"});
  EXPECT_EQ(ran.header["cases"], 1);
  EXPECT_EQ(ran.header["options"][0], "--filter=fake.value");
  EXPECT_EQ(ran.header["adapter"]["name"], "fake");
  EXPECT_EQ(ran.summary["ran"], 1);
  EXPECT_EQ(ran.summary["failed"], 1);
  EXPECT_EQ(ran.summary["conforms"]["core"]["yes"], false);
  EXPECT_EQ(ran.summary["conforms"]["core"]["failed"], 1);
  const nlohmann::json &line = *ran.Find("fake.value");
  EXPECT_NE(line["again"].get<std::string>().find("fake.value/once"),
            std::string::npos);
  // Without the place of the file.
  std::string transcript = line["transcript"];
  EXPECT_TRUE(EndsWith(transcript, ".transcripts/fake.value.once.txt"));
  EXPECT_EQ(transcript.find('/'), transcript.rfind('/')) << transcript;
  EXPECT_FALSE(line.contains("reason"));
  EXPECT_FALSE(line.contains("adapter"));
}

TEST(ResultsTest, MuchOutputIsKeptByItsEnd) {
  std::string file = Scratch("much") + ".jsonl";
  Ran ran = RunFakeOnly("much-output", {"--filter=fake.unbound", "--verbose",
                                        "--results=" + file});
  unlink(file.c_str());
  EXPECT_NE(ran.output.find("the last line"), std::string::npos) << ran.output;
  EXPECT_EQ(ran.output.find("the first line"), std::string::npos);
  EXPECT_LT(ran.output.size(), 100'000u);
}

TEST(ResultsTest, WithoutAFileTheTranscriptsOfRedCasesAreInOneFolder) {
  Ran ran = RunFakeOnly("wrong-value", {});
  size_t at = ran.output.find("transcripts: /tmp/brood-transcripts.");
  ASSERT_NE(at, std::string::npos) << ran.output;
  std::string folder = ran.output.substr(at + 13);
  folder.resize(folder.find('\n'));
  EXPECT_EQ(ran.output.find("/tmp/brood-transcripts."), at + 13);
  std::set<std::string> files;
  for (const auto &entry : std::filesystem::directory_iterator(folder)) {
    files.insert(entry.path().filename());
  }
  EXPECT_EQ(files, (std::set<std::string>{"fake.method.fork.txt",
                                          "fake.unbound.once.txt",
                                          "fake.value.once.txt"}));
  std::filesystem::remove_all(folder);
  ran = RunFakeOnly("good", {"--filter=fake.value:fake.magic"});
  EXPECT_EQ(ran.output.find("brood-transcripts"), std::string::npos);
}

std::vector<std::string> VerdictsOf(const Ran &ran) {
  std::vector<std::string> all;
  for (const nlohmann::json &line : ran.results) {
    all.push_back(line["clause"].get<std::string>() + "/" +
                  line["method"].get<std::string>() + " " +
                  line["verdict"].get<std::string>());
  }
  return all;
}

TEST(JobsTest, TheSameResultsInTheSameOrder) {
  for (const char *mode : {"wrong-value", "leak-shm"}) {
    Ran one = RunFake(mode, {});
    Ran several = RunFake(mode, {"-j", "3"});
    EXPECT_EQ(VerdictsOf(several), VerdictsOf(one)) << several.output;
    EXPECT_EQ(several.code, one.code);
    EXPECT_EQ(several.summary["failed"], one.summary["failed"]);
    EXPECT_EQ(several.summary["conforms"], one.summary["conforms"]);
  }
}

TEST(JobsTest, TheXmlIsOfAllCases) {
  std::string file = Scratch("xml");
  Ran ran = RunFake("wrong-value", {"-j2", "--gtest_output=xml:" + file});
  std::string xml = XmlOf(ran, file);
  size_t count = 0;
  for (size_t at = 0; (at = xml.find("<testcase ", at)) != std::string::npos;
       at++) {
    count++;
  }
  EXPECT_EQ(count, ran.results.size()) << xml;
  EXPECT_NE(xml.find("\"verdict\" value=\"UNSUPPORTED\""), std::string::npos);
}

// An adapter that reaches the runner's own process costs one case.
TEST(JobsTest, AWorkerThatIsKilledCostsItsCase) {
  Ran ran = RunFake("kills-runner", {"-j2"});
  EXPECT_EQ(ran.results.size(), 12u) << ran.output;
  EXPECT_EQ(ran.Verdict("fake.value"), "UNRESOLVED");
  EXPECT_EQ(ran.Verdict("fake.magic"), "UNSUPPORTED");
  EXPECT_EQ(ran.code, 1);
}

TEST(RepeatTest, HowOftenItFailed) {
  std::string count = Scratch("count");
  Ran ran = RunFake("at-times", {"--repeat=3", "--filter=fake.value"},
                    {"BROOD_FAKE_COUNT=" + count});
  unlink(count.c_str());
  const nlohmann::json &line = *ran.Find("fake.value");
  EXPECT_EQ(line["verdict"], "FAIL") << ran.output;
  EXPECT_EQ(line["failed_of"], nlohmann::json({1, 3}));
  EXPECT_NE(ran.output.find("(failed 1 of 3)"), std::string::npos);
  ran = RunFake("good", {"--repeat=3", "--filter=fake.value"});
  EXPECT_EQ((*ran.Find("fake.value"))["failed_of"], nlohmann::json({0, 3}));
  EXPECT_EQ(ran.code, 0);
}

TEST(StopTest, AfterSoManyFailures) {
  for (const char *jobs : {"-j1", "-j2"}) {
    Ran ran = RunFake("wrong-value", {"--max-failures=1", jobs});
    EXPECT_EQ(ran.code, 1);
    EXPECT_EQ(ran.summary["failed"], 1);
    EXPECT_EQ(ran.results.size(), 1u);
    EXPECT_NE(ran.output.find("11 of 12 cases were not run (--max-failures)"),
              std::string::npos)
        << ran.output;
  }
}

// Whatever hung before: else a verdict would depend on the order.
TEST(HangTest, EachHasTheWholeDeadline) {
  Ran ran = RunFake("hang",
                    {"--filter=fake.value:fake.error", "--scale=0.25", "-j2"});
  for (const char *clause : {"fake.value", "fake.error"}) {
    const nlohmann::json &line = *ran.Find(clause);
    EXPECT_EQ(line["way"], "hang") << ran.output;
    EXPECT_GE(line["seconds"].get<double>(), 2.5);
  }
}

// A run that did not run what was asked of it is no pass.
TEST(SelectionTest, GoogleTestRunsNeitherLessNorMore) {
  const struct {
    const char *env;
    int code;
  } cases[] = {{"GTEST_REPEAT=0", 0},
               {"GTEST_REPEAT=2", 0},
               {"GTEST_SHARD_INDEX=2", 2},
               {"GTEST_SHARD_INDEX=x", 2}};
  for (const auto &one : cases) {
    Ran ran = RunFake("good", {"--filter=fake.value:fake.error"},
                      {one.env, "GTEST_TOTAL_SHARDS=1"});
    EXPECT_EQ(ran.code, one.code) << one.env << ran.output;
    EXPECT_EQ(ran.results.size(), one.code == 0 ? 2u : 0u) << one.env;
  }
}

TEST(JobsTest, AFolderThatIsGoneCostsNoRun) {
  for (const char *jobs : {"-j1", "-j2"}) {
    Ran ran = RunFake("removes-folder", {jobs});
    EXPECT_EQ(ran.results.size(), 12u) << ran.output;
    EXPECT_EQ(ran.Verdict("fake.blocks"), "UNRESOLVED") << ran.output;
    EXPECT_NE(ran.output.find("the runner: cannot make /tmp/brood."),
              std::string::npos)
        << ran.output;
    EXPECT_EQ(ran.output.find("--max-failures"), std::string::npos);
  }
}

TEST(RunnerTest, WorksForACallerThatIgnoresTheEndOfChildren) {
  signal(SIGCHLD, SIG_IGN);
  Ran ran = RunFake("good", {"--filter=fake.value:fake.error", "-j2"});
  signal(SIGCHLD, SIG_DFL);
  EXPECT_EQ(ran.Verdict("fake.value"), "PASS") << ran.output;
  EXPECT_EQ(ran.Verdict("fake.error"), "PASS") << ran.output;
}

TEST(SelectionTest, TheCaseOfTheHelloCanBeAskedFor) {
  Ran ran = RunFake("good", {"--filter=adapter.hello/once"});
  EXPECT_EQ(ran.Verdict("adapter.hello"), "PASS") << ran.output;
  EXPECT_EQ(ran.code, 0);
}

TEST(OptionsTest, MistakesAreClear) {
  const struct {
    std::vector<std::string> args;
    const char *says;
  } mistakes[] = {
      {{"--fliter=x"}, "unknown option '--fliter=x'"},
      {{"--scale=0"}, "--scale takes"},
      {{"--scale=fast"}, "--scale takes"},
      {{"--fix"}, "--fix rewrites"},
      {{"--jobs=0"}, "--jobs takes a number"},
      {{"-jx"}, "--jobs takes a number"},
      {{"--repeat=-1"}, "--repeat takes a number"},
      {{"--gtest_repeat=2"}, "--repeat=N runs"},
      {{"--gtest_fliter=x"}, "unknown option '--gtest_fliter=x'"},
      {{"--fix", "--expect=x", "--smoke"}, "--fix judges the whole file"},
      {{"--scale=inf"}, "--scale takes"},
      {{"--adapter=other"}, "a second adapter, '"},
      {{"--spec=conformance/fakes/./spec"}, "/spec is given twice"},
      {{"--resume=x", "--repeat=2"}, "--repeat runs what passed as well"},
      {{"--shard=1/-1"}, "--shard takes I/N"},
      {{"--shard=1/99999999999999999999"}, "--shard takes I/N"},
      {{"--shard=1/2/3"}, "--shard takes I/N"},
  };
  for (const auto &mistake : mistakes) {
    Ran ran = RunFake("good", mistake.args);
    EXPECT_EQ(ran.code, 2) << ran.output;
    EXPECT_NE(ran.output.find(mistake.says), std::string::npos) << ran.output;
  }
  EXPECT_EQ(RunRunner({}).code, 2);
  EXPECT_EQ(RunRunner({FakeAdapter("good"), "--spec=/nowhere"}).code, 1);
}

TEST(OptionsTest, ListDumpAndHelp) {
  Ran ran = RunFake("good", {"--list"});
  EXPECT_NE(ran.output.find("fake.magic/once  MUST core magic"),
            std::string::npos);
  EXPECT_EQ(ran.code, 0);
  ran = RunFake("good", {"--dump"});
  nlohmann::json dump = nlohmann::json::parse(ran.output);
  EXPECT_EQ(dump["clauses"].size(), 9u);
  EXPECT_EQ(dump["clauses"][0]["steps"][0]["relation"], "==");
  EXPECT_EQ(RunFake("good", {"--help"}).code, 0);
}

TEST(OptionsTest, WrapRunsTheAdapterUnderACommand) {
  Ran ran = RunFake("good", {"--wrap=env BROOD_X=1", "--filter=fake.value"});
  EXPECT_EQ(ran.Verdict("fake.value"), "PASS") << ran.output;
}

// The pid of the next adapter, which waits until it is read.
int ToldPid(const std::string &fifo) {
  FILE *told = fopen(fifo.c_str(), "r");
  int fake = 0;
  EXPECT_EQ(fscanf(told, "%d", &fake), 1);
  fclose(told);
  return fake;
}

// Ended in the middle of a case, it leaves neither process nor folder.
TEST(RunnerTest, LeavesNothingWhenItIsEnded) {
  std::string fifo = Scratch("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  for (int number : {SIGTERM, SIGQUIT, SIGUSR1, SIGALRM}) {
    pid_t runner = StartRunner(
        {FakeAdapter("never-connects"), "--spec=conformance/fakes/spec"},
        {"BROOD_FAKE_TELL=" + fifo});
    int fake = ToldPid(fifo);
    char target[200] = "";
    ssize_t n = readlink(("/proc/" + std::to_string(fake) + "/cwd").c_str(),
                         target, sizeof target - 1);
    ASSERT_GT(n, 0);
    std::string folder(target, static_cast<size_t>(n));
    kill(runner, number);
    int status = 0;
    waitpid(runner, &status, 0);
    EXPECT_NE(status, 0);
    EXPECT_NE(kill(fake, 0), 0);
    EXPECT_NE(access(folder.c_str(), F_OK), 0) << folder;
  }
  unlink(fifo.c_str());
}

// As under nohup.
TEST(RunnerTest, GoesOnThroughWhatItsCallerIgnores) {
  std::string fifo = Scratch("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  signal(SIGHUP, SIG_IGN);
  pid_t runner =
      StartRunner({FakeAdapter("good"), "--spec=conformance/fakes/spec",
                   "--filter=fake.value"},
                  {"BROOD_FAKE_TELL=" + fifo});
  signal(SIGHUP, SIG_DFL);
  EXPECT_GT(ToldPid(fifo), 0);  // for its hello
  kill(runner, SIGHUP);
  EXPECT_GT(ToldPid(fifo), 0);  // for its case
  int status = -1;
  waitpid(runner, &status, 0);
  EXPECT_EQ(status, 0);
  unlink(fifo.c_str());
}

}  // namespace

}  // namespace conformance
