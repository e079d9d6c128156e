/* SPDX-License-Identifier: MIT
 *
 * How client and server prove to each other that they have the same key: pure
 * bytes, what a fuzzer feeds with noise. Three packets of fixed sizes, as they
 * are in struct handshake:
 *
 *   challenge  server to client: magic, 32 random bytes
 *   proof      client to server: 32 random bytes, the client's token, MAC
 *   verdict    server to client: 1 or 0, the server's id, MAC
 *
 * A MAC is HMAC-SHA-256, with the key's hash, of the role of who proves it, the
 * magic, both random numbers, and the token or id. So one that is sent back, in
 * this connection or in another, proves nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/manager/net.h"
#include "lib/names.h"

enum { HANDSHAKE_NONCE = 32, HANDSHAKE_MAC = 32 };

struct handshake {
  struct {
    uint16_t magic[4];
    uint8_t nonce[HANDSHAKE_NONCE];
  } challenge;
  struct {
    uint8_t nonce[HANDSHAKE_NONCE];
    uint64_t token;
    uint8_t mac[HANDSHAKE_MAC];
  } proof;
  struct {
    uint64_t is_in;
    uint64_t server; /* or, if it is not, an errno value */
    uint8_t mac[HANDSHAKE_MAC];
  } verdict;
};

/* handshake_challenge makes the first packet; 0 or -errno. */
int handshake_challenge(struct handshake *shake);

/* handshake_prove makes the second: 0, -EPROTO if the first is none of this
 * version, or another -errno. handshake_check tells whether it is a proof. */
int handshake_prove(struct handshake *shake, const struct net_key *key,
                    uint64_t token);
bool handshake_check(const struct handshake *shake, const struct net_key *key);

/* handshake_answer makes the third: 0, or an errno value that refuses. */
void handshake_answer(struct handshake *shake, const struct net_key *key,
                      uint64_t server, int why_not);

/* handshake_conclude tells whether the third is the verdict of who has the key:
 * 0; -EKEYREJECTED if not, or if it says that the client has not; -EXDEV or
 * -EPERM, what else it may say. */
int handshake_conclude(const struct handshake *shake,
                       const struct net_key *key);
