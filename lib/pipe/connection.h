/* SPDX-License-Identifier: MIT
 *
 * What the functions of a connection have in common.
 *
 * The pipe is a pair of SOCK_SEQPACKET sockets, and a message is one packet: no
 * writer has to hold a lock, and whichever process is killed at whatever
 * moment, a message is there as a whole or not at all.
 */
#pragma once

#include "lib/names.h"
#include "lib/share/end.h"
#include "lib/sys/fd.h"

/* Larger strings and bytes go into a memfd. The kernel wants the memory of a
 * packet in one piece but for 68 KiB of it; up to here that piece is easy to
 * have, and up to here a packet is faster than a memfd. */
enum { CONNECTION_INSIDE = 96 << 10 };

/* connection_begin is the first line of each function that needs the
 * descriptor, in these directions (0: any); connection_end is the last, and the
 * thread is shielded in between. Sets and returns the error of a connection
 * that is none, closed, or not for this. */
int connection_begin(brood_connection *connection, unsigned directions);
void connection_end(void *connection);

/* connection_await is sys_poll, in which the thread may be cancelled: abandon
 * gives back what it would leave, an end that never closes, memory and
 * descriptors. */
int connection_await(struct pollfd *polls, size_t num_polls,
                     int64_t deadline_ns, void (*abandon)(void *argument),
                     void *argument);
