// What others get to see of a run: the command that runs a case again, as it is
// printed and as it is written into a file, and the page of the results.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "conformance/fakes/harness.h"
#include "conformance/runner/text.h"

namespace conformance {

namespace {

// A command for a shell, run where this test is, but not as a part of it.
Ran RunShell(const std::string &command) {
  std::string output = Scratch("shell");
  Ran ran;
  int status =
      system(("env -i PATH=/usr/bin:/bin " + command + " >" + output + " 2>&1")
                 .c_str());
  ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  ran.output = ReadFile(output).value_or("");
  unlink(output.c_str());
  return ran;
}

TEST(AgainTest, TheCommandRunsAsItIsPrinted) {
  Ran ran = RunFake("wrong-value $HOME 'it;'s",
                    {"--filter=fake.value", "--wrap=/usr/bin/env A=b"});
  std::string again = (*ran.Find("fake.value"))["again"];
  EXPECT_NE(ran.output.find("again       " + again + "\n"), std::string::npos)
      << ran.output;
  ran = RunShell(again);
  EXPECT_EQ(ran.code, 1) << again;
  EXPECT_NE(ran.output.find("FAIL fake.value/once (value)"), std::string::npos)
      << again << ran.output;
  EXPECT_NE(ran.output.find("$HOME 'it;'s"), std::string::npos) << ran.output;
}

TEST(AgainTest, AFileNamesNoFoldersOfThisMachine) {
  std::string here = std::filesystem::current_path();
  std::string file = Scratch("again") + ".jsonl";
  Ran ran = RunShell(here + "/conformance/runner/runner '" +
                     FakeAdapter("wrong-value") +
                     "' --spec=conformance/fakes/spec --filter=fake.value "
                     "--results=" +
                     file);
  std::string results = ReadFile(file).value_or("");
  unlink(file.c_str());
  EXPECT_NE(ran.output.find("again       " + here), std::string::npos)
      << ran.output;
  EXPECT_NE(results.find("\"again\":\"runner "), std::string::npos) << results;
  EXPECT_EQ(results.find(here), std::string::npos) << results;
}

TEST(AgainTest, JudgeSaysHowItIsRun) {
  Ran ran = RunShell("conformance/judge '" + FakeAdapter("wrong-value") +
                     "' --spec=conformance/fakes/spec --filter=fake.value");
  EXPECT_NE(ran.output.find("again       bazel run //conformance:judge -- "
                            "'--adapter=/usr/bin/python3 "
                            "conformance/fakes/fake.py wrong-value' "
                            "--spec=conformance/fakes/spec "
                            "--filter=fake.value/once\n"),
            std::string::npos)
      << ran.output;
}

class HtmlTest : public testing::Test {
 protected:
  ~HtmlTest() override {
    unlink(page_.c_str());
    unlink(results_.c_str());
  }
  Ran Page(std::vector<std::string> args,
           const std::vector<std::string> &env = {}) {
    args.push_back("--html=" + page_);
    args.push_back(FakeAdapter("wrong-value"));
    args.push_back("--spec=conformance/fakes/spec");
    args.push_back("--filter=fake.value");
    args.push_back("--results=" + results_);
    return RunRunner(args, env);
  }
  std::string Text() const {
    return ReadFile(page_).value_or("");
  }
  std::string page_ = Scratch("page") + ".html";
  std::string results_ = Scratch("page") + ".jsonl";
};

TEST_F(HtmlTest, ThePageIsMadeOfTheResults) {
  for (const char *jobs : {"-j1", "-j2"}) {
    unlink(page_.c_str());
    Ran ran = Page({jobs});
    EXPECT_EQ(ran.code, 1) << ran.output;  // that of the run
    EXPECT_NE(Text().find("<!DOCTYPE html>"), std::string::npos) << ran.output;
    EXPECT_NE(Text().find("The cell of a fresh program MUST be 0."),
              std::string::npos);
    EXPECT_NE(Text().find("--filter=fake.value"), std::string::npos);
  }
}

TEST_F(HtmlTest, OneShardAmongOthersMakesNone) {
  Ran ran = Page({}, {"TEST_TOTAL_SHARDS=2", "TEST_SHARD_INDEX=0"});
  EXPECT_NE(ran.output.find("no --html of one shard"), std::string::npos)
      << ran.output;
  EXPECT_EQ(Text(), "");
}

TEST_F(HtmlTest, AFileThatCannotBeWrittenIsAnError) {
  Ran ran = Page({"--html=/none/page.html"});
  EXPECT_EQ(ran.code, 1);  // the last --html counts
  EXPECT_NE(Text(), "");
  page_ = "/none/page.html";
  ran = Page({});
  EXPECT_EQ(ran.code, 1);
  EXPECT_NE(ran.output.find("cannot write /none/page.html"), std::string::npos)
      << ran.output;
}

TEST_F(HtmlTest, ItNeedsResults) {
  Ran ran = RunFakeOnly("good", {"--html=" + page_});
  EXPECT_EQ(ran.code, 2);
  EXPECT_NE(ran.output.find("--html=FILE shows the results of --results=FILE"),
            std::string::npos)
      << ran.output;
  ran = RunFakeOnly("good", {"--html=" + page_, "--smoke", "--results=x"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_NE(RunRunner({"--help"}).output.find("--html=FILE"),
            std::string::npos);
}

}  // namespace

}  // namespace conformance
