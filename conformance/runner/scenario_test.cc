// The scenario language: what each form of a step becomes, and that anything
// else is refused with its column.
// SPDX-License-Identifier: MIT
#include "conformance/runner/scenario.h"

#include <gtest/gtest.h>

namespace conformance {

namespace {

std::string ErrorOf(const std::string &text) {
  try {
    ParseStep(text, 1);
  } catch (const ParseError &error) {
    return error.what();
  }
  return "";
}

TEST(ScenarioTest, CallWithArgumentsAndKeywords) {
  Step s = ParseStep(
      "main: p = c.Process(target=fn:leave, args=[7, \"$tmp\", x], d={})", 9);
  EXPECT_EQ(s.kind, StepKind::kCall);
  EXPECT_EQ(s.line, 9);
  EXPECT_EQ(s.actor, "main");
  EXPECT_EQ(s.binds, std::vector<std::string>{"p"});
  EXPECT_EQ(s.object, "c");
  EXPECT_EQ(s.member, "Process");
  ASSERT_EQ(s.named.size(), 3u);
  EXPECT_EQ(s.named[0].second.dump(), R"({"fn":"leave"})");
  EXPECT_EQ(s.named[1].second.dump(), R"([7,"$tmp",{"name":"x"}])");
  EXPECT_EQ(s.named[2].second.dump(), R"({"map":{}})");
  EXPECT_EQ(s.relation, Relation::kNone);
}

TEST(ScenarioTest, Bytes) {
  Step s = ParseStep(R"(main: x.f(b"abcd", b"") == [b"\n#", b.c])", 1);
  EXPECT_EQ(s.args[0].dump(), R"({"b64":"YWJjZA=="})");
  EXPECT_EQ(s.args[1].dump(), R"({"b64":""})");
  EXPECT_EQ(s.want.dump(), R"([{"b64":"CiM="},{"name":"b.c"}])");
  EXPECT_EQ(ErrorOf("main: x.f(b\"a)"), "a text without its closing quote");
}

TEST(ScenarioTest, ReadWithRelation) {
  Step s = ParseStep("a: a.process.exitcode == -15  # a comment", 1);
  EXPECT_EQ(s.kind, StepKind::kRead);
  EXPECT_EQ(s.object, "a.process");
  EXPECT_EQ(s.member, "exitcode");
  EXPECT_EQ(s.relation, Relation::kEqual);
  EXPECT_EQ(s.want, -15);
}

TEST(ScenarioTest, EveryRelation) {
  const char *const words[] = {"==",    "!=",     "<",          "<=",
                               ">",     ">=",     "in",         "contains",
                               "lacks", "begins", "unordered=="};
  for (const char *word : words) {
    Step s = ParseStep(std::string("main: x.y ") + word + " [1]", 1);
    EXPECT_STREQ(RelationWord(s.relation), word);
    EXPECT_EQ(s.want.dump(), "[1]");
  }
  EXPECT_EQ(ParseStep("main: x.f() is Process", 1).types[0], "Process");
  EXPECT_EQ(ParseStep("main: x.f() blocks", 1).relation, Relation::kBlocks);
  EXPECT_EQ(ParseStep("main: x.f() ends", 1).relation, Relation::kEnds);
  EXPECT_EQ(ParseStep("main: x.f() raises A B within 1", 1).types.size(), 2u);
}

TEST(ScenarioTest, MembersMayBeCalledLikeRelations) {
  Step s = ParseStep("main: x.in contains \"in\"", 1);
  EXPECT_EQ(s.member, "in");
  EXPECT_EQ(s.relation, Relation::kContains);
}

TEST(ScenarioTest, Write) {
  Step s = ParseStep("main: p.daemon := true raises AssertionError", 1);
  EXPECT_EQ(s.kind, StepKind::kWrite);
  EXPECT_EQ(s.value, true);
  EXPECT_EQ(s.relation, Relation::kRaises);
}

TEST(ScenarioTest, Agent) {
  Step s = ParseStep("[fork spawn] b: agent a = c(x, 3) daemon=true", 1);
  EXPECT_EQ(s.kind, StepKind::kAgent);
  EXPECT_EQ(s.guard, (std::vector<std::string>{"fork", "spawn"}));
  EXPECT_EQ(s.actor, "b");
  EXPECT_EQ(s.binds[0], "a");
  EXPECT_EQ(s.object, "c");
  EXPECT_EQ(s.args.size(), 2u);
  EXPECT_EQ(s.named[0].first, "daemon");
  EXPECT_EQ(ParseStep("agent a = mp()", 1).actor, "main");
}

TEST(ScenarioTest, CollectByeDropAndSeveralNames) {
  EXPECT_EQ(ParseStep("a: returns true", 1).kind, StepKind::kCollect);
  EXPECT_EQ(ParseStep("a: returns true", 1).relation, Relation::kEqual);
  EXPECT_EQ(ParseStep("a: returns in [0, 1]", 1).relation, Relation::kIn);
  EXPECT_EQ(ParseStep("a: blocks", 1).kind, StepKind::kCollect);
  EXPECT_EQ(ParseStep("a: blocks", 1).relation, Relation::kBlocks);
  EXPECT_EQ(ParseStep("a: returns \"in\"", 1).want, "in");
  Step raises = ParseStep("a: raises OSError after 0.1", 1);
  EXPECT_EQ(raises.kind, StepKind::kCollect);
  EXPECT_EQ(raises.relation, Relation::kRaises);
  EXPECT_DOUBLE_EQ(raises.after, 0.1);
  EXPECT_EQ(ParseStep("a: bye", 1).kind, StepKind::kBye);
  EXPECT_EQ(ParseStep("a: drop a.process", 1).object, "a.process");
  EXPECT_EQ(ParseStep("a: r, w = os.pipe()", 1).binds.size(), 2u);
}

TEST(ScenarioTest, PseudoActor) {
  Step s = ParseStep("kernel: alive(p) == false within 5", 1);
  EXPECT_TRUE(s.IsPseudo());
  EXPECT_EQ(s.member, "alive");
  EXPECT_DOUBLE_EQ(s.within, 5);
}

TEST(ScenarioTest, ValuesOfTheWire) {
  EXPECT_EQ(ParseStep("main: x.f({\"b64\": \"AA==\"})", 1).args[0].dump(),
            R"({"b64":"AA=="})");
  EXPECT_EQ(ParseStep("main: x.f({\"b64\": 1, \"a\": 2})", 1).args[0].dump(),
            R"({"map":{"a":2,"b64":1}})");
}

TEST(ScenarioTest, RefusesWhatItDoesNotUnderstand) {
  EXPECT_EQ(ErrorOf("main: c.f( == 1"),
            "column 12: expected a value, found '=='");
  const char *const bad[] = {
      "",
      "main",
      "main:",
      "main: f()",
      "mp.get_context()",
      "main: c.f(1) = 2",
      "main: c.f(a=1, 2)",
      "main: c.f() == ",
      "main: c.f(\"open)",
      "main: c.f() == 1 within",
      "main: c.f() == 1 within 1 within 2",
      "main: c.f() == 1 within -1",
      "main: x = c.f() blocks",
      "main: x = c.f() raises A",
      "main: c.f() blocks within 3",
      "kernel: alive",
      "kernel: x.alive(p)",
      "kernel: alive(p) blocks",
      "kernel: alive(p) raises A",
      "[] main: c.f()",
      "agent a = c(k=1)",
      "agent a = c() == 1",
      "main: c.f() == 1 2",
      "main: c.f() == 01x",
      "main: c.f() @ 1",
  };
  for (const char *text : bad) EXPECT_NE(ErrorOf(text), "") << text;
}

TEST(ScenarioTest, CollectsNamesAndFunctions) {
  Step s = ParseStep("main: c.f([x, {\"k\": a.process}, fn:echo])", 1);
  std::vector<std::string> names, functions;
  CollectNames(s.args[0], &names);
  CollectFunctions(s.args[0], &functions);
  EXPECT_EQ(names, (std::vector<std::string>{"x", "a.process"}));
  EXPECT_EQ(functions, std::vector<std::string>{"echo"});
}

}  // namespace

}  // namespace conformance
