// Proves that the judges of histories see what they are there for: each bad
// history is condemned, the good ones beside it are not.
// SPDX-License-Identifier: MIT
#include "lib/test/history.h"

#include <gtest/gtest.h>

namespace {

Event Enter(int worker) {
  return {(uint16_t)worker, Did::kEnter, 0};
}
Event Leave(int worker) {
  return {(uint16_t)worker, Did::kLeave, 0};
}
Event Wait(int worker) {
  return {(uint16_t)worker, Did::kWait, 0};
}
Event Notify(int worker, uint32_t count) {
  return {(uint16_t)worker, Did::kNotify, count};
}
Event Woken(int worker) {
  return {(uint16_t)worker, Did::kWoken, 0};
}
Event Arrive(int worker, uint32_t round) {
  return {(uint16_t)worker, Did::kArrive, round};
}
Event Pass(int worker, uint32_t round) {
  return {(uint16_t)worker, Did::kPass, round};
}

TEST(Holders, Good) {
  EXPECT_EQ(JudgeHolders({}, 1), "");
  EXPECT_EQ(JudgeHolders({Enter(1), Leave(1), Enter(2), Leave(2)}, 1), "");
  EXPECT_EQ(JudgeHolders({Enter(1), Enter(2), Leave(1), Leave(2)}, 2), "");
}

TEST(Holders, TwoHolders) {
  EXPECT_PRED_FORMAT2(
      testing::IsSubstring, "too many",
      JudgeHolders({Enter(1), Enter(2), Leave(1), Leave(2)}, 1));
}

TEST(Holders, BoundExceeded) {
  EXPECT_PRED_FORMAT2(
      testing::IsSubstring, "event 4, worker 1: too many",
      JudgeHolders({Enter(1), Enter(2), Leave(1), Enter(3), Enter(1)}, 2));
}

TEST(Holders, ABrokenRecord) {
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "twice",
                      JudgeHolders({Enter(1), Enter(1)}, 2));
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "without having",
                      JudgeHolders({Leave(1)}, 1));
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "never left",
                      JudgeHolders({Enter(1)}, 1));
}

TEST(WakeUps, Good) {
  EXPECT_EQ(JudgeWakeUps({Notify(1, 1)}), "");
  EXPECT_EQ(JudgeWakeUps({Wait(1), Notify(2, 5), Woken(1)}), "");
  EXPECT_EQ(JudgeWakeUps({Wait(1), Wait(2), Notify(3, 1), Woken(1),
                          Notify(3, 1), Woken(2)}),
            "");
}

TEST(WakeUps, OneIsLost) {
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "1 wake-ups",
                      JudgeWakeUps({Wait(1), Notify(2, 1)}));
  // Two notified, one came back.
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "1 wake-ups",
                      JudgeWakeUps({Wait(1), Wait(2), Notify(3, 2), Woken(1)}));
}

TEST(WakeUps, OneIsToNobodysCredit) {
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "by nobody",
                      JudgeWakeUps({Wait(1), Woken(1)}));
  // A notification is not remembered for who comes after it.
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "by nobody",
                      JudgeWakeUps({Notify(2, 1), Wait(1), Woken(1)}));
  EXPECT_PRED_FORMAT2(
      testing::IsSubstring, "by nobody",
      JudgeWakeUps({Wait(1), Wait(2), Notify(3, 1), Woken(1), Woken(2)}));
}

TEST(WakeUps, ABrokenRecord) {
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "without having waited",
                      JudgeWakeUps({Woken(1)}));
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "waits twice",
                      JudgeWakeUps({Wait(1), Wait(1)}));
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "waits for ever",
                      JudgeWakeUps({Wait(1)}));
}

TEST(Rounds, Good) {
  EXPECT_EQ(JudgeRounds({Arrive(1, 0), Arrive(2, 0), Pass(2, 0), Arrive(2, 1),
                         Pass(1, 0), Arrive(1, 1), Pass(1, 1), Pass(2, 1)},
                        2),
            "");
}

TEST(Rounds, APartyInTwoRounds) {
  EXPECT_PRED_FORMAT2(
      testing::IsSubstring, "worker 2: is in two rounds",
      JudgeRounds({Arrive(1, 0), Arrive(2, 0), Pass(1, 0), Arrive(2, 1)}, 2));
}

TEST(Rounds, SomebodyGoesBeforeAllHaveCome) {
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "before all had arrived",
                      JudgeRounds({Arrive(1, 0), Pass(1, 0)}, 2));
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "event 4, worker 1: passed before",
                      JudgeRounds({Arrive(1, 0), Arrive(2, 0), Pass(1, 0),
                                   Arrive(1, 1), Pass(1, 1)},
                                  2));
}

TEST(Rounds, APartyTooMany) {
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "one party too many",
                      JudgeRounds({Arrive(1, 0), Arrive(2, 0), Arrive(3, 0),
                                   Pass(1, 0), Pass(2, 0), Pass(3, 0)},
                                  2));
}

TEST(Rounds, ABrokenRecord) {
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "left a round out",
                      JudgeRounds({Arrive(1, 1)}, 1));
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "was not in",
                      JudgeRounds({Pass(1, 0)}, 1));
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "never passed",
                      JudgeRounds({Arrive(1, 0)}, 1));
}

// What is read is what was written, in order.
TEST(Log, IsReadAsWritten) {
  static Log log;
  log.Append(7, Did::kNotify, UINT32_MAX);
  log.Append(65535, Did::kPass);
  History history = log.Read();
  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(history[0].worker, 7);
  EXPECT_EQ(history[0].did, Did::kNotify);
  EXPECT_EQ(history[0].number, UINT32_MAX);
  EXPECT_EQ(history[1].worker, 65535);
  EXPECT_EQ(history[1].did, Did::kPass);
}

}  // namespace
