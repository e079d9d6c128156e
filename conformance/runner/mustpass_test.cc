// A frozen list against chapters in which one thing has changed.
// SPDX-License-Identifier: MIT
#include "conformance/runner/mustpass.h"

#include <gtest/gtest.h>

#include "conformance/runner/lint.h"
#include "conformance/runner/text.h"

namespace conformance {

namespace {

constexpr char kFile[] = "spec/mustpass-1.9.txt";

constexpr char kChapter[] =
    "### a.old\n"
    "MUST · core · method · each · since 1.0\n"
    "It MUST.\n"
    "Source: docs.\n"
    "\n"
    "    main: mp.f()\n"
    "\n"
    "### a.new\n"
    "MUST · core · method · once · since 1.10\n"
    "It MUST.\n"
    "Source: docs.\n"
    "\n"
    "    main: mp.f()\n";

Spec Read(const std::string &text) {
  Spec spec;
  ReadChapter("f.md", text, &spec);
  return spec;
}

// What the list of the chapter says once `from` has become `to`.
std::string After(const char *from, const char *to, Spec extra = Spec()) {
  std::string frozen = MustPassList(Read(kChapter), "1.9");
  Spec spec = Read(ReplaceAll(kChapter, from, to));
  spec.retired = extra.retired;
  return TellProblems(LintMustPass(spec, kFile, frozen));
}

TEST(MustPassTest, AVersionHoldsWhatIsNotLater) {
  std::string list = MustPassList(Read(kChapter), "1.9");
  EXPECT_NE(list.find("\na.old  each\n"), std::string::npos) << list;
  EXPECT_EQ(list.find("a.new"), std::string::npos) << list;
  list = MustPassList(Read(kChapter), "1.10");
  EXPECT_NE(list.find("\na.new  once\n"), std::string::npos) << list;
  EXPECT_EQ(After("a.old", "a.old"), "");
}

TEST(MustPassTest, NothingFrozenBecomesLessOrElse) {
  const char *told =
      "spec/mustpass-1.9.txt:2: a.old is frozen in 1.9, but is no MUST of core "
      "with these methods\n";
  EXPECT_EQ(After("a.old", "a.renamed").find(told), 0u);
  EXPECT_EQ(After("· each", "· fork"), told);
  EXPECT_EQ(After("MUST · core", "SHOULD · core"), told);
  EXPECT_EQ(After("MUST · core", "MUST · full"), told);
  EXPECT_EQ(After("since 1.0\n", "since 1.0 · provisional\n"), told);
  EXPECT_EQ(After("since 1.0\n", "since 1.10\n"), told);
}

TEST(MustPassTest, NothingIsSlippedIn) {
  EXPECT_EQ(After("since 1.10", "since 1.9"),
            "f.md:8: a.new cannot be since 1.9: that is frozen in "
            "spec/mustpass-1.9.txt\n");
}

TEST(MustPassTest, ARetiredClauseMayStayInTheList) {
  Spec extra;
  extra.retired = {"a.old"};
  EXPECT_EQ(After("since 1.0\n", "since 1.10\n", extra), "");
}

}  // namespace

}  // namespace conformance
