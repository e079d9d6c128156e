// Files of results that are refused, each for one fault.
// SPDX-License-Identifier: MIT
#include "conformance/runner/results.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <set>

#include "conformance/runner/check.h"
#include "conformance/runner/text.h"

namespace conformance {

namespace {

constexpr char kChapter[] =
    "### a.each\nMUST · core · one · each · since 1.0\nx\nSource: x.\n\n"
    "    main: mp.f(\"$method\")\n"
    "### a.once\nMUST · core · one · once · since 1.0\nx\nSource: x.\n\n"
    "    main: mp.f()\n";

// A file as a run over the chapter above writes it.
class CheckTest : public testing::Test {
 protected:
  CheckTest() {
    ReadChapter("f.md", kChapter, &spec_);
    spec_.version = "1.0";
    hello_ = {"mine", "2", "C", {"fork"}, {"one"}, {"core"}};
    const char *folder = getenv("TEST_TMPDIR");
    file_ = std::string(folder == nullptr ? "/tmp" : folder) + "/r." +
            std::to_string(getpid());
  }
  ~CheckTest() override {
    unlink(file_.c_str());
  }
  void Write(const std::vector<std::string> &options = {},
             Verdict verdict = Verdict::kPass) {
    Selection selection;
    for (const std::string &option : options) selection.Take(option);
    std::vector<Case> all = MakePlan(spec_, hello_);
    std::vector<Case> asked = selection.Choose(all);
    Results results(file_);
    results.Begin(spec_, hello_, asked.size(), options);
    Tally tally(spec_, hello_, asked.size(), all.size());
    for (const Case &one : asked) {
      CaseResult result;
      result.outcome.verdict = one.reason.empty() ? verdict : one.decided;
      bool red = result.outcome.verdict == Verdict::kFail;
      tally.Add(one, result.outcome, result.outcome, red);
      results.Add(one, result, red, "runner");
    }
    results.End(tally, 1.5);
  }
  std::vector<std::string> Lines() const {
    return SplitLines(ReadFile(file_).value_or(""));
  }
  std::string Check(const std::vector<std::string> &lines) {
    return CheckResults(Join(lines, "\n") + "\n", spec_, &told_);
  }
  void Refused(const std::vector<std::string> &lines, const char *says) {
    std::string wrong = Check(lines);
    EXPECT_NE(wrong.find(says), std::string::npos) << wrong << told_;
  }
  Spec spec_;
  Hello hello_;
  std::string file_, told_;
};

TEST_F(CheckTest, WholeFilesPass) {
  Write();
  EXPECT_EQ(Check(Lines()), "");
  EXPECT_EQ(told_, "all 5 cases of spec 1.0, mine 2, 0 failed, 2 unsupported");
  Write({"--strict"}, Verdict::kFail);
  EXPECT_EQ(Check(Lines()), "");
  EXPECT_EQ(told_, "all 5 cases of spec 1.0, mine 2, 3 failed, 2 unsupported");
}

TEST_F(CheckTest, PartsAreSaidToBeParts) {
  for (const char *part : {"--sparse", "--filter=a.each", "--shard=1/2",
                           "--gtest_filter=a.*/fork:a.each"}) {
    Write({part});
    EXPECT_EQ(Check(Lines()), "") << part;
    EXPECT_EQ(told_.find("partial: 3 of 5 cases ([\""), 0u) << told_;
    EXPECT_NE(told_.find(part), std::string::npos) << told_;
  }
}

TEST_F(CheckTest, TheHeaderSaysWhatWasAskedOfWhom) {
  Write({"--sparse"});
  Json header = Json::parse(Lines()[0])["header"];
  EXPECT_EQ(header["format"], 1);
  EXPECT_EQ(header["spec"], "1.0");
  EXPECT_EQ(header["digest"], DigestOf(spec_, hello_.profiles));
  EXPECT_EQ(header["cases"], 3);
  EXPECT_EQ(header["options"], Json({"--sparse"}));
  EXPECT_EQ(header["date"].get<std::string>().size(), 20u);
  EXPECT_EQ(header["kernel"].get<std::string>().find("Linux "), 0u);
  EXPECT_EQ(header["adapter"]["methods"], Json({"fork"}));
}

TEST_F(CheckTest, AnotherSpecIsRefused) {
  Write();
  std::string before = DigestOf(spec_, hello_.profiles);
  spec_.clauses[0].text += " ";
  std::string after = DigestOf(spec_, hello_.profiles);
  Refused(Lines(), before.c_str());
  Refused(Lines(), after.c_str());
}

// What a run over the chapter that takes the file up need not run.
TEST_F(CheckTest, WhatPassedIsTakenUp) {
  Write({}, Verdict::kPass);
  std::vector<Case> all = MakePlan(spec_, hello_);
  std::string text = ReadFile(file_).value_or("");
  std::set<std::string> passed;
  EXPECT_EQ(PassedBefore(text, hello_, all, &passed), "");
  EXPECT_EQ(passed.count("a.each/fork"), 1u);
  EXPECT_EQ(passed.count("a.each/spawn"), 0u);  // unsupported
  size_t before = passed.size();
  // Of a run that was killed while it wrote, all but the last.
  text = text.substr(0, text.rfind("\"verdict\":\"PASS\""));
  EXPECT_EQ(PassedBefore(text, hello_, all, &passed), "");
  EXPECT_EQ(passed.size(), before - 1);
  Write({}, Verdict::kFail);
  text = ReadFile(file_).value_or("");
  EXPECT_EQ(PassedBefore(text, hello_, all, &passed), "");
  EXPECT_TRUE(passed.empty());
}

TEST_F(CheckTest, AClauseThatHasChangedIsNotTakenUp) {
  Write();
  spec_.clauses[0].text += " ";
  std::set<std::string> passed;
  std::string text = ReadFile(file_).value_or("");
  EXPECT_EQ(PassedBefore(text, hello_, MakePlan(spec_, hello_), &passed), "");
  EXPECT_EQ(passed.count("a.each/fork"), 0u);
  EXPECT_EQ(passed.count("a.once/once"), 1u);
}

TEST_F(CheckTest, AnotherAdapterIsNotTakenUp) {
  Write();
  hello_.version = "3";
  std::set<std::string> passed;
  std::string text = ReadFile(file_).value_or("");
  EXPECT_EQ(PassedBefore(text, hello_, MakePlan(spec_, hello_), &passed),
            "its adapter said that its version is \"2\", and now it is \"3\"");
  EXPECT_NE(PassedBefore("", hello_, {}, &passed), "");
}

TEST_F(CheckTest, ClausesOfProfilesThatItDoesNotClaimOutdateNothing) {
  Write();
  ReadChapter("g.md",
              "# G\n\nProse.\n\n### g.other\nMUST · full · one · once · since "
              "1.0\nIt MUST hold.\nSource: x.\n\n    main: mp.f()\n",
              &spec_);
  EXPECT_EQ(Check(Lines()), "");
}

TEST_F(CheckTest, CasesThatAreMissingAreRefused) {
  Write();
  std::vector<std::string> lines = Lines();
  lines.erase(lines.begin() + 2);
  Refused(lines, "4 of 5 cases; the first that is missing is a.each/spawn");
  lines = Lines();
  lines[2] = lines[1];
  Refused(lines, "the case a.each/fork was not asked, or is there twice");
  Write({"--sparse"});
  lines = Lines();
  lines[0] = ReplaceAll(lines[0], "[\"--sparse\"]", "[]");
  Refused(lines, "header says 3 cases, but the spec has 5");
}

TEST_F(CheckTest, FilesThatWereCutShortAreRefused) {
  Write();
  std::vector<std::string> lines = Lines();
  lines.pop_back();
  Refused(lines, "cut short: no summary after 5 of 5 cases");
  lines.resize(3);
  Refused(lines, "cut short: no summary after 2 of 5 cases");
  lines.resize(1);
  Refused(lines, "cut short: no summary after 0 of 5 cases");
  Refused({}, "no header");
}

TEST_F(CheckTest, OtherFormatsAreRefused) {
  Write();
  std::vector<std::string> lines = Lines();
  Refused({lines[1], lines.back()}, "no header");
  std::string header = lines[0];
  lines[0] = ReplaceAll(header, "\"format\":1", "\"format\":2");
  Refused(lines, "its format is 2; this runner reads format 1");
  lines[0] = ReplaceAll(header, "\"digest\"", "\"dig\"");
  Refused(lines, "not of the format");
  lines[0] = header;
  lines[2] = "{";
  Refused(lines, "not of the format");
  lines[2] = "[]";
  Refused(lines, "not of the format");
}

TEST_F(CheckTest, AYesThatTheCasesDoNotBearIsRefused) {
  Write();
  std::vector<std::string> lines = Lines();
  lines.back() = ReplaceAll(lines.back(), "false", "true");
  Refused(lines, "its summary says conforms {");
  lines = Lines();
  lines[1] = ReplaceAll(lines[1], "\"PASS\"", "\"FAIL\"");
  Refused(lines, "its cases come to {\"core\":{\"cases\":5,\"failed\":1,");
  lines[1] = ReplaceAll(lines[1], "\"FAIL\"", "\"GOOD\"");
  Refused(lines, "\"GOOD\" is no verdict");
}

TEST_F(CheckTest, APartSaysNoYes) {
  Write({"--sparse"});
  std::vector<std::string> lines = Lines();
  lines.back() = ReplaceAll(lines.back(), "null", "true");
  Refused(lines, "\"yes\":null");
}

TEST_F(CheckTest, ASmokeTestJudgesNothing) {
  Write({"--smoke"});
  spec_.clauses[0].text += " ";
  Refused(Lines(), "a smoke test judges nothing");
}

TEST_F(CheckTest, WhoSaidNoHelloWasNotJudged) {
  Write();
  std::vector<std::string> lines = Lines();
  lines[0] = ReplaceAll(lines[0], "\"mine\"", "\"\"");
  Refused(lines, "no hello");
}

}  // namespace

}  // namespace conformance
