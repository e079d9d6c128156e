// Expectations cannot lie: with a file that states exactly what is so, the run
// passes; a line taken out, a line too many, or a wrong reason make it fail.
// Nor can results: what is not written, or not judged, is not there.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <unistd.h>

#include "conformance/fakes/harness.h"
#include "conformance/runner/text.h"

namespace conformance {

namespace {

constexpr char kTrue[] =
    "# what the fake does wrong\n"
    "fake.value    *     fail:\"got 1\"  the fake counts from 1\n"
    "fake.method   fork  fail:\"got 1\"  the same\n"
    "fake.should   *     fail:\"got 1\"  the same\n"
    "fake.provisional  *  fail:\"got 1\"  the same\n";

// Only clauses that can be resolved.
constexpr char kFilter[] =
    "--filter=fake.value:fake.method:fake.should:fake.provisional:fake.error";

class HonestyTest : public testing::Test {
 protected:
  ~HonestyTest() override {
    unlink(file_.c_str());
  }
  Ran With(const std::string &text, const std::string &mode = "wrong-value",
           std::vector<std::string> args = {kFilter}) {
    EXPECT_TRUE(WriteFile(file_, text));
    args.push_back("--expect=" + file_);
    return RunFake(mode, args);
  }
  void Refused(const std::string &text, const char *says) {
    Ran ran = With(text);
    EXPECT_EQ(ran.code, 1) << ran.output;
    EXPECT_NE(ran.output.find(says), std::string::npos) << ran.output;
  }
  std::string file_ = Scratch("expect");
};

TEST_F(HonestyTest, TheTruthPasses) {
  Ran ran = With(kTrue);
  EXPECT_EQ(ran.code, 0) << ran.output;
  EXPECT_EQ(ran.Verdict("fake.value"), "XFAIL");
  EXPECT_EQ(ran.Verdict("fake.should"), "XFAIL");
  EXPECT_EQ(ran.Verdict("fake.error"), "PASS");
  EXPECT_NE(ran.output.find("(4 known"), std::string::npos) << ran.output;
}

TEST_F(HonestyTest, ALineTakenOutFails) {
  std::string text = kTrue;
  size_t begin = text.find("fake.method");
  text.erase(begin, text.find('\n', begin) - begin + 1);
  Ran ran = With(text);
  EXPECT_EQ(ran.code, 1) << ran.output;
  EXPECT_EQ(ran.Verdict("fake.method"), "FAIL");
}

TEST_F(HonestyTest, ALineTooManyFails) {
  Ran ran = With(std::string(kTrue) + "fake.error  *  fail:x  it does not\n");
  EXPECT_EQ(ran.code, 1) << ran.output;
  EXPECT_EQ(ran.Verdict("fake.error"), "XPASS");
}

TEST_F(HonestyTest, AWrongReasonFails) {
  Ran ran = With(ReplaceAll(kTrue, "fake.value    *     fail:\"got 1\"",
                            "fake.value    *     fail:\"got 2\""));
  EXPECT_EQ(ran.code, 1) << ran.output;
  EXPECT_EQ(ran.Verdict("fake.value"), "FAIL");
  EXPECT_NE(ran.output.find("fails differently than"), std::string::npos);
  ran = With(ReplaceAll(kTrue, "fake.value    *     fail:\"got 1\"",
                        "fake.value    *     crash"));
  EXPECT_EQ(ran.code, 1) << ran.output;
}

TEST_F(HonestyTest, AFileThatDoesNotFitIsRefused) {
  Refused("fake.none  *  hang  no such clause\n", "matches no case");
  Refused("fake.value  spawn  hang  no such case\n", "matches no case");
  Refused("fake.value  *  hang  a\nfake.v*  *  hang  b\n", "a second line");
  Refused("fake.value  *  hang\n", "reason is missing");
  Refused("fake.value  *  flaky  at times\n", "flaky is not");
  Refused("fake.value  *  unsupported:x  not there\n", "takes no text");
  Refused("feature:none  *  unsupported  not there\n", "matches no case");
}

TEST_F(HonestyTest, AnUnsupportedCaseIsNoFailure) {
  Ran ran = With("fake.magic  *  fail:magic  there is none\n", "good",
                 {"--filter=fake.magic"});
  EXPECT_EQ(ran.Verdict("fake.magic"), "XPASS") << ran.output;
  EXPECT_EQ(ran.code, 1);
}

TEST_F(HonestyTest, WhatIsUnsupportedCanBeExpected) {
  std::string lines =
      "feature:magic  *  unsupported  there is no magic\n"
      "fake.method  spawn,forkserver  unsupported  there is only fork\n";
  // All cases but the one that cannot be resolved, which is the sixth of seven.
  Ran ran = With(lines, "good", {"--shard=7/12"});
  EXPECT_EQ(ran.code, 0) << ran.output;
  EXPECT_NE(ran.output.find("1 unsupported, all as expected"),
            std::string::npos)
      << ran.output;
  ASSERT_EQ(ran.results.size(), 1u);
  EXPECT_EQ(ran.results[0]["verdict"], "UNSUPPORTED");
  EXPECT_EQ(ran.results[0]["reason"], "there is only fork");
  EXPECT_EQ(With("", "good", {"--shard=7/12"}).code, 1);
  ran = With(lines, "lists-magic", {"--filter=fake.magic"});
  EXPECT_EQ(ran.Verdict("fake.magic"), "XPASS") << ran.output;
  EXPECT_EQ(ran.code, 1);
}

TEST_F(HonestyTest, TheReferenceHasNoExpectations) {
  Ran ran = With("fake.value  *  hang  a reason\n", "claims-reference");
  EXPECT_EQ(ran.code, 1) << ran.output;
  EXPECT_NE(ran.output.find("no expectations, ever"), std::string::npos);
  EXPECT_TRUE(ran.results.empty());
}

TEST_F(HonestyTest, AWrongFilterDoesNotHideALineThatMatchesNothing) {
  Ran ran = With(std::string(kTrue) + "fake.none  *  hang  no such clause\n",
                 "wrong-value", {"--filter=fake.error"});
  EXPECT_EQ(ran.code, 1) << ran.output;
}

TEST_F(HonestyTest, KnownHangsTakeASecond) {
  Ran ran = With("fake.value  *  hang  it never answers\n", "hang",
                 {"--filter=fake.value"});
  EXPECT_EQ(ran.Verdict("fake.value"), "XFAIL") << ran.output;
  EXPECT_LT((*ran.Find("fake.value"))["seconds"].get<double>(), 9);
}

TEST_F(HonestyTest, FixWritesWhatIsSo) {
  Ran ran = With("# kept\nfake.error  *  crash  no longer\n", "wrong-value",
                 {"--fix"});
  std::string text = ReadFile(file_).value_or("");
  EXPECT_NE(ran.output.find("-fake.error"), std::string::npos) << ran.output;
  EXPECT_EQ(text,
            "# kept\n"
            "fake.value  once  fail:\"got 1\"  unexplained\n"
            "fake.method  fork  fail:\"got 1\"  unexplained\n"
            "feature:cell  spawn,forkserver  unsupported  unexplained\n"
            "feature:magic  *  unsupported  unexplained\n");
  // What is written without a reason is not accepted as one.
  EXPECT_EQ(RunFake("wrong-value", {kFilter, "--expect=" + file_}).code, 1);
}

// A line whose case did not run says nothing that is not so.
TEST_F(HonestyTest, FixChangesNothingThatItDidNotJudge) {
  std::string text = "fake.value  *  fail:\"got 1\"  a reason\n";
  auto unchanged = [&](const std::string &mode, const std::string &arg,
                       const std::vector<std::string> &env) {
    EXPECT_TRUE(WriteFile(file_, text));
    std::vector<std::string> args = {"--fix", "--expect=" + file_};
    if (!arg.empty()) args.push_back(arg);
    Ran ran = RunFake(mode, args, env);
    EXPECT_NE(ran.code, 0) << ran.output;
    EXPECT_NE(ran.output.find("--fix"), std::string::npos) << ran.output;
    EXPECT_EQ(ReadFile(file_).value_or(""), text) << mode << arg;
  };
  unchanged("no-name", "", {});
  unchanged("good", "--gtest_filter=fake.error", {});
  unchanged("good", "--max-failures=1", {});
  unchanged("good", "", {"GTEST_FILTER=fake.error"});
  unchanged("good", "", {"GTEST_TOTAL_SHARDS=2", "GTEST_SHARD_INDEX=0"});
}

TEST_F(HonestyTest, FixMakesAFile) {
  std::string file = Scratch("made");
  unlink(file.c_str());
  Ran ran = RunFake("wrong-value", {"--fix", "--expect=" + file});
  std::string text = ReadFile(file).value_or("");
  unlink(file.c_str());
  EXPECT_EQ(text,
            "fake.value  once  fail:\"got 1\"  unexplained\n"
            "fake.method  fork  fail:\"got 1\"  unexplained\n"
            "feature:cell  spawn,forkserver  unsupported  unexplained\n"
            "feature:magic  *  unsupported  unexplained\n")
      << ran.output;
}

// Its runs answer so, one after another; {} is no value of the protocol.
Ran RunThreeTimes(const std::string &answers, const std::string &expect) {
  std::string count = Scratch("count"), file = Scratch("expect");
  EXPECT_TRUE(WriteFile(file, expect));
  Ran ran = RunFake(
      "at-times", {"--repeat=3", "--filter=fake.value", "--expect=" + file},
      {"BROOD_FAKE_COUNT=" + count, "BROOD_FAKE_ANSWERS=" + answers});
  unlink(count.c_str());
  unlink(file.c_str());
  return ran;
}

TEST(RepeatTest, NoRunIsHiddenByAnother) {
  const char *line = "fake.value  *  fail:\"got 1\"  the fake counts from 1\n";
  EXPECT_EQ(RunThreeTimes("1 1 1", line).Verdict("fake.value"), "XFAIL");
  for (const char *answers : {"1 7 1", "7 1 1", "1 1 7"}) {
    Ran ran = RunThreeTimes(answers, line);
    EXPECT_EQ(ran.Verdict("fake.value"), "FAIL") << ran.output;
    EXPECT_EQ(ran.code, 1);
  }
  for (const char *answers : {"1 {} 1", "0 0 {}"}) {
    Ran ran = RunThreeTimes(answers, "");
    EXPECT_EQ(ran.Verdict("fake.value"), "UNRESOLVED") << ran.output;
    EXPECT_EQ(ran.code, 1);
  }
}

}  // namespace

TEST(ResultsTest, WhatCannotBeWrittenIsNoPass) {
  for (const char *more : {"-j1", "--list"}) {
    Ran ran = RunFakeOnly("good", {"--results=/dev/full", more,
                                   "--filter=fake.value:fake.error"});
    bool lists = more == std::string("--list");
    EXPECT_EQ(ran.code, lists ? 0 : 1) << ran.output;
    const char *says = "cannot write /dev/full: No space left on device";
    EXPECT_EQ(ran.output.find(says) == std::string::npos, lists) << ran.output;
  }
}

TEST(ResultsTest, ARunThatIsRefusedLeavesAnOlderFileAlone) {
  std::string file = Scratch("older");
  EXPECT_TRUE(WriteFile(file, "older\n"));
  std::string again = "./" + file.substr(file.rfind('/') + 1);
  std::string folder = file.substr(0, file.rfind('/'));
  for (const std::string &arg :
       {std::string("--filter=nothing"), std::string("--expect=/none"),
        std::string("--list"), std::string("--gtest_fliter=x"),
        "--resume=" + folder + "/" + again, "--expect=" + folder + "/" + again,
        "--html=" + folder + "/" + again}) {
    Ran ran = RunFakeOnly("good", {"--results=" + file, arg});
    EXPECT_EQ(ran.code == 0, arg == "--list") << arg << ran.output;
    EXPECT_EQ(ReadFile(file).value_or(""), "older\n") << arg;
  }
  unlink(file.c_str());
}

}  // namespace conformance
