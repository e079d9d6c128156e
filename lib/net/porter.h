/* SPDX-License-Identifier: MIT
 *
 * The processes behind an address: the porter, which lets clients in to a
 * server, and the relay of a client that has connected over TCP.
 */
#ifndef BROOD_NET_PORTER_H
#define BROOD_NET_PORTER_H

#include "brood.h"
#include "lib/names.h"

void brood_net_porter(const brood_args *args);

/* address_path returns the path in an address, borrowed; NULL for TCP. */
const char *address_path(const char *text);

enum { RELAY_STREAM, RELAY_END, RELAY_NOT_OURS, RELAY_ARGS };
void brood_net_relay(const brood_args *args);

#endif /* BROOD_NET_PORTER_H */
