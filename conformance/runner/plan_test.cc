// Which cases there are for which implementation, and the options.
// SPDX-License-Identifier: MIT
#include "conformance/runner/plan.h"

#include <gtest/gtest.h>

#include "conformance/runner/launch.h"
#include "conformance/runner/options.h"

namespace conformance {

namespace {

constexpr char kChapter[] =
    "### a.each\nMUST · core · one · each · since 1.0\nx\nSource: x.\n\n"
    "    main: mp.f(\"$method\")\n"
    "### a.once\nMUST · core · one · once · since 1.0\nx\nSource: x.\n\n"
    "    main: mp.f()\n"
    "### a.some\nMUST · core · one · spawn · since 1.0\nx\nSource: x.\n\n"
    "    main: mp.f()\n"
    "### a.pair\nMUST · core · two · each · since 1.0\nx\nSource: x.\n\n"
    "    main: mp.f(\"$other\")\n"
    "### a.none\nMUST · full · one · each · since 1.0\nx\nSource: x.\n\n"
    "    untested: no\n"
    "### a.other\nMUST · python · one · once · since 1.0\nx\nSource: x.\n\n"
    "    main: mp.f()\n";

class PlanTest : public testing::Test {
 protected:
  PlanTest() {
    ReadChapter("f.md", kChapter, &spec_);
    EXPECT_TRUE(spec_.problems.empty());
    hello_.methods = {"fork", "spawn"};
    hello_.features = {"one", "two"};
    hello_.profiles = {"core", "full"};
  }
  std::string Told() {
    std::string out;
    for (const Case &one : MakePlan(spec_, hello_)) {
      out += one.Id();
      if (one.decided == Verdict::kUnsupported) out += "!";
      if (one.decided == Verdict::kUntested) out += "?";
      out += " ";
    }
    return out;
  }
  Spec spec_;
  Hello hello_;
};

TEST_F(PlanTest, ClausesTimesMethods) {
  EXPECT_EQ(Told(),
            "a.each/fork a.each/spawn a.each/forkserver! a.once/once "
            "a.some/spawn a.pair/fork+spawn a.pair/spawn+fork "
            "a.pair/forkserver! a.none/once? hello.feature.one/once "
            "hello.feature.two/once ");
}

TEST_F(PlanTest, MethodsBeyondTheStandardOnes) {
  hello_.methods = {"loky"};
  hello_.features = {"one"};
  EXPECT_EQ(Told(),
            "a.each/fork! a.each/spawn! a.each/forkserver! a.each/loky "
            "a.once/once a.some/spawn! a.pair/fork! a.pair/spawn! "
            "a.pair/forkserver! a.pair/loky! a.none/once? "
            "hello.feature.one/once ");
}

TEST_F(PlanTest, AnotherMethodMayBeMissing) {
  hello_.methods = {"fork"};
  EXPECT_NE(Told().find("a.pair/fork! "), std::string::npos);
}

TEST_F(PlanTest, WhatAClauseNeedsBesidesMayBeMissing) {
  ReadChapter("g.md",
              "### b.each\nMUST · core · one · each needs fork · since 1.0\nx\n"
              "Source: x.\n\n    main: mp.f(\"fork\")\n"
              "### b.once\nMUST · core · one · once needs spawn fork · since "
              "1.0\nx\nSource: x.\n\n    main: mp.f(\"fork\", \"spawn\")\n",
              &spec_);
  EXPECT_NE(Told().find("b.each/fork b.each/spawn b.each/forkserver! "
                        "b.once/once "),
            std::string::npos)
      << Told();
  hello_.methods = {"spawn"};
  EXPECT_NE(Told().find("b.each/fork! b.each/spawn! b.each/forkserver! "
                        "b.once/once! "),
            std::string::npos)
      << Told();
}

TEST_F(PlanTest, AbsentFeatures) {
  spec_.features = {{"one", "core", "", {}}, {"three", "core", "", {}}};
  EXPECT_EQ(AbsentFeatures(spec_, hello_, "core"),
            std::vector<std::string>{"three"});
  EXPECT_TRUE(AbsentFeatures(spec_, hello_, "full").empty());
}

TEST_F(PlanTest, Filters) {
  std::vector<Case> all = MakePlan(spec_, hello_);
  EXPECT_EQ(Select(all, "", "").size(), all.size());
  EXPECT_EQ(Select(all, "a.each", "").size(), 3u);
  EXPECT_EQ(Select(all, "*/spawn", "").size(), 2u);
  EXPECT_EQ(Select(all, "a.*:-*/fork*:-a.none", "").size(), 4u);
  EXPECT_EQ(Select(all, "a.each:a.once", "*/fork").size(), 1u);
  EXPECT_TRUE(Select(all, "nothing", "").empty());
}

TEST_F(PlanTest, ThinnedOneOfEachClauseIsLeftAndTheMethodsTakeTurns) {
  hello_.methods = {"fork", "spawn", "forkserver"};
  std::string told;
  for (const Case &one : Thin(MakePlan(spec_, hello_))) told += one.Id() + " ";
  EXPECT_EQ(told,
            "a.each/fork a.once/once a.some/spawn a.pair/spawn+forkserver "
            "a.none/once hello.feature.one/once hello.feature.two/once ");
  EXPECT_TRUE(Thin({}).empty());
}

TEST(OptionsTest, Parse) {
  Options o;
  EXPECT_EQ(ParseOptions({"--adapter=a b", "--scale=2.5", "--spec=x",
                          "--spec=y", "--strict", "--gtest_repeat=2"},
                         &o),
            "");
  EXPECT_EQ(o.adapter, "a b");
  EXPECT_EQ(o.scale, 2.5);
  EXPECT_EQ(o.specs.size(), 2u);
  EXPECT_TRUE(o.strict);
  EXPECT_EQ(o.gtest.size(), 1u);
  EXPECT_FALSE(o.sparse);
  Options sparse;
  EXPECT_EQ(ParseOptions({"--adapter=a", "--sparse"}, &sparse), "");
  EXPECT_TRUE(sparse.sparse);
  EXPECT_NE(
      ParseOptions({"--adapter=a", "--sparse", "--expect=f", "--fix"}, &sparse),
      "");
  Options none;
  EXPECT_NE(ParseOptions({}, &none), "");
  EXPECT_NE(ParseOptions({"adapter"}, &none), "");
  EXPECT_NE(ParseOptions({"--adapter= "}, &none), "");
  Options listed;
  EXPECT_EQ(ParseOptions({"--list"}, &listed), "");
  EXPECT_EQ(listed.specs, std::vector<std::string>{"conformance/spec"});
}

TEST(OptionsTest, CommandsBecomeAbsolute) {
  EXPECT_EQ(AbsoluteCommand("/bin/sh x-that-is-no-file"),
            (std::vector<std::string>{"/bin/sh", "x-that-is-no-file"}));
  EXPECT_EQ(AbsoluteCommand("sh")[0], "sh");
  EXPECT_EQ(AbsoluteCommand("a/b")[0][0], '/');
}

}  // namespace

}  // namespace conformance
