// The negative control: threads that say that they are processes, by the
// module multiprocessing.dummy. No clause that asks a child anything may hold.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>

#include "conformance/fakes/harness.h"
#include "conformance/runner/spec.h"

namespace conformance {

namespace {

constexpr char kThreads[] =
    "--adapter=conformance/peers/adapter /usr/bin/python3 brood_dummy";

bool HasAgent(const Clause &clause) {
  auto made = [](const Step &step) { return step.kind == StepKind::kAgent; };
  return std::any_of(clause.steps.begin(), clause.steps.end(), made);
}

TEST(ControlTest, TheAdapterAloneIsRefused) {
  Ran ran = RunRunner({kThreads, "--smoke"});
  EXPECT_EQ(ran.Verdict("smoke.error"), "PASS") << ran.output;
  EXPECT_EQ(ran.code, 1) << ran.output;
}

TEST(ControlTest, NoClauseWithAnAgentPasses) {
  Spec spec;
  ASSERT_TRUE(ReadSpecFolder("conformance/spec", &spec));
  Ran ran = RunRunner({kThreads, "--spec=conformance/spec",
                       "--filter=lock.*/fork:event.*/fork:queue.s*/fork"});
  int agents = 0, passed = 0;
  for (const nlohmann::json &line : ran.results) {
    const Clause *clause = spec.Find(line.value("clause", ""));
    if (clause == nullptr) continue;
    bool good = line["verdict"] == "PASS";
    passed += good;
    if (!HasAgent(*clause)) continue;
    agents++;
    EXPECT_FALSE(good) << clause->id << "\n" << ran.output;
  }
  // Both kinds are there: threads can do what needs no second process.
  EXPECT_GT(agents, 10) << ran.output;
  EXPECT_GT(passed, 0) << ran.output;
}

}  // namespace

}  // namespace conformance
