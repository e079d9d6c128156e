// SPDX-License-Identifier: MIT
//
// The books of //bench:ipc find what must not happen to a message.
#include "bench/stamp.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "bench/ipc_board.h"

namespace bench {
namespace {

class StampTest : public testing::TestWithParam<size_t> {
 protected:
  std::vector<char> Make(uint64_t producer, int64_t number) {
    std::vector<char> message(GetParam(), 'x');
    Stamp(message.data(), message.size(), producer, number);
    return message;
  }
  Fault Enter(Ledger *ledger, const std::vector<char> &message) {
    EXPECT_TRUE(ledger->Enter(message.data(), message.size()));
    return consumed_.fault;
  }
  Consumed consumed_;
  Ledger alone_{&consumed_, GetParam(), true};
  Ledger among_{&consumed_, GetParam(), false};
};

TEST_P(StampTest, MessagesInOrderAreSound) {
  uint64_t sum = 0;
  for (int64_t number = 0; number < 100; number++) {
    for (int producer = 0; producer < kMaxProducers; producer++)
      EXPECT_EQ(kSound, Enter(&alone_, Make(producer, number)));
    auto last = Make(3, number);
    sum += GetWord(last.data(), 0);
  }
  EXPECT_EQ(100, consumed_.from[3].count);
  EXPECT_EQ(sum, consumed_.from[3].sum);
}

TEST_P(StampTest, ALoneConsumerMissesNone) {
  Enter(&alone_, Make(0, 0));
  EXPECT_EQ(kDisordered, Enter(&alone_, Make(0, 2)));
}

TEST_P(StampTest, OneOfSeveralMayMissSome) {
  Enter(&among_, Make(0, 0));
  EXPECT_EQ(kSound, Enter(&among_, Make(0, 2)));
}

TEST_P(StampTest, AMessageThatComesTwice) {
  Enter(&among_, Make(1, 7));
  EXPECT_EQ(kDisordered, Enter(&among_, Make(1, 7)));
}

TEST_P(StampTest, AMessageThatIsOvertaken) {
  Enter(&among_, Make(1, 7));
  EXPECT_EQ(kDisordered, Enter(&among_, Make(1, 6)));
}

TEST_P(StampTest, HalvesOfTwoMessages) {
  std::vector<char> torn = Make(0, 0);
  std::vector<char> other = Make(1, 1);
  auto half = static_cast<ptrdiff_t>(torn.size() / 2);
  std::copy(other.begin() + half, other.end(), torn.begin() + half);
  Fault fault = Enter(&alone_, torn);
  EXPECT_TRUE(fault == kTorn || fault == kForeign) << fault;
}

TEST_P(StampTest, APageOfAnotherMessage) {
  std::vector<char> torn = Make(0, 0);
  std::vector<char> other = Make(0, 1);
  if (torn.size() < 3 * kStampStride) return;
  auto page = static_cast<ptrdiff_t>(kStampStride);
  std::copy_n(other.begin() + page, page, torn.begin() + page);
  EXPECT_EQ(kTorn, Enter(&alone_, torn));
}

TEST_P(StampTest, MemoryThatNobodyWrote) {
  Fault fault = Enter(&alone_, std::vector<char>(GetParam(), 0));
  EXPECT_TRUE(fault == kTorn || fault == kForeign) << fault;
}

TEST_P(StampTest, AMessageOfAnotherSize) {
  std::vector<char> cut = Make(0, 0);
  cut.resize(cut.size() / 2);
  EXPECT_EQ(kWrongSize, Enter(&alone_, cut));
}

TEST_P(StampTest, TheFirstFaultStays) {
  Enter(&alone_, std::vector<char>(1));
  EXPECT_EQ(kWrongSize, Enter(&alone_, Make(0, 5)));
}

TEST_P(StampTest, TheEnd) {
  std::vector<char> end = Make(kEndProducer, 0);
  EXPECT_FALSE(alone_.Enter(end.data(), end.size()));
  EXPECT_EQ(kSound, consumed_.fault);
}

INSTANTIATE_TEST_SUITE_P(Sizes, StampTest,
                         testing::Values(8, 16, 64, 4096, 1 << 16, 1 << 20));

}  // namespace
}  // namespace bench
