// The checker of histories on good ones, and on one of each kind of bad ones.
// SPDX-License-Identifier: MIT
#include "conformance/runner/history.h"

#include <gtest/gtest.h>

namespace conformance {

namespace {

std::string Told(const std::vector<std::string> &histories,
                 const char *made = R"([["a", 3], ["b", 2]])", long lost = 0) {
  std::optional<std::vector<Made>> read = ReadMade(Json::parse(made));
  return read ? JudgeHistories(histories, *read, lost) : "not read";
}

TEST(HistoryTest, OneConsumerGetsAllInAnyMixture) {
  EXPECT_EQ(Told({"a:0\na:1\na:2\nb:0\nb:1\n"}), "ok");
  EXPECT_EQ(Told({"b:0\na:0\na:1\nb:1\na:2\n"}), "ok");
}

TEST(HistoryTest, SeveralConsumersShareThem) {
  EXPECT_EQ(Told({"a:1\nb:1\n", "a:0\nb:0\na:2\n"}), "ok");
  EXPECT_EQ(Told({"", "a:0\na:1\na:2\nb:0\nb:1\n"}), "ok");
}

TEST(HistoryTest, NothingMadeIsNothingLost) {
  EXPECT_EQ(Told({""}, "[]"), "ok");
  EXPECT_EQ(Told({}, R"([["a", 0]])"), "ok");
}

TEST(HistoryTest, Lost) {
  EXPECT_EQ(Told({"a:0\na:1\na:2\nb:0\n"}), "lost: 1 items, the first b:1");
  EXPECT_EQ(Told({"a:0\na:2\n", "b:1\n"}), "lost: 2 items, the first a:1");
  EXPECT_EQ(Told({""}), "lost: 5 items, the first a:0");
}

TEST(HistoryTest, AsManyMayBeLostAsIsSaid) {
  const char made[] = R"([["a", 3], ["b", 2]])";
  EXPECT_EQ(Told({"a:0\na:2\n", "b:0\nb:1\n"}, made, 1), "ok");
  EXPECT_EQ(Told({"a:0\na:2\n", "b:1\n"}, made, 1),
            "lost: 2 items, the first a:1");
}

TEST(HistoryTest, Twice) {
  EXPECT_EQ(Told({"a:0\na:0\na:1\na:2\nb:0\nb:1\n"}),
            "twice: a:0, the second time in consumer 1");
  EXPECT_EQ(Told({"a:0\na:1\na:2\n", "b:0\na:1\nb:1\n"}),
            "twice: a:1, the second time in consumer 2");
}

TEST(HistoryTest, OutOfOrder) {
  EXPECT_EQ(Told({"a:0\na:2\na:1\nb:0\nb:1\n"}),
            "order: consumer 1 has a:1 after a:2");
  EXPECT_EQ(Told({"a:0\na:1\na:2\n", "b:1\nb:0\n"}),
            "order: consumer 2 has b:0 after b:1");
}

TEST(HistoryTest, Foreign) {
  for (const char *line : {"c:0", "a:3", "a:-1", "a:01", "a:", "a", "", "a:0:1",
                           "a:0+1+2", "a:99999999999999999999", "A:0"}) {
    EXPECT_EQ(Told({std::string(line) + "\n"}),
              std::string("foreign: consumer 1 has ") + line);
  }
}

TEST(HistoryTest, Torn) {
  EXPECT_EQ(Told({"a:0+4\n"}), "torn: consumer 1 has a:0+4, not a:0");
  EXPECT_EQ(Told({"a:0\na:1"}),
            "torn: the last line of consumer 1 does not end");
}

TEST(HistoryTest, FilledUpItemsAreAsLongAsTheyWereMade) {
  const char made[] = R"([["a", 11, 5]])";
  std::string first;
  for (int k = 0; k < 10; k++) first += "a:" + std::to_string(k) + "+2\n";
  EXPECT_EQ(Told({first + "a:10+1\n"}, made), "ok");
  EXPECT_EQ(Told({first + "a:10+2\n"}, made),
            "torn: consumer 1 has a:10+2, not a:10+1");
  EXPECT_EQ(Told({first + "a:10\n"}, made),
            "torn: consumer 1 has a:10, not a:10+1");
}

TEST(HistoryTest, AKilledProducersItemsAreAllUpToSomeItem) {
  const char made[] = R"([["a", null], ["b", 1]])";
  EXPECT_EQ(Told({"a:0\nb:0\na:1\n"}, made), "ok");
  EXPECT_EQ(Told({"b:0\n"}, made), "ok");
  EXPECT_EQ(Told({"a:0\nb:0\na:2\n"}, made), "lost: 1 items, the first a:1");
}

TEST(HistoryTest, WhatWasMadeIsReadStrictly) {
  for (const char *made :
       {"{}", "1", R"(["a"])", R"([["a"]])", R"([[1, 2]])", R"([["a", "2"]])",
        R"([["a", 2, null]])", R"([["a", 2, 3, 4]])"}) {
    EXPECT_EQ(Told({}, made), "not read") << made;
  }
}

}  // namespace

}  // namespace conformance
