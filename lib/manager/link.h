/* SPDX-License-Identifier: MIT
 *
 * A client: this process's lines to the servers of managers, and its calls.
 */
#pragma once

#include "lib/manager/call.h"
#include "lib/names.h"

/* link_open has a connection, which is taken, be this process's first line to a
 * server, unless it has one that nobody has closed. Each needs a link_close.
 * NULL and the error is set. */
struct link *link_open(uint64_t server, brood_connection *door);

/* link_call calls a server itself. */
int64_t link_call(uint64_t server, const struct proxy_call *call);

/* link_give makes another line, through the first; 0, or the error is set. */
int link_give(struct link *link, brood_connection **out_end);

/* link_own has a new proxy have a reference of the line that is open. */
void link_own(struct proxy *proxy);

/* link_renew has a door be one of whose other end no child of a fork has a
 * copy, as it may have of one that was there when the server was started. */
int link_renew(brood_connection **door);

/* manager_server is the id of a manager's server, if this process may use it;
 * else 0 and the error is set. */
uint64_t manager_server(const brood_manager *manager);

/* link_shutdown has the server end, which may be stopped, or in a method of the
 * program's. 0, or the error is set: it does not hear. */
int link_shutdown(struct link *link);

/* link_close closes all its lines, as often as it was opened; of NULL none. */
void link_close(struct link *link);
