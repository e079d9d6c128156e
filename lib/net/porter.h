/* SPDX-License-Identifier: MIT
 *
 * The processes behind an address: the porter, which lets clients in to a
 * server, and the relay of a client that has connected over TCP.
 */
#ifndef BROOD_NET_PORTER_H
#define BROOD_NET_PORTER_H

#include "brood.h"
#include "lib/names.h"

enum {
  PORTER_LISTENER,
  PORTER_ADDRESS,
  PORTER_KEY,
  PORTER_ID,
  PORTER_DOOR,
  PORTER_NOT_OURS, /* the other end of that, if it has a copy */
  PORTER_PIDFD,
  PORTER_ARGS
};
void brood_net_porter(const brood_args *args);

enum { RELAY_STREAM, RELAY_END, RELAY_NOT_OURS, RELAY_ARGS };
void brood_net_relay(const brood_args *args);

#endif /* BROOD_NET_PORTER_H */
