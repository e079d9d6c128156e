// Expectations: the form of a line, the honesty of a file, the verdict of an
// expected case, and what --fix makes of it all.
// SPDX-License-Identifier: MIT
#include "conformance/runner/expect.h"

#include <gtest/gtest.h>

#include "conformance/runner/fix.h"
#include "conformance/runner/lint.h"
#include "conformance/runner/text.h"

namespace conformance {

namespace {

Case MakeCase(const std::string &clause, const std::string &label,
              const std::string &level = "MUST") {
  Case one;
  one.clause = clause;
  one.label = label;
  one.level = level;
  return one;
}

Outcome Failed(Way way, const std::string &text) {
  Outcome outcome;
  outcome.verdict = Verdict::kFail;
  outcome.way = way;
  outcome.text = text;
  outcome.want = "== 1";
  outcome.got = "2";
  return outcome;
}

Expectation OneLine(const std::string &line) {
  Expectations e = ParseExpectations("f", line);
  EXPECT_EQ(TellProblems(e.problems), "");
  return e.lines.empty() ? Expectation() : e.lines[0];
}

TEST(ExpectTest, Columns) {
  Expectation e = OneLine("a.b fork,spawn fail:\"got 2\" the reason why");
  EXPECT_EQ(e.clause, "a.b");
  EXPECT_EQ(e.methods, "fork,spawn");
  EXPECT_EQ(e.kind, "fail");
  EXPECT_EQ(e.text, "got 2");
  EXPECT_EQ(e.reason, "the reason why");
  e = OneLine("a.*   *   fail:got 255    lost in the server");
  EXPECT_EQ(e.text, "got 255");
  EXPECT_EQ(e.reason, "lost in the server");
  e = OneLine("a.b  *  fail:got \"a\" and \"b  c\"  why");
  EXPECT_EQ(e.text, "got \"a\" and \"b  c\"");
  EXPECT_EQ(e.reason, "why");
  EXPECT_EQ(OneLine("a.b\t*\thang\twaits for ever").kind, "hang");
  EXPECT_TRUE(ParseExpectations("f", "# a comment\n\n").lines.empty());
}

// --fix reads what it wrote; whoever judges by the file has to say why.
TEST(ExpectTest, LinesThatNobodyExplainedAreRefusedWhereTheyCount) {
  Expectations e = ParseExpectations("f", "a.b  *  fail:x  unexplained");
  EXPECT_EQ(TellProblems(e.problems), "");
  EXPECT_EQ(TellProblems(CheckReasons(e)),
            "f:1: 'unexplained' is no reason: say why a.b is expected\n");
}

TEST(ExpectTest, RefusesDishonestLines) {
  const char *const bad[] = {
      "a.b  *  fail:x",
      "a.b  *  fail:  a reason",
      "a.b  *  fail  a reason",
      "a.b  *  flaky(1/3)  sometimes",
      "a.b  *  flaky  sometimes",
      "a.b  *  unsupported:x  not there",
      "a.b  *  broken  a reason",
      "a.b  *  hang:x  a reason",
      "a.b  *  crash",
      "a.b",
  };
  for (const char *line : bad) {
    Expectations e = ParseExpectations("f", line);
    EXPECT_EQ(e.problems.size(), 1u) << line;
    EXPECT_TRUE(e.lines.empty()) << line;
  }
}

size_t CountProblems(const std::string &text, const std::vector<Case> &cases,
                     const std::string &name = "peer") {
  Expectations e = ParseExpectations("f", text);
  EXPECT_EQ(TellProblems(e.problems), "");
  return CheckExpectations(e, cases, name).size();
}

TEST(ExpectTest, TheFileMustFitTheCases) {
  std::vector<Case> cases = {MakeCase("a.b", "fork"), MakeCase("a.b", "spawn"),
                             MakeCase("a.c", "fork+spawn")};
  EXPECT_EQ(CountProblems("a.b  *  hang  r\na.c  fork*  hang  r", cases), 0u);
  EXPECT_EQ(CountProblems("a.x  *  hang  r", cases), 1u);
  EXPECT_EQ(CountProblems("a.b  forkserver  hang  r", cases), 1u);
  EXPECT_EQ(CountProblems("a.b  fork,spwan,,spawn  hang  r", cases), 2u);
  EXPECT_EQ(CountProblems("a.b  *  hang  r\na.*  spawn  hang  r", cases), 1u);
  EXPECT_EQ(CountProblems("a.b  *  hang  r", cases, "brood"), 1u);
}

TEST(ExpectTest, AWildcardTakesInTwentyCasesAtMost) {
  std::vector<Case> cases;
  for (int i = 0; i < 20; i++) {
    cases.push_back(MakeCase("a.c" + std::to_string(i), "once"));
  }
  EXPECT_EQ(CountProblems("a.*  *  hang  r", cases), 0u);
  cases.push_back(MakeCase("a.last", "once"));
  EXPECT_EQ(CountProblems("a.*  *  hang  r", cases), 1u);
}

TEST(ExpectTest, ALineCanSayHowManyCasesThereAre) {
  std::vector<Case> cases;
  for (int i = 0; i < 30; i++) {
    cases.push_back(MakeCase("a.c" + std::to_string(i), "once"));
  }
  EXPECT_EQ(OneLine("a.*(30)  *  hang  r").cases, 30u);
  EXPECT_EQ(OneLine("a.*(30)  *  hang  r").clause, "a.*");
  EXPECT_EQ(CountProblems("a.*(30)  *  hang  r", cases), 0u);
  EXPECT_EQ(CountProblems("a.*(29)  *  hang  r", cases), 1u);
  EXPECT_EQ(CountProblems("a.c1(1)  *  hang  r", cases), 0u);
  EXPECT_EQ(CountProblems("a.c1(2)  *  hang  r", cases), 1u);
  for (const char *bad : {"a.*(0)", "a.*(x)", "a.*()", "a.*(3", "a.*(-1)"}) {
    Expectations e = ParseExpectations("f", std::string(bad) + "  *  hang  r");
    EXPECT_EQ(e.problems.size(), 1u) << bad;
  }
}

TEST(VersionTest, Numbers) {
  using Numbers = std::vector<int>;
  EXPECT_EQ(VersionNumbers("CPython 3.11.2"), (Numbers{3, 11, 2}));
  EXPECT_EQ(VersionNumbers("4.1.0 on CPython 3.11.2"), (Numbers{4, 1, 0}));
  EXPECT_EQ(VersionNumbers("v20."), Numbers{20});
  EXPECT_EQ(VersionNumbers("3.15.0b2"), (Numbers{3, 15, 0}));
  EXPECT_TRUE(VersionNumbers("from git").empty());
}

TEST(VersionTest, Ranges) {
  const struct {
    const char *range, *version;
    bool holds;
  } rows[] = {
      {"", "any", true},
      {"[3.13..]", "3.13", true},
      {"[3.13..]", "3.13.0", true},
      {"[3.13..]", "3.9", false},
      {"[3.13..]", "4", true},
      {"[3.13.1..]", "3.13", false},
      {"[..3.12]", "3.12.9", true},
      {"[..3.12]", "3.13.0", false},
      {"[..3]", "3.99", true},
      {"[3.11..3.13]", "CPython 3.12.1", true},
      {"[3.11..3.13]", "CPython 3.14.0", false},
  };
  for (const auto &row : rows) {
    VersionRange range;
    EXPECT_TRUE(range.Read(row.range)) << row.range;
    EXPECT_EQ(range.Holds(row.version), row.holds)
        << row.range << " " << row.version;
  }
  for (const char *bad : {"[3.13]", "[..]", "[a..b]", "[3..", "3..4", "[]",
                          "[2..1]", "[3.13..3.9]"}) {
    EXPECT_FALSE(VersionRange().Read(bad)) << bad;
  }
}

TEST(VersionTest, LinesOfOtherVersionsAreNotThere) {
  const char text[] =
      "a.b[..3.12]  *  hang  before\n"
      "a.b[3.13..]  *  crash  after\n"
      "a.x[4..]     *  hang  of no case yet\n"
      "a.c          *  hang  always\n";
  std::vector<Case> cases = {MakeCase("a.b", "fork"), MakeCase("a.c", "fork")};
  const struct {
    const char *version, *kind;
  } rows[] = {{"CPython 3.11.2", "hang"}, {"CPython 3.13.5", "crash"}};
  for (const auto &row : rows) {
    Expectations e = ParseExpectations("f", text);
    KeepVersion(row.version, &e);
    EXPECT_EQ(TellProblems(e.problems), "");
    EXPECT_EQ(TellProblems(CheckExpectations(e, cases, "peer")), "");
    ASSERT_NE(e.Find(cases[0]), nullptr);
    EXPECT_EQ(e.Find(cases[0])->kind, row.kind);
    EXPECT_NE(e.Find(cases[1]), nullptr);
  }
  Expectations e = ParseExpectations("f", text);
  KeepVersion("from git", &e);
  EXPECT_EQ(e.problems.size(), 3u);
  EXPECT_EQ(e.lines.size(), 1u);
}

TEST(ExpectTest, Verdicts) {
  Case one = MakeCase("a.b", "fork");
  Expectation line = OneLine("a.b  *  fail:got 2  r");
  Outcome bad = Failed(Way::kValue, "want == 1, got 2");
  Outcome good;
  EXPECT_EQ(FinalOutcome(one, bad, &line).verdict, Verdict::kXfail);
  EXPECT_EQ(FinalOutcome(one, good, &line).verdict, Verdict::kXpass);
  EXPECT_EQ(FinalOutcome(one, good, nullptr).verdict, Verdict::kPass);
  EXPECT_EQ(FinalOutcome(one, bad, nullptr).verdict, Verdict::kFail);
  Outcome different = Failed(Way::kValue, "want == 1, got 3");
  EXPECT_EQ(FinalOutcome(one, different, &line).verdict, Verdict::kFail);
  Outcome hang = Failed(Way::kHang, "got 2");
  EXPECT_EQ(FinalOutcome(one, hang, &line).verdict, Verdict::kFail);
  Outcome unsupported;
  unsupported.verdict = Verdict::kUnsupported;
  EXPECT_EQ(FinalOutcome(one, unsupported, &line).verdict, Verdict::kXpass);
  Outcome unresolved;
  unresolved.verdict = Verdict::kUnresolved;
  EXPECT_EQ(FinalOutcome(one, unresolved, &line).verdict, Verdict::kUnresolved);
}

TEST(ExpectTest, KindsMatchWays) {
  const struct {
    const char *kind;
    Way way;
  } pairs[] = {
      {"hang", Way::kHang}, {"crash", Way::kCrash}, {"leak", Way::kLeak}};
  for (const auto &a : pairs) {
    Expectation line = OneLine(std::string("a.b  *  ") + a.kind + "  r");
    for (const auto &b : pairs) {
      EXPECT_EQ(FailsAsStated(line, Failed(b.way, "x")), a.way == b.way);
    }
    EXPECT_FALSE(FailsAsStated(line, Failed(Way::kValue, "x")));
  }
}

TEST(ExpectTest, MildClausesWarn) {
  Outcome bad = Failed(Way::kValue, "x");
  Case should = MakeCase("a.b", "fork", "SHOULD");
  EXPECT_EQ(FinalOutcome(should, bad, nullptr).verdict, Verdict::kWarning);
  EXPECT_FALSE(IsRed(should, Verdict::kWarning, false));
  EXPECT_TRUE(IsRed(should, Verdict::kWarning, true));
  Case may = MakeCase("a.b", "fork", "MAY");
  EXPECT_EQ(FinalOutcome(may, bad, nullptr).verdict, Verdict::kWarning);
  EXPECT_FALSE(IsRed(may, Verdict::kWarning, false));
  Case provisional = MakeCase("a.b", "fork");
  provisional.provisional = true;
  EXPECT_EQ(FinalOutcome(provisional, bad, nullptr).verdict, Verdict::kWarning);
  EXPECT_FALSE(IsRed(provisional, Verdict::kWarning, true));
}

TEST(FixTest, KeepsCommentsOrderAndReasons) {
  Case a = MakeCase("a.a", "fork"), a2 = MakeCase("a.a", "spawn"),
       b = MakeCase("a.b", "once"), c = MakeCase("a.c", "once"),
       d = MakeCase("a.d", "fork");
  std::string text =
      "# a comment\n"
      "a.b  *  hang  gone by now\n"
      "a.c  *  crash  stays\n"
      "\n"
      "a.a  *  fail:got 2  half of it\n";
  std::vector<Happened> happened = {
      {&a, Failed(Way::kValue, "want == 1, got 2")},
      {&a2, Outcome()},
      {&b, Outcome()},
      {&c, Failed(Way::kCrash, "killed")},
      {&d, Failed(Way::kValue, "want == 1, got 2")}};
  EXPECT_EQ(FixedText(text, ParseExpectations("f", text), happened),
            "# a comment\n"
            "a.c  *  crash  stays\n"
            "\n"
            "a.a  fork  fail:got 2  half of it\n"
            "a.d  fork  fail:\"got 2\"  unexplained\n");
}

// Each failure is one that the line written for it states.
TEST(FixTest, WhatIsWrittenIsHeldAgainstTheSameText) {
  const struct {
    const char *text, *want, *got, *kind;
  } rows[] = {
      {"want == 1, got 2 (two)", "== 1", "2 (two)", "fail:\"got 2\""},
      {"want == 1, got \"x\"", "== 1", "\"x\"", "fail:\"want == 1\""},
      {"want == \"a  b\", got \"c\"", "== \"a  b\"", "\"c\"",
       "fail:\"want ==\""},
      {"signal for process 5, which is", "", "", "fail:\"signal for process\""},
      {"listed but missing: the feature magic", "one clause", "no magic",
       "fail:\"listed but missing: the feature\""},
  };
  Case one = MakeCase("a.b", "once");
  for (const auto &row : rows) {
    Outcome outcome = Failed(Way::kValue, row.text);
    outcome.want = row.want;
    outcome.got = row.got;
    std::string fixed = FixedText("", Expectations(), {{&one, outcome}});
    EXPECT_EQ(fixed, std::string("a.b  once  ") + row.kind + "  unexplained\n");
    EXPECT_TRUE(FailsAsStated(OneLine(Trim(fixed)), outcome)) << fixed;
  }
}

TEST(FixTest, ALineThatDoesNotFitIsMadeToFit) {
  std::vector<Case> cases = {MakeCase("a.a", "fork"), MakeCase("a.a", "spawn"),
                             MakeCase("a.b", "once")};
  std::vector<Happened> happened;
  for (const Case &one : cases) {
    happened.push_back({&one, Failed(Way::kHang, "no reply")});
  }
  const std::string each = "a.a  fork,spawn  hang  r\na.b  once  hang  r\n";
  const std::string rows[][2] = {
      {"a.?(7)  *  hang  r\n", each},
      {"a.?  *,frok  hang  r\n", each},
      {"a.a  *  hang  r\na.?  *  hang  s\n",
       "a.a  *  hang  r\na.b  once  hang  s\n"},
      {"a.?  *  hang  r\na.a  *  hang  s\n", "a.?  *  hang  r\n"},
  };
  for (const auto &row : rows) {
    Expectations e = ParseExpectations("f", row[0]);
    EXPECT_EQ(FixedText(row[0], e, happened), row[1]);
    EXPECT_EQ(CountProblems(row[1], cases), 0u) << row[1];
  }
}

TEST(FixTest, ALineOfAnotherVersionStays) {
  Case a = MakeCase("a.a", "fork");
  std::string text = "a.a[..3.12]  *  hang  before\n";
  Expectations e = ParseExpectations("f", text);
  KeepVersion("3.13", &e);
  EXPECT_EQ(FixedText(text, e, {{&a, Outcome()}}), text);
  e = ParseExpectations("f", "a.a[3..]  *  hang  then\n");
  KeepVersion("3.13", &e);
  EXPECT_EQ(FixedText("a.a[3..]  *  hang  then\n", e, {{&a, Outcome()}}), "");
}

Case OfFeature(const std::string &clause, const std::string &label,
               const std::string &feature) {
  Case one = MakeCase(clause, label);
  one.feature = feature;
  return one;
}

TEST(FixTest, WhatIsUnsupportedGetsLines) {
  std::vector<Case> cases = {
      OfFeature("a.a", "fork", "gone"),   OfFeature("a.b", "once", "gone"),
      OfFeature("b.a", "fork", "some"),   OfFeature("b.a", "spawn", "some"),
      OfFeature("b.b", "fork", "some"),   OfFeature("b.b", "spawn", "some"),
      OfFeature("c.a", "fork", "named"),  OfFeature("c.b", "fork", "named"),
      OfFeature("d.a", "once", "should"),
  };
  cases[8].level = "SHOULD";
  std::vector<Happened> happened;
  for (const Case &one : cases) {
    Outcome outcome;
    outcome.verdict = Verdict::kUnsupported;
    if (one.Id() == "b.a/spawn") outcome.verdict = Verdict::kPass;
    happened.push_back({&one, outcome});
  }
  std::string text =
      "c.a  *  unsupported  has a reason\n"
      "c.b  *  hang  no longer\n";
  std::string fixed = FixedText(text, ParseExpectations("f", text), happened);
  EXPECT_EQ(fixed,
            "c.a  *  unsupported  has a reason\n"
            "feature:gone  *  unsupported  unexplained\n"
            "feature:some  fork  unsupported  unexplained\n"
            "b.b  spawn  unsupported  unexplained\n"
            "c.b  fork  unsupported  unexplained\n");
  // With reasons, the file is one that the run takes.
  std::string with = ReplaceAll(fixed, "unexplained", "a reason");
  Expectations e = ParseExpectations("f", with);
  EXPECT_EQ(TellProblems(e.problems), "");
  EXPECT_EQ(TellProblems(CheckExpectations(e, cases, "peer")), "");
  EXPECT_EQ(FixedText(with, e, happened), with);
}

}  // namespace

}  // namespace conformance
