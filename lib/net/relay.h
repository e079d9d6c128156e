/* SPDX-License-Identifier: MIT
 *
 * One side of a stream over which socket pairs go on to another host: what is
 * sent into an end here comes out of the end that it is there, and an end that
 * is sent along becomes one there. A hang-up arrives behind all that was sent
 * before. Neither side waits for the other: who sends more than the stream
 * takes waits for room in its own socket.
 *
 * Only processes that have proven the key are on the other side. A side closes
 * the stream, and all ends with it, when something else than frames comes.
 */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "brood.h"
#include "lib/names.h"

struct relay;

/* relay_new takes the stream, and an end here that is the first channel. The
 * client's has processes of its host be what they are (frame_mark), and ends
 * their channels with them. NULL: no memory; nothing is taken. */
struct relay *relay_new(int stream, int first_end, bool is_client);

/* relay_num_polls and relay_fill_polls say what to wait for; relay_step then
 * does what can be done. False: the stream is closed, or no end is left here,
 * which is for relay_free. */
size_t relay_num_polls(const struct relay *relay);
void relay_fill_polls(const struct relay *relay, struct pollfd *polls);
bool relay_step(struct relay *relay, const struct pollfd *polls);
void relay_free(struct relay *relay);

/* In porter.c, the processes behind an address: the porter, which lets clients
 * in to a server, and the relay of a client that has connected over TCP. */
void brood_net_porter(const brood_args *args);

/* address_path returns the path in an address, borrowed; NULL for TCP. */
const char *address_path(const char *text);

enum { RELAY_STREAM, RELAY_END, RELAY_NOT_OURS, RELAY_ARGS };
void brood_net_relay(const brood_args *args);
