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
static const uint16_t magic[4] = {0x7242, 0x6f6f, 0x0064, 1};

static const char client_role[8] = "client", server_role[8] = "server";

static void make_mac(const struct handshake *shake, const struct net_key *key,
                     const char role[8], uint64_t number,
                     uint8_t out[HANDSHAKE_MAC]) {
  crypto_auth_hmacsha256_state state;
  uint8_t hash[crypto_hash_sha256_BYTES];
  /* Of a key itself HMAC would not see zeros at its end. */
  crypto_hash_sha256(hash, key->data, key->size);
  crypto_auth_hmacsha256_init(&state, hash, sizeof hash);
  crypto_auth_hmacsha256_update(&state, (const uint8_t *)role, 8);
  crypto_auth_hmacsha256_update(&state, (const uint8_t *)&shake->challenge,
                                sizeof shake->challenge);
  crypto_auth_hmacsha256_update(&state, shake->proof.nonce, HANDSHAKE_NONCE);
  crypto_auth_hmacsha256_update(&state, (const uint8_t *)&number, 8);
  crypto_auth_hmacsha256_final(&state, out);
  sodium_memzero(&state, sizeof state);
  sodium_memzero(hash, sizeof hash);
}

static bool is_mac(const struct handshake *shake, const struct net_key *key,
                   const char role[8], uint64_t number,
                   const uint8_t said[HANDSHAKE_MAC]) {
  uint8_t mac[HANDSHAKE_MAC];
  make_mac(shake, key, role, number, mac);
  return sodium_memcmp(mac, said, sizeof mac) == 0;
}

int handshake_challenge(struct handshake *shake) {
  memcpy(shake->challenge.magic, magic, sizeof magic);
  return sys_random(shake->challenge.nonce, HANDSHAKE_NONCE);
}

int handshake_prove(struct handshake *shake, const struct net_key *key,
                    uint64_t token) {
  if (memcmp(shake->challenge.magic, magic, sizeof magic) != 0) return -EPROTO;
  int r = sys_random(shake->proof.nonce, HANDSHAKE_NONCE);
  if (r < 0) return r;
  shake->proof.token = token;
  make_mac(shake, key, client_role, token, shake->proof.mac);
  return 0;
}

bool handshake_check(const struct handshake *shake, const struct net_key *key) {
  return is_mac(shake, key, client_role, shake->proof.token, shake->proof.mac);
}

void handshake_answer(struct handshake *shake, const struct net_key *key,
                      uint64_t server, int why_not) {
  memset(&shake->verdict, 0, sizeof shake->verdict);
  shake->verdict.server = (uint64_t)why_not;
  if (why_not != 0) return;
  shake->verdict.is_in = 1;
  shake->verdict.server = server;
  make_mac(shake, key, server_role, server, shake->verdict.mac);
}

int handshake_conclude(const struct handshake *shake,
                       const struct net_key *key) {
  uint64_t server = shake->verdict.server;
  if (shake->verdict.is_in != 1) {
    return server == EXDEV || server == EPERM ? -(int)server : -EKEYREJECTED;
  }
  bool has_key = is_mac(shake, key, server_role, server, shake->verdict.mac);
  return has_key ? 0 : -EKEYREJECTED;
}
