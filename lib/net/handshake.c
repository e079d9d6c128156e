/* SPDX-License-Identifier: MIT
 *
 * See handshake.h. libsodium has the HMAC, and compares in a time that does not
 * depend on what it compares.
 */
#include "lib/net/handshake.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "lib/sys/proc.h"

/* Its last bytes are the version of all that is said, also after the
 * handshake, and tell the order of bytes. */
static const uint16_t magic[HANDSHAKE_MAGIC / 2] = {0x7242, 0x6f6f, 0x0064, 1};

static const char client_role[8] = "client", server_role[8] = "server";

static void make_mac(const struct net_key *key, const char role[8],
                     const uint8_t challenge[HANDSHAKE_CHALLENGE],
                     const uint8_t proof[HANDSHAKE_PROOF],
                     const uint8_t number[8], uint8_t out[HANDSHAKE_MAC]) {
  crypto_auth_hmacsha256_state state;
  uint8_t hash[crypto_hash_sha256_BYTES];
  /* Of a key itself HMAC would not see zeros at its end. */
  crypto_hash_sha256(hash, key->data, key->size);
  crypto_auth_hmacsha256_init(&state, hash, sizeof hash);
  crypto_auth_hmacsha256_update(&state, (const uint8_t *)role, 8);
  crypto_auth_hmacsha256_update(&state, challenge, HANDSHAKE_CHALLENGE);
  crypto_auth_hmacsha256_update(&state, proof, HANDSHAKE_NONCE);
  crypto_auth_hmacsha256_update(&state, number, 8);
  crypto_auth_hmacsha256_final(&state, out);
  sodium_memzero(&state, sizeof state);
  sodium_memzero(hash, sizeof hash);
}

int handshake_challenge(uint8_t out_challenge[HANDSHAKE_CHALLENGE]) {
  memcpy(out_challenge, magic, HANDSHAKE_MAGIC);
  return sys_random(out_challenge + HANDSHAKE_MAGIC, HANDSHAKE_NONCE);
}

int handshake_prove(const struct net_key *key,
                    const uint8_t challenge[HANDSHAKE_CHALLENGE],
                    uint64_t token, uint8_t out_proof[HANDSHAKE_PROOF]) {
  if (memcmp(challenge, magic, HANDSHAKE_MAGIC) != 0) return -EPROTO;
  int r = sys_random(out_proof, HANDSHAKE_NONCE);
  if (r < 0) return r;
  uint8_t *number = out_proof + HANDSHAKE_NONCE;
  memcpy(number, &token, sizeof token);
  make_mac(key, client_role, challenge, out_proof, number, number + 8);
  return 0;
}

bool handshake_check(const struct net_key *key,
                     const uint8_t challenge[HANDSHAKE_CHALLENGE],
                     const uint8_t proof[HANDSHAKE_PROOF]) {
  uint8_t mac[HANDSHAKE_MAC];
  const uint8_t *number = proof + HANDSHAKE_NONCE;
  make_mac(key, client_role, challenge, proof, number, mac);
  return sodium_memcmp(mac, number + 8, sizeof mac) == 0;
}

uint64_t handshake_token(const uint8_t proof[HANDSHAKE_PROOF]) {
  uint64_t token;
  memcpy(&token, proof + HANDSHAKE_NONCE, sizeof token);
  return token;
}

void handshake_accept(const struct net_key *key,
                      const uint8_t challenge[HANDSHAKE_CHALLENGE],
                      const uint8_t proof[HANDSHAKE_PROOF], uint64_t server,
                      uint8_t out_verdict[HANDSHAKE_VERDICT]) {
  uint64_t words[] = {1, server};
  memcpy(out_verdict, words, sizeof words);
  make_mac(key, server_role, challenge, proof, out_verdict + 8,
           out_verdict + sizeof words);
}

void handshake_refuse(int error_number,
                      uint8_t out_verdict[HANDSHAKE_VERDICT]) {
  uint64_t words[] = {0, (uint64_t)error_number};
  memset(out_verdict, 0, HANDSHAKE_VERDICT);
  memcpy(out_verdict, words, sizeof words);
}

int handshake_conclude(const struct net_key *key,
                       const uint8_t challenge[HANDSHAKE_CHALLENGE],
                       const uint8_t proof[HANDSHAKE_PROOF],
                       const uint8_t verdict[HANDSHAKE_VERDICT],
                       uint64_t *out_server) {
  uint64_t words[2];
  uint8_t mac[HANDSHAKE_MAC];
  memcpy(words, verdict, sizeof words);
  if (words[0] != 1) return words[1] == EXDEV ? -EXDEV : -EACCES;
  make_mac(key, server_role, challenge, proof, verdict + 8, mac);
  if (sodium_memcmp(mac, verdict + sizeof words, sizeof mac) != 0) {
    return -EACCES;
  }
  *out_server = words[1];
  return 0;
}
