// Each rule of the lint on a spec that breaks just that rule; with the reader
// of chapters and that of the documents' tables.
// SPDX-License-Identifier: MIT
#include "conformance/runner/lint.h"

#include <gtest/gtest.h>

#include "conformance/runner/text.h"

namespace conformance {

namespace {

constexpr char kGood[] =
    "# Chapter\n"
    "\n"
    "Any text.\n"
    "\n"
    "### a.good\n"
    "MUST · core · method · each · since 1.0\n"
    "The list MUST be\n"
    "whole.\n"
    "Source: docs.\n"
    "\n"
    "    # why\n"
    "    main: c = mp.get_context(\"$method\")\n"
    "    [fork] main: c.f(fn:echo) == 1\n"
    "    kernel: alive(main)\n"
    "\n"
    "## Next\n";

constexpr char kTables[] =
    "| `mp` name | answers |\n"
    "|---|---|\n"
    "| `get_context(method)` `f()` | x |\n"
    "\n"
    "| function | does |\n"
    "|---|---|\n"
    "| `echo(*values)` | x |\n"
    "\n"
    "| `kernel` call | answers |\n"
    "|---|---|\n"
    "| `alive(P)` | `true` |\n"
    "\n"
    "| other | table |\n"
    "|---|---|\n"
    "| `unknown(P)` | x |\n";

Spec Read(const std::string &text) {
  Spec spec;
  spec.version = "1.0";
  spec.features.push_back({"method", "core", "Sentence.", {"features.txt", 1}});
  ReadChapter("f.md", text, &spec);
  return spec;
}

std::string Clauses(const std::string &text) {
  return TellProblems(LintClauses(Read(text)));
}

// The good chapter with one thing replaced.
std::string With(const char *from, const char *to) {
  EXPECT_NE(std::string(kGood).find(from), std::string::npos) << from;
  return ReplaceAll(kGood, from, to);
}

std::string Operations(const Spec &spec, const char *tables = kTables) {
  Tables read;
  ReadTables("t.md", tables, &read);
  return TellProblems(LintOperations(spec, read));
}

TEST(SpecReaderTest, ReadsAClauseWithItsPlace) {
  Spec spec = Read(kGood);
  EXPECT_EQ(TellProblems(spec.problems), "");
  ASSERT_EQ(spec.clauses.size(), 1u);
  const Clause &c = spec.clauses[0];
  EXPECT_EQ(c.id, "a.good");
  EXPECT_EQ(c.place.file, "f.md");
  EXPECT_EQ(c.place.line, 5);
  EXPECT_EQ(c.chapter, "f");
  EXPECT_EQ(c.sentence, "The list MUST be whole.");
  EXPECT_EQ(c.source, "docs.");
  EXPECT_EQ(c.since, "1.0");
  EXPECT_FALSE(c.provisional);
  ASSERT_EQ(c.steps.size(), 3u);
  EXPECT_EQ(c.steps[1].line, 13);
}

TEST(SpecReaderTest, AStepThatIsNotUnderstoodHasItsLine) {
  Spec spec = Read(With("kernel: alive(main)", "kernel: alive main"));
  ASSERT_EQ(spec.problems.size(), 1u);
  EXPECT_EQ(spec.problems[0].place.line, 14);
}

TEST(SpecReaderTest, ProvisionalAndUntested) {
  Spec spec = Read(
      "### a.b\nMAY · core · method · once · since 1.0 · provisional\n"
      "It MAY.\nSource: x.\n\nuntested: nobody\ncan see it\n");
  EXPECT_EQ(TellProblems(LintClauses(spec)), "");
  EXPECT_TRUE(spec.clauses[0].provisional);
  EXPECT_EQ(spec.clauses[0].untested, "nobody can see it");
}

TEST(SpecReaderTest, WhatStandsBetweenFencesIsNoClause) {
  EXPECT_TRUE(Read("```\n### a.b\n```\n").clauses.empty());
}

std::string Cited(const std::string &text) {
  Sources sources = {
      {"facts", ReadSource("# Facts\n## §2 Process\n### §2.4 Waiting\n"
                           "| # | rule |\n|---|---|\n| D1 | works |\n")},
      {"pains", ReadSource("## B.5 Locks\n| 40 | held |\n| 47 | lost |\n"
                           "## B.6 Names\n| 52 | left |\n")}};
  return TellProblems(LintCitations({"f.md", 7}, text, sources));
}

TEST(LintTest, WhatTheSourcesHaveMayBeCited) {
  EXPECT_EQ(Cited("facts §2.4, D1; pains B.5 (40, 47), B.6 (52); docs."), "");
  EXPECT_EQ(Cited("departs from facts D1: it hangs; facts §2."), "");
  EXPECT_EQ(Cited("facts D1, from which this departs."), "");
  EXPECT_EQ(Cited("it is killed (facts D1); from 3.11.7 on it is not"), "");
  EXPECT_EQ(Cited("CPython docs, Process; artefacts of it."), "");
}

TEST(LintTest, WhatTheSourcesLackIsToldWithItsPlace) {
  EXPECT_EQ(Cited("facts D1, D2."), "f.md:7: sources/facts.md has no 'D2'\n");
  EXPECT_EQ(Cited("facts §2.5."), "f.md:7: sources/facts.md has no '§2.5'\n");
  EXPECT_EQ(Cited("facts B.5."), "f.md:7: sources/facts.md has no 'B.5'\n");
  // A row of another section.
  EXPECT_EQ(Cited("pains B.6 (52, 40)."),
            "f.md:7: sources/pains.md has no 'B.6 (40)'\n");
  EXPECT_EQ(Cited("facts of life."), "f.md:7: no id follows 'facts'\n");
}

TEST(LintTest, AClauseWhoseSourceIsNotThere) {
  Spec spec = Read(With("Source: docs.", "Source: docs; facts D2."));
  EXPECT_EQ(TellProblems(LintSources(spec, {{"facts", {"D1"}}})),
            "f.md:5: a.good: sources/facts.md has no 'D2'\n");
}

TEST(LintTest, TheGoodChapterIsGood) {
  EXPECT_EQ(Clauses(kGood), "");
  EXPECT_EQ(Operations(Read(kGood)), "");
  EXPECT_EQ(TellProblems(LintNames(Read(kGood))), "");
}

TEST(LintTest, EveryRuleOfAClause) {
  const struct {
    const char *from, *to, *says;
  } rules[] = {
      {"### a.good", "### good", "an id is"},
      {"### a.good", "### a.Good", "an id is"},
      {"### a.good", "### a..good", "an id is"},
      {"### a.good", "### a.-good", "an id is"},
      {"MUST · core", "WILL · core", "the level is"},
      {"· core ·", "· odd ·", "no profile is called"},
      {"· method ·", "· other ·", "belongs to no profile"},
      {"· each ·", "· fork swim ·", "not 'swim'"},
      {"· each ·", "· once ·", "no case for the guard"},
      {"· each ·", "· once ·", "have no meaning"},
      {"· each ·", "· spawn ·", "no case for the guard [fork]"},
      {"\"$method\"", "\"spawn\"", "does not say that it needs spawn"},
      {"\"$method\"", "x=[\"spawn\"]", "does not say that it needs spawn"},
      {"· each ·", "· each needs spawn ·", "does not need spawn besides"},
      {"· each ·", "· each needs swim ·", "needs 'swim', which is no"},
      {"since 1.0", "since one", "names a version"},
      {"since 1.0", "from 1.0", "the metadata is not"},
      {"Source: docs.\n", "", "Source is missing"},
      {"MUST be\n", "must be\n", "lacks its keyword"},
      {"whole.", "whole", "does not end in a stop"},
      {"The list MUST be", "One MUST, or should be able to be", "should be"},
      {"Source: docs.", "untested: no", "a scenario and"},
      {"## Next", "Then more prose.\n## Next", "prose after"},
  };
  for (const auto &rule : rules) {
    std::string told = Clauses(With(rule.from, rule.to));
    EXPECT_NE(told.find(rule.says), std::string::npos)
        << rule.from << " -> " << rule.to << ": " << told;
  }
}

TEST(LintTest, AMethodThatTheHeaderNames) {
  std::string text = With("\"$method\"", "\"spawn\"");
  EXPECT_EQ(Clauses(ReplaceAll(text, "· each ·", "· each needs spawn ·")), "");
  // Of two methods the other one's case needs it too.
  text = ReplaceAll(text, "· each ·", "· fork spawn ·");
  EXPECT_NE(Clauses(text).find("needs spawn"), std::string::npos);
  EXPECT_EQ(
      Clauses(ReplaceAll(text, "fork spawn ·", "fork spawn needs spawn ·")),
      "");
  text = ReplaceAll(With("\"$method\"", "\"fork\""), "· each ·", "· fork ·");
  EXPECT_EQ(Clauses(text), "");
}

TEST(LintTest, NeitherScenarioNorReason) {
  std::string text(kGood);
  text.erase(text.find("    #"), text.find("## Next") - text.find("    #"));
  EXPECT_NE(Clauses(text).find("neither a scenario"), std::string::npos);
}

TEST(LintTest, IdsAreUsedOnceAndForEver) {
  EXPECT_NE(Clauses(std::string(kGood) + kGood).find("an earlier clause has"),
            std::string::npos);
  Spec spec = Read(kGood);
  spec.retired.push_back("a.good");
  EXPECT_NE(TellProblems(LintClauses(spec)).find("retired"), std::string::npos);
}

TEST(LintTest, Bounds) {
  std::string sentence = std::string(150, 'x') + " MUST be";
  EXPECT_EQ(Clauses(With("The list MUST be\nwhole.",
                         (std::string(152, 'x') + " MUST x.").c_str())),
            "");
  EXPECT_NE(Clauses(With("The list MUST be", sentence.c_str()))
                .find("characters; at most 160"),
            std::string::npos);
  std::string steps, agents;
  for (int i = 0; i < 31; i++) steps += "    kernel: alive(main)\n";
  for (int i = 0; i < 5; i++) {
    agents += "    agent a" + std::to_string(i) + " = c()\n";
  }
  const char *last = "    kernel: alive(main)\n";
  EXPECT_NE(Clauses(With(last, steps.c_str())).find("33 steps"),
            std::string::npos);
  EXPECT_NE(Clauses(With(last, agents.c_str())).find("5 agents"),
            std::string::npos);
}

TEST(LintTest, FeaturesAreUsed) {
  Spec spec = Read(kGood);
  spec.features.push_back({"idle", "core", "Sentence.", {"features.txt", 2}});
  EXPECT_EQ(TellProblems(LintClauses(spec)),
            "features.txt:2: no clause is about the feature idle\n");
}

TEST(LintTest, OperationsAreKnownAndUsed) {
  auto told = [](const char *from, const char *to) {
    return Operations(Read(With(from, to)));
  };
  EXPECT_NE(told("alive(main)", "dead(main)").find("no table knows dead"),
            std::string::npos);
  EXPECT_NE(told("alive(main)", "dead(main)").find("uses kernel alive"),
            std::string::npos);
  EXPECT_NE(told("fn:echo", "fn:shout").find("knows fn:shout"),
            std::string::npos);
  EXPECT_NE(told("c.f(", "c.g(").find("no table knows g"), std::string::npos);
  EXPECT_NE(told("mp.get_context", "os.get_context").find("knows get_context"),
            std::string::npos);
}

TEST(LintTest, TheApiIsCovered) {
  Spec spec = Read(kGood);
  spec.api = {{"get_context", false}, {"Lock", true}};
  spec.api_places = {{"get_context", {"api.txt", 1}}, {"Lock", {"api.txt", 2}}};
  EXPECT_EQ(Operations(spec), "");
  spec.api = {{"get_context", true}, {"Lock", false}};
  std::string told = Operations(spec);
  EXPECT_NE(told.find("api.txt:1: get_context is covered, so"),
            std::string::npos);
  EXPECT_NE(told.find("api.txt:2: Lock is covered by no clause"),
            std::string::npos);
}

TEST(LintTest, NamesComeFirst) {
  auto told = [](const char *from, const char *to) {
    return TellProblems(LintNames(Read(With(from, to))));
  };
  EXPECT_NE(told("c = mp", "d = mp").find("nothing is called c"),
            std::string::npos);
  EXPECT_NE(told("alive(main)", "alive(b)").find("nothing is called b"),
            std::string::npos);
  EXPECT_NE(told("[fork] main:", "[fork] a:").find("nothing is called a"),
            std::string::npos);
}

TEST(LintTest, ExpectationsNameClauses) {
  Spec spec = Read(kGood);
  EXPECT_EQ(TellProblems(LintExpectations(spec, "e", "a.*  *  hang  x\n")), "");
  EXPECT_EQ(TellProblems(LintExpectations(spec, "e", "#\nb.*  *  hang  x\n")),
            "e:2: no clause is called b.*\n");
}

}  // namespace

}  // namespace conformance
