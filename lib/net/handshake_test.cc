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

struct Handshake {
  explicit Handshake(const net_key &key = kKey) {
    EXPECT_EQ(handshake_challenge(challenge), 0);
    EXPECT_EQ(handshake_prove(&key, challenge, 42, proof), 0);
    handshake_accept(&key, challenge, proof, 99, verdict);
  }
  int Conclude(uint64_t *out_server, const net_key &key = kKey) const {
    return handshake_conclude(&key, challenge, proof, verdict, out_server);
  }
  uint8_t challenge[HANDSHAKE_CHALLENGE];
  uint8_t proof[HANDSHAKE_PROOF];
  uint8_t verdict[HANDSHAKE_VERDICT];
};

TEST(Handshake, Works) {
  Handshake all;
  uint64_t server = 0;
  EXPECT_TRUE(handshake_check(&kKey, all.challenge, all.proof));
  EXPECT_EQ(handshake_token(all.proof), 42u);
  EXPECT_EQ(all.Conclude(&server), 0);
  EXPECT_EQ(server, 99u);
}

TEST(Handshake, RefusesOtherKeys) {
  Handshake all;
  uint64_t server = 0;
  for (const net_key &key : {kOther, kLonger, net_key{"", 0}}) {
    EXPECT_FALSE(handshake_check(&key, all.challenge, all.proof));
    EXPECT_EQ(all.Conclude(&server, key), -EACCES);
  }
  EXPECT_EQ(server, 0u);
}

TEST(Handshake, SeesEachChangedBit) {
  uint64_t server = 0;
  for (size_t bit = 0; bit < 8 * HANDSHAKE_PROOF; bit++) {
    Handshake all;
    all.proof[bit / 8] ^= 1 << bit % 8;
    EXPECT_FALSE(handshake_check(&kKey, all.challenge, all.proof)) << bit;
  }
  for (size_t bit = 0; bit < 8 * HANDSHAKE_VERDICT; bit++) {
    Handshake all;
    all.verdict[bit / 8] ^= 1 << bit % 8;
    EXPECT_EQ(all.Conclude(&server), -EACCES) << bit;
  }
}

TEST(Handshake, ProvesNothingElsewhere) {
  Handshake one, other;
  EXPECT_FALSE(handshake_check(&kKey, other.challenge, one.proof));
  uint64_t server = 0;
  memcpy(one.verdict, other.verdict, sizeof one.verdict);
  EXPECT_EQ(one.Conclude(&server), -EACCES);
}

// What one side has said is no proof of the other's: neither the client's MAC
// as the server's, nor the other way round.
TEST(Handshake, CannotBeReflected) {
  Handshake all;
  uint64_t server = 0;
  uint64_t words[] = {1, 42};
  memcpy(all.verdict, words, sizeof words);
  memcpy(all.verdict + sizeof words, all.proof + HANDSHAKE_NONCE + 8,
         HANDSHAKE_MAC);
  EXPECT_EQ(all.Conclude(&server), -EACCES);
  Handshake again;
  memcpy(again.proof + HANDSHAKE_NONCE, again.verdict + 8, 8 + HANDSHAKE_MAC);
  EXPECT_FALSE(handshake_check(&kKey, again.challenge, again.proof));
}

TEST(Handshake, RefusesOtherVersions) {
  for (int i = 0; i < HANDSHAKE_MAGIC; i++) {
    Handshake all;
    all.challenge[i]++;
    EXPECT_EQ(handshake_prove(&kKey, all.challenge, 42, all.proof), -EPROTO);
  }
}

TEST(Handshake, SaysWhy) {
  Handshake all;
  uint64_t server = 0;
  handshake_refuse(EXDEV, all.verdict);
  EXPECT_EQ(all.Conclude(&server), -EXDEV);
  handshake_refuse(EACCES, all.verdict);
  EXPECT_EQ(all.Conclude(&server), -EACCES);
}

}  // namespace
