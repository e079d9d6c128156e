// Values: what is well formed, what equals what, and the relations on them;
// with the small helpers for text.
// SPDX-License-Identifier: MIT
#include "conformance/runner/value.h"

#include <gtest/gtest.h>

#include "conformance/runner/scene.h"
#include "conformance/runner/text.h"

namespace conformance {

namespace {

Json J(const char *text) {
  return Json::parse(text);
}

TEST(ValueTest, KindsAreKeptApart) {
  EXPECT_TRUE(SameValue(J("1"), J("1")));
  EXPECT_FALSE(SameValue(J("1"), J("true")));
  EXPECT_FALSE(SameValue(J("1"), J("1.0")));
  EXPECT_FALSE(SameValue(J("0"), J("null")));
  EXPECT_FALSE(SameValue(J("\"AA==\""), J(R"({"b64":"AA=="})")));
  EXPECT_FALSE(SameValue(J("[1]"), J("[true]")));
  EXPECT_TRUE(SameValue(J(R"({"map":{"a":[1]}})"), J(R"({"map":{"a":[1]}})")));
  EXPECT_FALSE(SameValue(J(R"({"map":{"a":1}})"), J(R"({"map":{"a":true}})")));
  EXPECT_FALSE(SameValue(J(R"({"map":{"a":1}})"), J(R"({"map":{"b":1}})")));
}

TEST(ValueTest, SignsCount) {
  EXPECT_FALSE(SameValue(J("-9"), J("18446744073709551607")));
  EXPECT_FALSE(SameValue(J("[18446744073709551615]"), J("[-1]")));
  EXPECT_TRUE(SameValue(J("-9"), J("-9")));
  EXPECT_TRUE(SameValue(Json(7), J("7")));
}

TEST(ValueTest, HandlesAreEqualByName) {
  EXPECT_TRUE(SameValue(J(R"({"ref":"c","type":"X"})"), J(R"({"ref":"c"})")));
  EXPECT_TRUE(SameValue(J(R"({"ref":"r","type":"fd"})"), J(R"({"fd":"r"})")));
  EXPECT_FALSE(SameValue(J(R"({"ref":"c"})"), J(R"({"ref":"d"})")));
}

TEST(ValueTest, BadValues) {
  const char *const good[] = {
      "null", "[1, \"x\", {\"ref\": \"a\"}]", R"({"map":{"a":{"b64":"AAA="}}})",
      R"({"ref":"a","type":"T"})", R"({"double":"fff0000000000000"})"};
  for (const char *text : good) EXPECT_EQ(BadValue(J(text)), "") << text;
  const char *const bad[] = {R"({})",
                             R"({"a":1})",
                             R"({"ref":1})",
                             R"({"ref":"a","x":1})",
                             R"({"b64":"?"})",
                             R"({"b64":"=A=="})",
                             R"({"b64":"===="})",
                             R"({"b64":"AB=="})",
                             R"({"b64":"AAB="})",
                             R"({"map":[]})",
                             R"([{"map":{"a":{"b":1}}}])",
                             R"({"fn":1})",
                             R"({"double":1.5})",
                             R"({"double":"FFF0000000000000"})",
                             R"({"double":"0000000000000000"})",
                             R"({"double":"7fe0000000000000"})",
                             R"({"double":"nan"})"};
  for (const char *text : bad) EXPECT_NE(BadValue(J(text)), "") << text;
}

TEST(ValueTest, PlainIsWhatMeansTheSameEverywhere) {
  EXPECT_TRUE(IsPlain(J(R"([1, {"b64":"AA=="}, {"map":{"a":null}}])")));
  EXPECT_TRUE(IsPlain(J(R"([{"double":"7ff0000000000000"}])")));
  EXPECT_FALSE(IsPlain(J(R"([{"ref":"a"}])")));
  EXPECT_FALSE(IsPlain(J(R"({"map":{"a":{"ref":"a"}}})")));
}

TEST(ValueTest, LongValuesAreCutWhenShown) {
  EXPECT_LT(Show(Json(std::string(100000, 'x'))).size(), 1000u);
}

bool Check(Relation relation, const char *got, const char *want) {
  return Holds(relation, J(got), J(want), {});
}

TEST(RelationTest, Numbers) {
  EXPECT_TRUE(Check(Relation::kLess, "1", "1.5"));
  EXPECT_FALSE(Check(Relation::kLess, "2", "2"));
  EXPECT_TRUE(Check(Relation::kLessOrEqual, "2", "2"));
  EXPECT_TRUE(Check(Relation::kGreater, "-1", "-2"));
  EXPECT_TRUE(Check(Relation::kGreaterOrEqual, "2", "2"));
  EXPECT_FALSE(Check(Relation::kGreater, "true", "0"));
  EXPECT_FALSE(Check(Relation::kLess, "\"1\"", "2"));
  EXPECT_TRUE(Check(Relation::kLess, "9007199254740992", "9007199254740993"));
  EXPECT_TRUE(
      Check(Relation::kLess, "9223372036854775807", "18446744073709551615"));
}

TEST(RelationTest, ADifferenceIsAnotherValueOfTheKind) {
  EXPECT_TRUE(Check(Relation::kDiffers, "1", "2"));
  EXPECT_FALSE(Check(Relation::kDiffers, "1", "1"));
  EXPECT_TRUE(Check(Relation::kDiffers, "[]", "[1]"));
  EXPECT_FALSE(Check(Relation::kDiffers, "null", "1"));
  EXPECT_FALSE(Check(Relation::kDiffers, "true", "1"));
  EXPECT_TRUE(Check(Relation::kDiffers, R"({"ref":"p","type":"A"})",
                    R"({"ref":"q","type":"B"})"));
}

TEST(RelationTest, Membership) {
  EXPECT_TRUE(Check(Relation::kIn, "1", "[2, 1]"));
  EXPECT_FALSE(Check(Relation::kIn, "true", "[1]"));
  EXPECT_TRUE(Check(Relation::kContains, "\"abc\"", "\"b\""));
  EXPECT_TRUE(Check(Relation::kLacks, "[1]", "2"));
  EXPECT_FALSE(Check(Relation::kLacks, "[1]", "1"));
  EXPECT_TRUE(Check(Relation::kBegins, "[2, 1]", "2"));
  EXPECT_FALSE(Check(Relation::kBegins, "[2, 1]", "1"));
  EXPECT_FALSE(Check(Relation::kBegins, "[]", "null"));
  EXPECT_TRUE(Check(Relation::kBegins, "\"abc\"", "\"a\""));
  EXPECT_FALSE(Check(Relation::kBegins, "\"abc\"", "\"b\""));
  // What is no list and no text neither contains nor lacks.
  EXPECT_FALSE(Check(Relation::kLacks, "null", "1"));
  EXPECT_FALSE(Check(Relation::kContains, "null", "1"));
}

TEST(RelationTest, UnorderedCountsRepetitions) {
  EXPECT_TRUE(Check(Relation::kUnordered, "[1, 2, 1]", "[1, 1, 2]"));
  EXPECT_FALSE(Check(Relation::kUnordered, "[1, 2, 2]", "[1, 1, 2]"));
  EXPECT_FALSE(Check(Relation::kUnordered, "[1]", "[1, 1]"));
  EXPECT_FALSE(Check(Relation::kUnordered, "1", "[1]"));
}

TEST(RelationTest, Kinds) {
  auto is = [](const char *got, const char *kind) {
    return Holds(Relation::kIs, J(got), nullptr, {kind});
  };
  EXPECT_TRUE(is("1", "int"));
  EXPECT_FALSE(is("true", "int"));
  EXPECT_TRUE(is(R"({"b64":""})", "bytes"));
  EXPECT_TRUE(is(R"({"double":"7ff0000000000000"})", "float"));
  EXPECT_TRUE(is(R"({"ref":"p","type":"Process"})", "Process"));
  EXPECT_FALSE(is(R"({"ref":"p"})", "Process"));
}

TEST(TextTest, Globs) {
  EXPECT_TRUE(Glob("a*c", "abc"));
  EXPECT_TRUE(Glob("*.b.?", "a.b.c"));
  EXPECT_TRUE(Glob("a*b*c", "axxbyybzc"));
  EXPECT_FALSE(Glob("a*c", "abcd"));
  EXPECT_FALSE(Glob("", "a"));
  EXPECT_TRUE(Glob("*", ""));
}

TEST(TextTest, FiltersKnowHyphensInIds) {
  EXPECT_TRUE(FilterMatches("a.set-x/*", {"a.set-x/fork"}));
  EXPECT_TRUE(FilterMatches("b:a.*", {"a.x/fork"}));
  EXPECT_FALSE(FilterMatches("a.*:-*/fork", {"a.x/fork"}));
  EXPECT_TRUE(FilterMatches("a.*:-*/fork", {"a.x/spawn"}));
  EXPECT_TRUE(FilterMatches("-b.*", {"a.x/spawn"}));
  EXPECT_FALSE(FilterMatches("-b.*:c.*", {"c.x/spawn"}));
}

TEST(TextTest, TailStartsAtALine) {
  EXPECT_EQ(Tail("one\ntwo\nthree\n", 9), "...\nthree\n");
  EXPECT_EQ(Tail("short", 9), "short");
}

TEST(ValueTest, BytesAsTheyTravel) {
  EXPECT_EQ(BytesValue("").dump(), R"({"b64":""})");
  EXPECT_EQ(BytesValue("a").dump(), R"({"b64":"YQ=="})");
  EXPECT_EQ(BytesValue("ab").dump(), R"({"b64":"YWI="})");
  EXPECT_EQ(BytesValue("abc").dump(), R"({"b64":"YWJj"})");
  EXPECT_EQ(BytesValue("\xff\xfe\xfd\xfc").dump(), R"({"b64":"//79/A=="})");
}

}  // namespace

}  // namespace conformance
