// Results as Markdown, held against the text that they should be.
// SPDX-License-Identifier: MIT
#include "conformance/report/markdown.h"

#include <gtest/gtest.h>

#include "conformance/report/sample.h"
#include "conformance/runner/text.h"

namespace conformance::report {

namespace {

constexpr char kGolden[] =
    R"(## Conformance, spec 1.0

| implementation | core | full | pass | fail | unresolved | unsupported | not run | date |
|---|---|---|---:|---:|---:|---:|---:|---|
| mine 2.0 | 1 of 4 fail, 1 unsupported | 1 of 3 fail, 1 unresolved | 3 | 2 | 1 | 1 | 0 | 2026-11-29 |
| other 2.0 | partial, 0 of 1 fail | nothing asked | 1 | 0 | 0 | 0 | 6 | 2026-11-29 |

other 2.0 is a partial run: --filter=a.once; 6 cases not run.

### mine 2.0: 2 cases fail, 1 case is unresolved

- `a.each/fork` FAIL (value): It MUST hold.  
  at `main: mp.f("fork") == 1`, want `== 1`, got `2`  
  `runner --filter=a.each/fork`
- `b.each/fork` XFAIL (hang) 1 of 3 times: It MUST hold.  
  no answer. Known: it waits \<for ever\>  
  `runner --filter=b.each/fork`
- `b.each/spawn` UNRESOLVED: It MUST hold.  
  the adapter broke the protocol  
  `runner --filter=b.each/spawn`
)";

TEST(MarkdownTest, Golden) {
  Spec spec = SampleSpec();
  Sample mine(spec), other(spec, "other");
  mine.AddAll();
  mine.cases[0].update({{"verdict", "FAIL"},
                        {"way", "value"},
                        {"step", "main: mp.f(\"fork\") == 1"},
                        {"want", "== 1"},
                        {"got", "2"}});
  mine.cases[2]["verdict"] = "UNSUPPORTED";
  mine.cases[4].update({{"verdict", "XFAIL"},
                        {"way", "hang"},
                        {"text", "no answer"},
                        {"reason", "it waits <for ever>"},
                        {"failed_of", {1, 3}}});
  mine.cases[5].update(
      {{"verdict", "UNRESOLVED"}, {"text", "the adapter broke the protocol"}});
  other.Add("a.once", "once");
  other.header["options"] = {"--filter=a.once"};
  Matrix matrix = MakeMatrix(spec, {mine.Read(), other.Read()});
  EXPECT_EQ(MakeMarkdown(matrix), kGolden);
}

TEST(MarkdownTest, OnlySoManyFailuresAreListed) {
  Spec spec = SampleSpec();
  Sample sample(spec);
  for (int i = 0; i < 60; i++) {
    sample.Add("a.c" + std::to_string(i), "once", "FAIL");
  }
  std::string text = MakeMarkdown(MakeMatrix(spec, {sample.Read()}));
  EXPECT_NE(text.find("60 cases fail"), std::string::npos) << text;
  EXPECT_NE(text.find("- and 10 more\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("a.c50/once"), std::string::npos) << text;
}

TEST(MarkdownTest, TextsOfStrangersAreNoMarkup) {
  EXPECT_EQ(Code("a`b\nc"), "`a'b\\nc`");
  EXPECT_EQ(Plain("<img onerror=x> [a](b) **c** | #1 @d &lt; `e`"),
            "\\<img onerror=x\\> \\[a\\](b) \\*\\*c\\*\\* \\| \\#1 @d \\&lt; "
            "\\`e\\`");
}

}  // namespace

}  // namespace conformance::report
