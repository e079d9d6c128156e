// Runs beside each other, and what may be said of each.
// SPDX-License-Identifier: MIT
#include "conformance/report/matrix.h"

#include <gtest/gtest.h>

#include "conformance/report/badge.h"
#include "conformance/report/sample.h"

namespace conformance::report {

namespace {

class MatrixTest : public testing::Test {
 protected:
  MatrixTest() : spec_(SampleSpec()) {
  }
  Matrix Of(std::vector<report::Run> runs) const {
    return MakeMatrix(spec_, std::move(runs));
  }
  Matrix Of(const Sample &sample) const {
    return Of({sample.Read()});
  }
  std::string Core(const Matrix &matrix) const {
    return TellClaim(matrix.runs[0], matrix.standings[0], "core");
  }
  Claim JudgeCore(const Matrix &matrix) const {
    return Judge(matrix.runs[0], matrix.standings[0], "core");
  }
  Spec spec_;
};

TEST_F(MatrixTest, RowsAreTheSpecsAndCellsItsCases) {
  Sample sample(spec_), other(spec_, "other");
  sample.AddAll();
  other.Add("a.once", "once", "FAIL");
  Matrix matrix = Of({sample.Read(), other.Read()});
  ASSERT_EQ(matrix.rows.size(), 3u);
  EXPECT_EQ(matrix.rows[0].clause.id, "a.each");
  ASSERT_EQ(matrix.rows[0].cells[0].size(), 3u);
  EXPECT_EQ(matrix.rows[0].cells[0][1].label, "spawn");
  EXPECT_EQ(matrix.rows[0].cells[0][1].answer->Id(), "a.each/spawn");
  // A reader sees which cases were not run.
  ASSERT_EQ(matrix.rows[0].cells[1].size(), 3u);
  EXPECT_EQ(matrix.rows[0].cells[1][1].answer, nullptr);
  EXPECT_EQ(matrix.rows[1].cells[1][0].answer->verdict, Verdict::kFail);
  EXPECT_EQ(matrix.standings[0].not_run, 0);
  EXPECT_EQ(matrix.standings[1].not_run, 6);
  EXPECT_EQ(matrix.standings[1].partial,
            std::vector<std::string>{"6 cases not run"});
}

TEST_F(MatrixTest, CasesThatTheSpecDoesNotHaveGetRowsOfTheirOwn) {
  Sample sample(spec_);
  sample.AddAll();
  sample.Add("z.gone", "fork", "FAIL", {{"sentence", "It MUST have been."}});
  Matrix matrix = Of(sample);
  ASSERT_EQ(matrix.rows.size(), 4u);
  EXPECT_FALSE(matrix.rows[3].in_spec);
  EXPECT_EQ(matrix.rows[3].clause.sentence, "It MUST have been.");
  EXPECT_EQ(matrix.rows[3].cells[0][0].answer->verdict, Verdict::kFail);
}

TEST_F(MatrixTest, AWholeRunConforms) {
  Sample sample(spec_);
  sample.AddAll();
  Matrix matrix = Of(sample);
  EXPECT_EQ(JudgeCore(matrix), Claim::kConforms);
  EXPECT_EQ(Core(matrix), "conforms, 4 cases");
  EXPECT_EQ(MakeBadge(matrix, 0, "core").message, "conforms, 4 cases");
  EXPECT_EQ(TellClaim(matrix.runs[0], matrix.standings[0], "python"),
            "not claimed");
}

TEST_F(MatrixTest, AFailureIsCounted) {
  Sample sample(spec_);
  sample.AddAll();
  sample.cases[0]["verdict"] = "XFAIL";
  sample.cases[1]["verdict"] = "UNSUPPORTED";
  sample.cases[2]["verdict"] = "UNRESOLVED";
  Matrix matrix = Of(sample);
  EXPECT_EQ(JudgeCore(matrix), Claim::kFails);
  EXPECT_EQ(Core(matrix), "1 of 4 fail, 1 unresolved, 1 unsupported");
  EXPECT_EQ(matrix.standings[0].counts[Verdict::kXfail], 1);
}

TEST_F(MatrixTest, APartNeverConforms) {
  const std::string green = "#1a7f37";
  Sample whole(spec_);
  whole.AddAll();
  EXPECT_EQ(MakeBadge(Of(whole), 0, "core").color, green);

  Sample sparse = whole;
  sparse.header["options"] = {"--sparse"};
  EXPECT_EQ(Core(Of(sparse)), "partial, 0 of 4 fail");

  Matrix cut = Of({whole.Read(false)});
  EXPECT_EQ(Core(cut), "cut short");
  EXPECT_EQ(cut.standings[0].partial,
            std::vector<std::string>{"cut short after 7 of 7 cases"});

  Sample other = whole;
  other.header["digest"] = "sha256:00";
  Matrix matrix = Of(other);
  EXPECT_FALSE(matrix.standings[0].same_spec);
  EXPECT_EQ(matrix.standings[0].partial,
            std::vector<std::string>{"judged by another spec"});

  Sample missing = whole;
  missing.cases.erase(missing.cases.begin());
  EXPECT_EQ(Of(missing).standings[0].not_run, 1);

  for (const Matrix &one : {Of(sparse), cut, matrix, Of(missing)}) {
    EXPECT_EQ(JudgeCore(one), Claim::kPartial);
    EXPECT_NE(MakeBadge(one, 0, "core").color, green);
  }
}

TEST_F(MatrixTest, OptionsThatLeaveNothingOutAreNoPart) {
  Sample sample(spec_);
  sample.AddAll();
  sample.header["options"] = {"--jobs=2", "--scale=3"};
  EXPECT_EQ(Core(Of(sample)), "conforms, 4 cases");
}

TEST_F(MatrixTest, UnresolvedIsNobodysFailure) {
  EXPECT_TRUE(Fails(Verdict::kFail));
  EXPECT_TRUE(Fails(Verdict::kXfail));
  EXPECT_TRUE(Fails(Verdict::kWarning));
  EXPECT_FALSE(Fails(Verdict::kUnresolved));
  EXPECT_FALSE(Fails(Verdict::kUnsupported));
  EXPECT_FALSE(Fails(Verdict::kXpass));
}

TEST(BadgeTest, TextsOfStrangersAreNoMarkup) {
  std::string svg = BadgeSvg({"a<b>&\"", "\x1b", "#1a7f37"});
  EXPECT_EQ(svg.find("<b>"), std::string::npos);
  EXPECT_NE(svg.find("aria-label=\"a&lt;b&gt;&amp;&quot;: \\x1b\""),
            std::string::npos)
      << svg;
  EXPECT_EQ(BadgeJson({"a\"", "b", "#1a7f37"}),
            "{\"schemaVersion\":1,\"label\":\"a\\\"\",\"message\":\"b\","
            "\"color\":\"#1a7f37\"}\n");
}

}  // namespace

}  // namespace conformance::report
