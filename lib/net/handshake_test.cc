// Proves that only who has the key is let in, by a proof that means nothing
// elsewhere.
// SPDX-License-Identifier: MIT
extern "C" {
#include "lib/net/handshake.h"
}

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>

namespace {

const net_key kKey = {"kestrel", 7}, kOther = {"kestrek", 7},
              kLonger = {"kestrel\0", 8};

struct Handshake : handshake {
  explicit Handshake(const net_key &key = kKey) {
    EXPECT_EQ(handshake_challenge(this), 0);
    EXPECT_EQ(handshake_prove(this, &key, 42), 0);
    handshake_answer(this, &key, 99, 0);
  }
};

void Flip(void *packet, size_t bit) {
  static_cast<uint8_t *>(packet)[bit / 8] ^= 1 << bit % 8;
}

// Packets have no holes, and the sizes that the other side expects.
static_assert(sizeof handshake::challenge == 40 &&
              sizeof handshake::proof == 72 && sizeof handshake::verdict == 48);

TEST(Handshake, Works) {
  Handshake all;
  EXPECT_TRUE(handshake_check(&all, &kKey));
  EXPECT_EQ(all.proof.token, 42u);
  EXPECT_EQ(handshake_conclude(&all, &kKey), 0);
  EXPECT_EQ(all.verdict.server, 99u);
}

TEST(Handshake, RefusesOtherKeys) {
  Handshake all;
  for (const net_key &key : {kOther, kLonger, net_key{"", 0}}) {
    EXPECT_FALSE(handshake_check(&all, &key));
    EXPECT_EQ(handshake_conclude(&all, &key), -EKEYREJECTED);
  }
}

TEST(Handshake, SeesEachChangedBit) {
  for (size_t bit = 0; bit < 8 * sizeof handshake::proof; bit++) {
    Handshake all;
    Flip(&all.proof, bit);
    EXPECT_FALSE(handshake_check(&all, &kKey)) << bit;
  }
  for (size_t bit = 0; bit < 8 * sizeof handshake::verdict; bit++) {
    Handshake all;
    Flip(&all.verdict, bit);
    EXPECT_EQ(handshake_conclude(&all, &kKey), -EKEYREJECTED) << bit;
  }
}

TEST(Handshake, ProvesNothingElsewhere) {
  Handshake one, other;
  memcpy(&one.verdict, &other.verdict, sizeof one.verdict);
  EXPECT_EQ(handshake_conclude(&one, &kKey), -EKEYREJECTED);
  memcpy(&other.proof, &one.proof, sizeof other.proof);
  EXPECT_FALSE(handshake_check(&other, &kKey));
}

// What one side has said is no proof of the other's: neither the client's MAC
// as the server's, nor the other way round.
TEST(Handshake, CannotBeReflected) {
  Handshake all;
  all.verdict.server = all.proof.token;
  memcpy(all.verdict.mac, all.proof.mac, HANDSHAKE_MAC);
  EXPECT_EQ(handshake_conclude(&all, &kKey), -EKEYREJECTED);
  Handshake again;
  again.proof.token = again.verdict.server;
  memcpy(again.proof.mac, again.verdict.mac, HANDSHAKE_MAC);
  EXPECT_FALSE(handshake_check(&again, &kKey));
}

TEST(Handshake, RefusesOtherVersions) {
  for (size_t bit = 0; bit < 8 * sizeof handshake::challenge.magic; bit++) {
    Handshake all;
    Flip(&all.challenge.magic, bit);
    EXPECT_EQ(handshake_prove(&all, &kKey, 42), -EPROTO) << bit;
  }
}

TEST(Handshake, SaysWhy) {
  Handshake all;
  handshake_answer(&all, &kKey, 99, EXDEV);
  EXPECT_EQ(handshake_conclude(&all, &kKey), -EXDEV);
  handshake_answer(&all, &kKey, 99, EPERM);
  EXPECT_EQ(handshake_conclude(&all, &kKey), -EPERM);
  handshake_answer(&all, &kKey, 99, EKEYREJECTED);
  EXPECT_EQ(handshake_conclude(&all, &kKey), -EKEYREJECTED);
}

}  // namespace
