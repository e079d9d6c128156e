/* SPDX-License-Identifier: MIT
 *
 * What lib/net does for managers with an address. Only programs that link it
 * have it: the table is filled by a constructor there.
 */
#pragma once

#include "brood.h"
#include "lib/names.h"

enum { NET_ADDRESS = 512 /* bytes of an address, at most */ };

struct net_key {
  const void *data;
  size_t size;
};

/* What a porter is started with, for a server that clients are let in to. */
enum {
  PORTER_LISTENER,
  PORTER_ADDRESS,
  PORTER_KEY,
  PORTER_ID,
  PORTER_DOOR,     /* through which the server gets other lines */
  PORTER_NOT_OURS, /* the other end of that, if it is here, or none */
  PORTER_PIDFD,    /* of the server's process, or none */
  PORTER_ARGS
};

/* All set the error. */
struct manager_net {
  /* Listens; writes the address that has come of it. unlisten undoes that. */
  int (*listen)(const char *address, char out_address[NET_ADDRESS]);
  void (*unlisten)(int listener, const char *address);
  /* Runs in a process: lets in who has the key, until the server ends; then
   * takes the address away. */
  brood_target porter;
  /* Connects: the server's id, and a line to it; perhaps by a process, which
   * ends when nobody uses that line or what came of it any more. */
  int (*connect)(const brood_context *context, const char *address,
                 struct net_key key, uint64_t *out_id,
                 brood_connection **out_door, brood_process **out_relay);
};

void manager_set_net(const struct manager_net *net);
