// The spec judged as a spec: every rule of the lint on the chapters as they
// are, on the documents' tables, and on the expectations files given as
// arguments. It runs no scenario.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "conformance/runner/lint.h"
#include "conformance/runner/mustpass.h"
#include "conformance/runner/pseudo.h"
#include "conformance/runner/text.h"

namespace conformance {

namespace {

std::vector<std::string> expectation_files;

constexpr char kFolder[] = "conformance/";

Spec RealSpec() {
  Spec spec;
  EXPECT_TRUE(ReadSpecFolder(kFolder + std::string("spec"), &spec));
  return spec;
}

Tables RealTables() {
  Tables tables;
  for (const char *name : {"PROTOCOL.md", "SCENARIOS.md"}) {
    std::string file = std::string(kFolder) + name;
    std::optional<std::string> text = ReadFile(file);
    EXPECT_TRUE(text) << file;
    ReadTables(file, text.value_or(""), &tables);
  }
  return tables;
}

Sources RealSources() {
  Sources sources;
  for (const char *name : {"facts", "pains"}) {
    std::string file = kFolder + std::string("sources/") + name + ".md";
    std::optional<std::string> text = ReadFile(file);
    EXPECT_TRUE(text) << file;
    sources[name] = ReadSource(text.value_or(""));
  }
  return sources;
}

TEST(SpecTest, EveryClauseIsWellFormed) {
  EXPECT_EQ(TellProblems(LintClauses(RealSpec())), "");
}

TEST(SpecTest, OperationsAreKnownAndUsedAndTheApiIsCovered) {
  EXPECT_EQ(TellProblems(LintOperations(RealSpec(), RealTables())), "");
}

TEST(SpecTest, NamesAreBoundBeforeTheyAreUsed) {
  EXPECT_EQ(TellProblems(LintNames(RealSpec())), "");
}

TEST(SpecTest, TheRunnerHasExactlyThePseudoOperationsOfTheTables) {
  Tables tables = RealTables();
  for (const char *actor : {"kernel", "file", "output"}) {
    std::vector<std::string> names = PseudoOperations(actor);
    EXPECT_EQ(names.size(), tables[actor].size()) << actor;
    for (const std::string &name : names) {
      EXPECT_EQ(tables[actor].count(name), 1u) << actor << " " << name;
    }
  }
}

TEST(SpecTest, ExpectationsNameClauses) {
  Spec spec = RealSpec();
  for (const std::string &file : expectation_files) {
    std::optional<std::string> text = ReadFile(file);
    ASSERT_TRUE(text) << file;
    EXPECT_EQ(TellProblems(LintExpectations(spec, file, *text)), "");
  }
}

TEST(SpecTest, WhatIsCitedIsInTheSources) {
  Sources sources = RealSources();
  EXPECT_EQ(TellProblems(LintSources(RealSpec(), sources)), "");
  std::vector<std::string> files = expectation_files;
  files.push_back(kFolder + std::string("README.md"));
  files.push_back(kFolder + std::string("SCENARIOS.md"));
  for (const std::string &file : files) {
    int number = 0;
    for (const std::string &line : SplitLines(ReadFile(file).value_or(""))) {
      Place place = {file, ++number};
      EXPECT_EQ(TellProblems(LintCitations(place, line, sources)), "");
    }
  }
}

TEST(SpecTest, FrozenListsAreAsTheyWere) {
  Spec spec = RealSpec();
  int lists = 0;
  for (const auto &entry :
       std::filesystem::directory_iterator(kFolder + std::string("spec"))) {
    std::string file = entry.path();
    if (file.find("/mustpass-") == std::string::npos) continue;
    lists++;
    EXPECT_EQ(TellProblems(LintMustPass(spec, file, *ReadFile(file))), "")
        << "As long as that version is not out, //conformance:mustpass makes "
           "the list anew.";
  }
  EXPECT_GT(lists, 0);
}

}  // namespace

}  // namespace conformance

int main(int argc, char **argv) {
  testing::InitGoogleTest(&argc, argv);
  conformance::expectation_files.assign(argv + 1, argv + argc);
  return RUN_ALL_TESTS();
}
