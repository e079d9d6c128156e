/* SPDX-License-Identifier: MIT
 *
 * A manager's handle; manager.c makes it, listen.c gives it an address.
 */
#ifndef BROOD_MANAGER_MANAGER_H
#define BROOD_MANAGER_MANAGER_H

#include "brood.h"
#include "lib/manager/net.h"
#include "lib/names.h"

struct brood_manager {
  uint64_t owner;  /* process token */
  uint64_t server; /* its id */
  struct link *link;
  bool is_connected;
  bool is_closed;
  brood_process *process; /* the server, or the relay to it; or NULL */
  brood_process *porter;  /* or NULL */
  int listener;           /* until the porter has it; else -1 */
  char address[NET_ADDRESS];
};

/* manager_new makes a handle, not open yet; NULL and the error is set. */
brood_manager *manager_new(const brood_manager_options *options);

/* manager_listen does so if the options have an address; 0, or the error is
 * set. manager_let_in starts the porter then, with a line to the server.
 * manager_unlisten undoes both, once the server has ended. */
int manager_listen(brood_manager *manager,
                   const brood_manager_options *options);
int manager_let_in(brood_manager *manager, const brood_context *context,
                   const brood_manager_options *options, brood_connection *door,
                   brood_connection *not_ours, int pidfd);
void manager_unlisten(brood_manager *manager);

#endif /* BROOD_MANAGER_MANAGER_H */
