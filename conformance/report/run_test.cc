// Files of results: what is read from one, and those that are refused, each
// for one fault and with its line.
// SPDX-License-Identifier: MIT
#include "conformance/report/run.h"

#include <gtest/gtest.h>

#include "conformance/report/sample.h"
#include "conformance/runner/results.h"
#include "conformance/runner/text.h"

namespace conformance::report {

namespace {

class RunTest : public testing::Test {
 protected:
  RunTest() : spec_(SampleSpec()), sample_(spec_) {
    sample_.AddAll();
  }

  // The file with the line `number` made another one.
  std::string With(size_t number, const std::string &line) const {
    std::vector<std::string> lines = SplitLines(sample_.Text());
    lines[number - 1] = line;
    return Join(lines, "\n") + "\n";
  }

  void Refused(const std::string &text, const std::string &says) {
    try {
      ReadRun("r.jsonl", text);
      ADD_FAILURE() << "accepted, instead of: " << says;
    } catch (const std::runtime_error &error) {
      EXPECT_NE(std::string(error.what()).find(says), std::string::npos)
          << error.what();
    }
  }

  Spec spec_;
  Sample sample_;
};

TEST_F(RunTest, ReadsWhatIsThere) {
  sample_.Add("c.c", "fork+spawn", "XFAIL",
              {{"way", "hang"},
               {"want", "== 1"},
               {"got", "2"},
               {"step", "main: mp.f() == 1"},
               {"step_line", 7},
               {"reason", "known"},
               {"contested", "https://example.org/1"},
               {"failed_of", {1, 3}}});
  report::Run run = sample_.Read();
  EXPECT_EQ(run.Name(), "mine 2.0");
  EXPECT_EQ(run.date, "2026-11-29T07:00:00Z");
  EXPECT_EQ(run.digest, DigestOf(spec_, {"core", "full"}));
  EXPECT_EQ(run.cases, 8);
  ASSERT_EQ(run.answers.size(), 8u);
  const Answer &last = run.answers[7];
  EXPECT_EQ(last.Id(), "c.c/fork+spawn");
  EXPECT_EQ(last.verdict, Verdict::kXfail);
  EXPECT_EQ(last.way, "hang");
  EXPECT_EQ(last.step_line, 7);
  EXPECT_EQ(last.reason, "known");
  EXPECT_EQ(last.contested, "https://example.org/1");
  EXPECT_EQ(last.failed, 1);
  EXPECT_EQ(last.of, 3);
  EXPECT_EQ(run.answers[0].of, 0);
  EXPECT_EQ(run.answers[0].reason, "");
  ASSERT_TRUE(run.summary);
  EXPECT_EQ(run.summary->ran, 8);
  EXPECT_TRUE(run.summary->conforms["core"].yes);
}

TEST_F(RunTest, EveryVerdictIsRead) {
  for (int i = 0; i <= static_cast<int>(Verdict::kXpass); i++) {
    Verdict verdict = static_cast<Verdict>(i);
    Sample sample(spec_);
    sample.Add("a.once", "once", VerdictName(verdict));
    EXPECT_EQ(sample.Read().answers[0].verdict, verdict);
  }
}

TEST_F(RunTest, AFileThatWasCutShortHasNoSummary) {
  report::Run run = sample_.Read(false);
  EXPECT_EQ(run.answers.size(), 7u);
  EXPECT_FALSE(run.summary);
}

TEST_F(RunTest, ALineThatWasCutShortIsNoAnswer) {
  std::string text = sample_.Text(false);
  report::Run run = ReadRun("r.jsonl", text.substr(0, text.size() - 20));
  EXPECT_EQ(run.answers.size(), 6u);
  EXPECT_FALSE(run.summary);
}

TEST_F(RunTest, NothingIsSaidOfAPart) {
  std::string text = ReplaceAll(sample_.Text(), "\"yes\":true", "\"yes\":null");
  report::Run run = ReadRun("r.jsonl", text);
  EXPECT_FALSE(run.summary->conforms["core"].yes);
  EXPECT_EQ(run.summary->conforms["core"].cases, 4);
}

TEST_F(RunTest, OtherFormatsAreRefused) {
  sample_.header["format"] = 2;
  Refused(sample_.Text(), "r.jsonl:1: the format is 2; this program reads 1");
  sample_.header["format"] = "1";
  Refused(sample_.Text(), "r.jsonl:1: \"format\" is \"1\", not a whole number");
  sample_.header.erase("format");
  Refused(sample_.Text(), "r.jsonl:1: \"format\" is missing");
}

TEST_F(RunTest, WhatIsNoJsonIsRefusedWithItsLine) {
  Refused(With(3, "{\"clause\": "), "r.jsonl:3: ");
  Refused(With(3, "[]"), "r.jsonl:3: ");
  Refused(With(3, ""), "r.jsonl:3: ");
  Refused(With(1, "<!DOCTYPE html>"), "r.jsonl:1: ");
  Refused(With(3, "\"a\xff\""), "r.jsonl:3: ");
}

TEST_F(RunTest, FilesWithoutAHeaderAreRefused) {
  Refused("", "r.jsonl: holds no results");
  Refused("half a line", "r.jsonl: holds no results");
  Refused(With(1, sample_.cases[0].dump()), "r.jsonl:1: \"header\" is missing");
}

TEST_F(RunTest, MembersThatAreWrongAreNamed) {
  auto with = [&](const char *name, const nlohmann::json &value) {
    nlohmann::json line = sample_.cases[1];
    line[name] = value;
    return With(3, line.dump());
  };
  Refused(with("verdict", "GOOD"),
          "r.jsonl:3: \"verdict\" is \"GOOD\", not one that the runner has");
  Refused(with("got", 2), "r.jsonl:3: \"got\" is 2, not a text");
  Refused(with("line", -1), "r.jsonl:3: \"line\" is -1, not a whole number");
  Refused(with("provisional", 0), "not true or false");
  Refused(with("failed_of", {1, 2, 3}), "not [failed, of]");
  Refused(with("failed_of", {-1, 2}), "not [failed, of]");
  nlohmann::json line = sample_.cases[1];
  line.erase("again");
  Refused(With(3, line.dump()), "r.jsonl:3: \"again\" is missing");
  sample_.header["options"] = "--sparse";
  Refused(sample_.Text(), "\"options\" is \"--sparse\", not a list of texts");
}

TEST_F(RunTest, ACaseThatComesTwiceIsRefused) {
  sample_.Add("a.each", "spawn");
  Refused(sample_.Text(), "r.jsonl:9: a.each/spawn comes twice");
}

TEST_F(RunTest, NothingFollowsTheSummary) {
  Refused(sample_.Text() + sample_.cases[0].dump() + "\n",
          "r.jsonl:10: a line after the summary");
}

TEST_F(RunTest, TextsOfStrangersDoNothingToATerminal) {
  sample_.cases[0]["got"] = "\x1b[2J\n\xe2\x80\xae";
  EXPECT_EQ(sample_.Read().answers[0].got, "\\x1b[2J\\n\\u202e");
}

}  // namespace

}  // namespace conformance::report
