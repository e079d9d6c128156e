// Every fake adapter must get its exact verdict.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "conformance/fakes/harness.h"

namespace conformance {

namespace {

struct Golden {
  const char *mode;
  const char *clause;
  const char *verdict;
  const char *way;
  const char *text;  // part of it
  const char *scale = "1";
};

void PrintTo(const Golden &golden, std::ostream *out) {
  *out << golden.mode << " " << golden.clause;
}

class GoldenTest : public testing::TestWithParam<Golden> {};

TEST_P(GoldenTest, GetsItsExactVerdict) {
  const Golden &golden = GetParam();
  std::string clause = golden.clause;
  bool hello = clause == "adapter.hello";
  Ran ran = RunFake(golden.mode,
                    {std::string("--filter=") + (hello ? "fake.value" : clause),
                     std::string("--scale=") + golden.scale});
  const nlohmann::json *result = ran.Find(clause);
  ASSERT_NE(result, nullptr) << ran.output;
  EXPECT_EQ((*result)["verdict"], golden.verdict) << ran.output;
  EXPECT_EQ((*result)["way"], golden.way) << ran.output;
  std::string text = (*result)["text"];
  EXPECT_NE(text.find(golden.text), std::string::npos) << text;
  std::string verdict = golden.verdict;
  bool red = verdict == "FAIL" || verdict == "UNRESOLVED";
  EXPECT_EQ(ran.code, red ? 1 : 0) << ran.output;
}

// Hangs take their whole deadline: those run at a fifth of the time.
const Golden kGolden[] = {
    {"good", "fake.value", "PASS", "", ""},
    {"good", "fake.error", "PASS", "", ""},
    {"good", "fake.blocks", "PASS", "", ""},
    {"good", "fake.untested", "UNTESTED", "", "nobody can see it"},
    {"good", "fake.magic", "UNSUPPORTED", "", "feature magic"},
    {"good", "fake.unbound", "UNRESOLVED", "", "nothing is not bound"},
    {"wrong-value", "fake.value", "FAIL", "value", "want == 0, got 1"},
    {"wrong-value", "fake.should", "WARNING", "value", "got 1"},
    {"wrong-value", "fake.provisional", "WARNING", "value", "got 1"},
    {"wrong-error", "fake.error", "FAIL", "wrong error", "got TypeError"},
    {"no-error", "fake.error", "FAIL", "no error", "got null"},
    {"hang", "fake.value", "FAIL", "hang", "no reply", "0.2"},
    {"spin", "fake.blocks", "FAIL", "value", "does not sleep", "0.2"},
    {"hang-at-bye", "fake.value", "FAIL", "hang", "bye", "0.2"},
    {"never-exits", "fake.value", "FAIL", "hang", "does not exit", "0.2"},
    {"exit-0", "fake.value", "FAIL", "crash", "exit code 0"},
    {"exit-3", "fake.value", "FAIL", "crash", "exit code 3"},
    {"segv", "fake.value", "FAIL", "crash", "killed by SEGV"},
    {"segv-at-bye", "fake.value", "FAIL", "crash", "killed by SEGV"},
    {"fails-at-exit", "fake.value", "FAIL", "leak", "exit code 1"},
    {"leak-process", "fake.value", "FAIL", "leak", "processes are left", "0.1"},
    {"leak-daemon", "fake.value", "FAIL", "leak", "processes are left", "0.1"},
    {"leak-shm", "fake.value", "FAIL", "leak", "/dev/shm: brood-fake"},
    {"leak-dot-shm", "fake.value", "FAIL", "leak", "/dev/shm: .brood-fake"},
    {"much-at-bye", "fake.value", "UNRESOLVED", "", "bytes to its stderr"},
    {"leak-tmp", "fake.value", "FAIL", "leak", "TMPDIR: left"},
    {"wrong-id", "fake.value", "UNRESOLVED", "", "id is not the request's"},
    {"garbage", "fake.value", "UNRESOLVED", "", "no JSON at all"},
    {"not-utf8", "fake.value", "UNRESOLVED", "", "not JSON in UTF-8"},
    {"not-object", "fake.value", "UNRESOLVED", "", "JSON object"},
    {"no-id", "fake.value", "UNRESOLVED", "", "no \"id\""},
    {"text-id", "fake.value", "UNRESOLVED", "", "id is not the request's"},
    {"no-answer", "fake.value", "UNRESOLVED", "", "exactly one of"},
    {"two-answers", "fake.value", "UNRESOLVED", "", "exactly one of"},
    {"two-replies", "fake.value", "UNRESOLVED", "", "nobody asked for"},
    {"late-word", "fake.value", "UNRESOLVED", "", "nobody asked for"},
    {"talks-at-bye", "fake.value", "UNRESOLVED", "", "instead of null"},
    {"empty-error", "fake.value", "UNRESOLVED", "", "with Exception"},
    {"bare-error", "fake.error", "UNRESOLVED", "", "with Exception"},
    {"empty-line", "fake.value", "UNRESOLVED", "", "not JSON"},
    {"bad-value", "fake.value", "UNRESOLVED", "", "one key"},
    {"no-text", "fake.value", "UNRESOLVED", "", "an error has a"},
    {"null-text", "fake.error", "UNRESOLVED", "", "an error has a"},
    {"third-key", "fake.value", "UNRESOLVED", "", "no other key"},
    {"key-twice", "fake.value", "UNRESOLVED", "", "key \"ok\" is there twice"},
    {"inner-key-twice", "fake.value", "UNRESOLVED", "", "\"a\" is there twice"},
    {"byte-order-mark", "fake.value", "UNRESOLVED", "", "byte-order mark"},
    {"nul", "fake.value", "UNRESOLVED", "", "a NUL is not part"},
    {"huge-number", "fake.value", "UNRESOLVED", "", "beyond those of double"},
    {"deep-lists", "fake.value", "UNRESOLVED", "", "more than 64 deep"},
    {"deep-maps", "fake.value", "UNRESOLVED", "", "more than 64 deep"},
    {"deep-id", "fake.value", "UNRESOLVED", "", "more than 64 deep"},
    {"deep-begin", "fake.value", "UNRESOLVED", "", "more than 64 deep"},
    {"long-line", "fake.value", "UNRESOLVED", "", "more than 1 MiB"},
    {"endless-line", "fake.value", "UNRESOLVED", "", "more than 1 MiB"},
    {"hollow-magic", "fake.magic", "FAIL", "value", "want an object for x"},
    {"endless-output", "fake.value", "UNRESOLVED", "", "at most 16777216"},
    {"much-output", "fake.value", "PASS", "", ""},
    {"lists-feature", "fake.magic", "UNSUPPORTED", "", "no magic"},
    {"lists-feature", "hello.feature.magic", "FAIL", "value", "but missing"},
    {"good", "hello.feature.cell", "PASS", "", ""},
    {"wrong-protocol", "adapter.hello", "UNRESOLVED", "", "protocol 2"},
    {"no-profiles", "adapter.hello", "UNRESOLVED", "", "profiles"},
    {"no-name", "adapter.hello", "UNRESOLVED", "", "no text \"name\""},
    {"unknown-feature", "adapter.hello", "UNRESOLVED", "",
     "\"magik\", which the spec does not know; the nearest is \"magic\""},
    {"many-methods", "adapter.hello", "UNRESOLVED", "", "has 101 words"},
    {"unknown-profile", "adapter.hello", "UNRESOLVED", "", "is \"full\""},
    {"forged-method", "adapter.hello", "UNRESOLVED", "", "of at most 40"},
    {"method-is-path", "adapter.hello", "UNRESOLVED", "", "list of words"},
    {"lists-twice", "adapter.hello", "UNRESOLVED", "", "\"fork\" twice"},
    {"deep-first", "adapter.hello", "UNRESOLVED", "", "more than 64 deep"},
    {"forged-name", "fake.value", "PASS", "", ""},
    {"forged-value", "fake.value", "FAIL", "value", "got \"fake\\n"},
    {"forged-error", "fake.error", "FAIL", "wrong error", "got fake\\n"},
    {"forged-unsupported", "fake.value", "UNSUPPORTED", "", "no fake\\n"},
    {"forged-file", "fake.value", "FAIL", "leak", "TMPDIR: fake\\n"},
    {"forged-process", "fake.value", "FAIL", "leak", "fake\\n", "0.1"},
    {"forged-output", "fake.value", "PASS", "", ""},
    {"wrong-first", "adapter.hello", "UNRESOLVED", "", "first message"},
    {"wrong-pid", "adapter.hello", "UNRESOLVED", "", "the kernel says"},
    {"wrapped", "adapter.hello", "UNRESOLVED", "", "must exec it"},
    {"closes-at-once", "adapter.hello", "UNRESOLVED", "", "closed"},
    {"ends-early", "adapter.hello", "UNRESOLVED", "", "exit code 5"},
    {"never-connects", "adapter.hello", "UNRESOLVED", "", "connect", "0.1"},
    {"silent", "adapter.hello", "UNRESOLVED", "", "never sent", "0.1"},
};

INSTANTIATE_TEST_SUITE_P(Fakes, GoldenTest, testing::ValuesIn(kGolden));

}  // namespace

}  // namespace conformance
