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

TEST_F(PlanTest, NamesThatTheSpecDoesNotKnowAreRefused) {
  EXPECT_EQ(UnknownName(spec_, hello_), "");
  hello_.profiles = {"core", "ful"};
  EXPECT_EQ(UnknownName(spec_, hello_),
            "hello: \"profiles\" names \"ful\", which the spec does not know; "
            "the nearest is \"full\"");
  hello_.profiles = {"brood"};
  hello_.features = {"barriers"};
  EXPECT_EQ(UnknownName(spec_, hello_), "") << "no features.txt";
  spec_.features = {{"barrier", "core", "", {}}, {"pair", "core", "", {}}};
  EXPECT_NE(UnknownName(spec_, hello_).find("nearest is \"barrier\""),
            std::string::npos);
}

size_t CountSelected(const std::vector<Case> &cases,
                     const std::vector<std::string> &options) {
  Selection selection;
  for (const std::string &option : options) {
    EXPECT_TRUE(selection.Take(option)) << option;
  }
  EXPECT_EQ(selection.Words(), options);
  return selection.Choose(cases).size();
}

TEST_F(PlanTest, Filters) {
  std::vector<Case> all = MakePlan(spec_, hello_);
  EXPECT_EQ(CountSelected(all, {}), all.size());
  EXPECT_EQ(CountSelected(all, {"--filter=a.each"}), 3u);
  EXPECT_EQ(CountSelected(all, {"--filter=*/spawn"}), 2u);
  EXPECT_EQ(CountSelected(all, {"--filter=a.*:-*/fork*:-a.none"}), 4u);
  EXPECT_EQ(
      CountSelected(all, {"--filter=a.each:a.once", "--gtest_filter=*/fork"}),
      1u);
  EXPECT_EQ(CountSelected(all, {"--filter=nothing"}), 0u);
}

TEST_F(PlanTest, ShardsHaveEachCaseOnce) {
  std::vector<Case> all = MakePlan(spec_, hello_);
  size_t together = 0;
  for (const char *shard : {"--shard=1/3", "--shard=2/3", "--shard=3/3"}) {
    together += CountSelected(all, {shard});
  }
  EXPECT_EQ(together, all.size());
  Selection selection;
  for (const char *bad : {"--shard=0/3", "--shard=4/3", "--shard=1",
                          "--shard=1/3x", "--shard=", "--shards=1/3"}) {
    EXPECT_FALSE(selection.Take(bad)) << bad;
  }
}

TEST_F(PlanTest, SparseOneOfEachClauseIsLeftByItsDigest) {
  hello_.methods = {"fork", "spawn", "forkserver"};
  Selection sparse;
  sparse.sparse = true;
  std::string told;
  for (const Case &one : sparse.Choose(MakePlan(spec_, hello_))) {
    told += one.Id() + " ";
  }
  EXPECT_EQ(told,
            "a.each/fork a.once/once a.some/spawn a.pair/spawn+forkserver "
            "a.none/once hello.feature.one/once hello.feature.two/once ");
  EXPECT_TRUE(sparse.Choose({}).empty());
  // Another clause before them changes nothing, nor does a method less that was
  // not chosen; of what cannot run nothing is chosen.
  spec_.clauses.erase(spec_.clauses.begin());
  std::string rest;
  for (const Case &one : sparse.Choose(MakePlan(spec_, hello_))) {
    rest += one.Id() + " ";
  }
  EXPECT_EQ("a.each/fork " + rest, told);
  hello_.methods = {"spawn"};
  for (const Case &one : sparse.Choose(MakePlan(spec_, hello_))) {
    // A pair needs two methods, so that nothing of it can run.
    if (one.clause == "a.pair") continue;
    EXPECT_TRUE(one.method != "fork" && one.method != "forkserver") << one.Id();
  }
}

TEST(OptionsTest, Parse) {
  Options o;
  EXPECT_EQ(ParseOptions({"--adapter=a b", "--scale=2.5", "--spec=x",
                          "--spec=y", "--strict", "--gtest_shuffle"},
                         &o),
            "");
  EXPECT_EQ(o.adapter, "a b");
  EXPECT_EQ(o.scale, 2.5);
  EXPECT_EQ(o.specs.size(), 2u);
  EXPECT_TRUE(o.strict);
  EXPECT_EQ(o.gtest.size(), 1u);
  EXPECT_FALSE(o.selection.sparse);
  Options sparse;
  EXPECT_EQ(ParseOptions({"--adapter=a", "--sparse"}, &sparse), "");
  EXPECT_TRUE(sparse.selection.sparse);
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

TEST(OptionsTest, ResultsAreToldNothingOfPlaces) {
  Options o;
  EXPECT_EQ(ParseOptions({"--adapter=a/b", "--results=/x/y", "--spec=z",
                          "--strict", "--expect=/home/x/cpython.expect",
                          "--wrap=/usr/bin/valgrind -q a/b", "--filter=a/b"},
                         &o),
            "");
  EXPECT_EQ(o.given,
            (std::vector<std::string>{"--strict", "--expect=cpython.expect",
                                      "--wrap=valgrind -q a/b"}));
}

TEST(OptionsTest, CommandsBecomeAbsolute) {
  EXPECT_EQ(AbsoluteCommand("/bin/sh x-that-is-no-file"),
            (std::vector<std::string>{"/bin/sh", "x-that-is-no-file"}));
  EXPECT_EQ(AbsoluteCommand("sh")[0], "sh");
  EXPECT_EQ(AbsoluteCommand("a/b")[0][0], '/');
}

}  // namespace

}  // namespace conformance
