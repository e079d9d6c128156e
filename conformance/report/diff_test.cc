// What changed between two runs.
// SPDX-License-Identifier: MIT
#include "conformance/report/diff.h"

#include <gtest/gtest.h>

#include "conformance/report/sample.h"
#include "conformance/runner/results.h"

namespace conformance::report {

namespace {

std::vector<std::string> Ids(const std::vector<Change> &changes) {
  std::vector<std::string> out;
  for (const Change &change : changes) out.push_back(change.after->Id());
  return out;
}

using List = std::vector<std::string>;

class DiffTest : public testing::Test {
 protected:
  DiffTest() : spec_(SampleSpec()), before_(spec_), after_(spec_) {
    before_.AddAll();
    after_.AddAll();
  }
  // The runs are kept, since a difference points into them.
  Difference Compared() {
    old_ = before_.Read();
    new_ = after_.Read();
    return Compare(old_, new_);
  }
  Spec spec_;
  Sample before_, after_;
  report::Run old_, new_;
};

TEST_F(DiffTest, TheSameIsNoDifference) {
  Difference difference = Compared();
  EXPECT_TRUE(difference.Empty());
  EXPECT_NE(TellDifference(old_, new_, difference).find("Nothing changed."),
            std::string::npos);
}

TEST_F(DiffTest, WhatBecameWorseAndBetter) {
  after_.cases[0]["verdict"] = "FAIL";
  before_.cases[1]["verdict"] = "XFAIL";
  after_.cases[2]["verdict"] = "UNSUPPORTED";
  Difference difference = Compared();
  EXPECT_EQ(Ids(difference.worse), (List{"a.each/fork", "a.each/forkserver"}));
  EXPECT_EQ(Ids(difference.better), List{"a.each/spawn"});
  EXPECT_TRUE(difference.otherwise.empty());
}

TEST_F(DiffTest, APidIsNoChangeAndAStepIs) {
  nlohmann::json failed = {{"verdict", "FAIL"},
                           {"way", "value"},
                           {"step", "main: x == 1"},
                           {"got", "pid 17"}};
  for (size_t i : {0, 1, 2}) {
    before_.cases[i].update(failed);
    after_.cases[i].update(failed);
  }
  after_.cases[0]["got"] = "pid 18";
  after_.cases[1]["step"] = "main: y == 1";
  after_.cases[2]["way"] = "hang";
  Difference difference = Compared();
  EXPECT_EQ(Ids(difference.otherwise),
            (List{"a.each/spawn", "a.each/forkserver"}));
  EXPECT_TRUE(difference.worse.empty());
}

TEST_F(DiffTest, WhatOnlyOneOfThemAsked) {
  before_.cases.erase(before_.cases.begin());
  after_.cases.pop_back();
  after_.cases.back()["sentence"] = "It MUST hold twice.";
  Difference difference = Compared();
  ASSERT_EQ(difference.added.size(), 1u);
  EXPECT_EQ(difference.added[0]->Id(), "a.each/fork");
  ASSERT_EQ(difference.gone.size(), 1u);
  EXPECT_EQ(difference.gone[0]->Id(), "b.each/forkserver");
  EXPECT_EQ(Ids(difference.asked), List{"b.each/spawn"});
  EXPECT_TRUE(difference.same_spec);
}

// A digest is of what an implementation is asked.
TEST_F(DiffTest, OtherProfilesAreNoOtherSpec) {
  after_.header["digest"] = "sha256:00";
  after_.header["adapter"]["profiles"] = {"core"};
  EXPECT_TRUE(Compared().same_spec);
}

TEST_F(DiffTest, ItIsToldInWords) {
  after_.header["digest"] = "sha256:00";
  after_.cases[0].update({{"verdict", "FAIL"},
                          {"way", "value"},
                          {"step", "main: x == 1"},
                          {"want", "== 1"},
                          {"got", "2"}});
  Difference difference = Compared();
  EXPECT_FALSE(difference.same_spec);
  EXPECT_EQ(TellDifference(old_, new_, difference),
            "### From mine 2.0, 2026-11-29T07:00:00Z to mine 2.0, "
            "2026-11-29T07:00:00Z\n\n"
            "The two were judged by different specs: `" +
                DigestOf(spec_, {"core", "full"}) +
                "` and `sha256:00`.\n\n"
                "**No longer pass: 1**\n\n"
                "- `a.each/fork` PASS → FAIL (value): It MUST hold.\n"
                "  at `main: x == 1`, want `== 1`, got `2`\n");
}

TEST_F(DiffTest, ARunThatWasCutShortIsNamed) {
  Difference difference = Compared();
  new_.summary.reset();
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "\n\nThe new run was cut short.\n",
                      TellDifference(old_, new_, difference));
}

}  // namespace

}  // namespace conformance::report
