// SHA-256 as FIPS 180-4 writes it down; see sha256.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/sha256.h"

#include <stdint.h>
#include <stdio.h>

#include <array>
#include <utility>

namespace conformance {

namespace {

constexpr size_t kBlock = 64;

// The first 32 bits of the fractions of the cube roots of the first 64 primes.
constexpr uint32_t kRound[kBlock] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

using State = std::array<uint32_t, 8>;

uint32_t Turn(uint32_t word, int bits) {
  return word >> bits | word << (32 - bits);
}

// A one bit, zeros up to the length, and the length in bits: whole blocks.
std::string Padded(const std::string &text) {
  std::string out = text + '\x80';
  out.resize((text.size() + 8) / kBlock * kBlock + kBlock - 8);
  uint64_t bits = text.size() * 8;
  for (int shift = 56; shift >= 0; shift -= 8) {
    out += static_cast<char>(bits >> shift);
  }
  return out;
}

void TakeBlock(const char *block, State *state) {
  uint32_t w[kBlock];
  for (size_t i = 0; i < 16; i++) {
    w[i] = 0;
    for (size_t j = 0; j < 4; j++) {
      w[i] = w[i] << 8 | static_cast<unsigned char>(block[4 * i + j]);
    }
  }
  for (size_t i = 16; i < kBlock; i++) {
    uint32_t x = w[i - 15], y = w[i - 2];
    w[i] = w[i - 16] + (Turn(x, 7) ^ Turn(x, 18) ^ x >> 3) + w[i - 7] +
           (Turn(y, 17) ^ Turn(y, 19) ^ y >> 10);
  }
  auto [a, b, c, d, e, f, g, h] = *state;
  for (size_t i = 0; i < kBlock; i++) {
    uint32_t first = h + (Turn(e, 6) ^ Turn(e, 11) ^ Turn(e, 25)) +
                     ((e & f) ^ (~e & g)) + kRound[i] + w[i];
    uint32_t second = (Turn(a, 2) ^ Turn(a, 13) ^ Turn(a, 22)) +
                      ((a & b) ^ (a & c) ^ (b & c));
    h = std::exchange(g, std::exchange(f, std::exchange(e, d + first)));
    d = std::exchange(c, std::exchange(b, std::exchange(a, first + second)));
  }
  const State turned = {a, b, c, d, e, f, g, h};
  for (size_t i = 0; i < 8; i++) (*state)[i] += turned[i];
}

}  // namespace

std::string Sha256(const std::string &text) {
  State state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::string padded = Padded(text);
  for (size_t at = 0; at < padded.size(); at += kBlock) {
    TakeBlock(&padded[at], &state);
  }
  std::string out;
  for (uint32_t word : state) {
    char hex[9];
    snprintf(hex, sizeof hex, "%08x", static_cast<unsigned>(word));
    out += hex;
  }
  return out;
}

}  // namespace conformance
