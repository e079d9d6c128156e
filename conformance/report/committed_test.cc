// The results that are committed: that they can be read, that enough of the
// implementations are not CPython, and that the page of all stays small. A
// result of an older spec is no fault here; its page says that it is one.
// SPDX-License-Identifier: MIT
#include <glob.h>
#include <gtest/gtest.h>

#include "conformance/report/matrix.h"
#include "conformance/report/page.h"
#include "conformance/runner/text.h"

namespace conformance::report {

namespace {

constexpr size_t kPageBytes = 3000000;

std::vector<Run> Committed() {
  std::vector<Run> runs;
  glob_t found = {};
  glob("conformance/peers/results/*.jsonl", 0, nullptr, &found);
  for (size_t i = 0; i < found.gl_pathc; i++) {
    std::string file = found.gl_pathv[i];
    runs.push_back(ReadRun(file, ReadFile(file).value_or("")));
  }
  globfree(&found);
  return runs;
}

TEST(CommittedTest, ImplementationsAreManyAndOfSeveralKinds) {
  auto runs = Committed();
  int others = 0;
  for (const auto &run : runs) {
    EXPECT_TRUE(run.summary) << run.file << " was cut short";
    bool cpython = run.adapter.name == "multiprocessing" &&
                   StartsWith(run.adapter.version, "CPython");
    if (!cpython) others++;
  }
  EXPECT_GE(runs.size(), 10u);
  EXPECT_GE(others, 4);
}

// A failure without a reason is one that nobody has looked at.
TEST(CommittedTest, EveryFailureHasAReason) {
  for (const auto &run : Committed()) {
    for (const Answer &one : run.answers) {
      bool unexplained = one.verdict == Verdict::kFail ||
                         one.verdict == Verdict::kXpass ||
                         one.verdict == Verdict::kUnresolved;
      EXPECT_FALSE(unexplained) << run.file << ": " << one.Id();
      bool known = one.verdict == Verdict::kXfail;
      EXPECT_FALSE(known && one.reason.empty()) << run.file << ": " << one.Id();
    }
  }
}

TEST(CommittedTest, ThePageOfAllStaysSmall) {
  Spec spec;
  ASSERT_TRUE(ReadSpecFolder("conformance/spec", &spec));
  std::string page = MakePage(MakeMatrix(spec, Committed()));
  EXPECT_GT(page.size(), 100000u);
  EXPECT_LT(page.size(), kPageBytes);
}

}  // namespace

}  // namespace conformance::report
