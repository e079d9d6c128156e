/* SPDX-License-Identifier: MIT
 *
 * How client and server prove to each other that they have the same key: pure
 * bytes, what a fuzzer feeds with noise. Three packets of fixed sizes:
 *
 *   challenge  server to client: magic, 32 random bytes
 *   proof      client to server: 32 random bytes, the client's token, MAC
 *   verdict    server to client: 1 or 0, the server's id, MAC
 *
 * A MAC is HMAC-SHA-256, with the key's hash, of the role of who proves it, the
 * magic, both random numbers, and the token or id. So one that is sent back, in
 * this connection or in another, proves nothing.
 */
#ifndef BROOD_NET_HANDSHAKE_H
#define BROOD_NET_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/manager/net.h"
#include "lib/names.h"

enum {
  HANDSHAKE_MAGIC = 8,
  HANDSHAKE_NONCE = 32,
  HANDSHAKE_MAC = 32,
  HANDSHAKE_CHALLENGE = HANDSHAKE_MAGIC + HANDSHAKE_NONCE,
  HANDSHAKE_PROOF = HANDSHAKE_NONCE + 8 + HANDSHAKE_MAC,
  HANDSHAKE_VERDICT = 8 + 8 + HANDSHAKE_MAC
};

/* handshake_challenge makes the first packet; 0 or -errno. */
int handshake_challenge(uint8_t out_challenge[HANDSHAKE_CHALLENGE]);

/* handshake_prove makes the second: 0, -EPROTO if the first is none of this
 * version, or another -errno. */
int handshake_prove(const struct net_key *key,
                    const uint8_t challenge[HANDSHAKE_CHALLENGE],
                    uint64_t token, uint8_t out_proof[HANDSHAKE_PROOF]);

/* handshake_check tells whether a proof is one, and handshake_token whose. */
bool handshake_check(const struct net_key *key,
                     const uint8_t challenge[HANDSHAKE_CHALLENGE],
                     const uint8_t proof[HANDSHAKE_PROOF]);
uint64_t handshake_token(const uint8_t proof[HANDSHAKE_PROOF]);

/* handshake_accept makes the third; handshake_refuse one that refuses, and has
 * an errno value instead of the id: EACCES for another key. */
void handshake_accept(const struct net_key *key,
                      const uint8_t challenge[HANDSHAKE_CHALLENGE],
                      const uint8_t proof[HANDSHAKE_PROOF], uint64_t server,
                      uint8_t out_verdict[HANDSHAKE_VERDICT]);
void handshake_refuse(int error_number, uint8_t out_verdict[HANDSHAKE_VERDICT]);

/* handshake_conclude writes the server's id if it has the key: 0; -EACCES if
 * not, or if it says that the client has not; -EXDEV, what else it may say. */
int handshake_conclude(const struct net_key *key,
                       const uint8_t challenge[HANDSHAKE_CHALLENGE],
                       const uint8_t proof[HANDSHAKE_PROOF],
                       const uint8_t verdict[HANDSHAKE_VERDICT],
                       uint64_t *out_server);

#endif /* BROOD_NET_HANDSHAKE_H */
