/* SPDX-License-Identifier: MIT
 *
 * Addresses as texts: "unix:PATH", "tcp://HOST:PORT", "tcp://[HOST]:PORT".
 */
#ifndef BROOD_NET_ADDRESS_H
#define BROOD_NET_ADDRESS_H

#include <stdbool.h>

#include "lib/manager/net.h"

struct address {
  bool is_unix;
  const char *path;
  char host[256];
  char port[6];
  bool has_brackets;
};

/* address_read reads one, which is borrowed; BROOD_VALUE_ERROR, set, if it has
 * no known form. */
int address_read(struct address *out, const char *text);

/* address_write writes that of a port. */
void address_write(char out[NET_ADDRESS], const struct address *address,
                   int port);

#endif /* BROOD_NET_ADDRESS_H */
