/* SPDX-License-Identifier: MIT
 *
 * What the functions of a connection have in common.
 *
 * The pipe is a pair of SOCK_SEQPACKET sockets, and a message is one packet: no
 * writer has to hold a lock, and whoever is killed at whatever moment, a
 * message is there as a whole or not at all.
 */
#ifndef BROOD_COMM_CONNECTION_H
#define BROOD_COMM_CONNECTION_H

#include "lib/share/end.h"

/* Larger strings and bytes go outside. The kernel wants the memory of a packet
 * in one piece but for 68 KiB of it; up to here that piece is easy to have, and
 * up to here a packet is faster than a memfd. */
enum { CONNECTION_INSIDE = 96 << 10 };

/* connection_begin is the first line of each function that needs the
 * descriptor, in these directions (0: any); connection_end is the last. Sets
 * and returns the error of a connection that is none, closed, or not for this.
 */
int connection_begin(brood_connection *connection, unsigned directions);
void connection_end(brood_connection *connection);

/* connection_await waits for events after a call that would have had to wait;
 * 0, -ETIMEDOUT or another -errno. */
int connection_await(const brood_connection *connection, short events,
                     int64_t deadline_ns);

#endif /* BROOD_COMM_CONNECTION_H */
