/* SPDX-License-Identifier: MIT
 *
 * What a forkserver and its clients say to each other, over socket pairs that
 * keep messages whole. Both ends are the same program.
 *
 * A channel belongs to one client process, which speaks one request at a time.
 * The owner's channel exists from the start. Another process makes its own:
 * it sends one end of a new pair by SERVE_CONNECT over any channel that it
 * inherited; that is never answered, so sharing a channel for it does no harm.
 *
 * The server serves its own user and group: of others it reads nothing.
 */
#ifndef BROOD_START_SERVE_H
#define BROOD_START_SERVE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/names.h"

enum serve_kind {
  SERVE_INIT = 1, /* once: a parcel of argv and preload names; answered */
  SERVE_CONNECT,  /* with the server's end of a new channel */
  SERVE_LAUNCH,   /* a record, and as many descriptors as fit; answered */
  SERVE_FDS,      /* more descriptors of the same launch */
  SERVE_CANCEL    /* kill the latest; answered by ECANCELED, and hang up */
};

struct serve_request {
  uint32_t kind;
  uint32_t num_fds;   /* SERVE_LAUNCH: of the whole table; SERVE_FDS: those
                         that are still to come */
  uint32_t in_parcel; /* SERVE_LAUNCH: the first descriptor is the record */
};

/* The first one comes unasked, with a pidfd of the server. With a launch that
 * worked come a pidfd and, if the kernel does not tell how other people's
 * children ended, a pipe that will. */
struct serve_reply {
  int32_t error; /* 0 or -errno */
  int32_t pid;
  int32_t preload;      /* SERVE_INIT: the index of the one that failed, */
  int32_t preload_code; /* and what it returned; 0 if none did */
};

/* Records up to this size travel in the message itself; no launch has more
 * descriptors than arguments and the record's own. */
enum { SERVE_INLINE = 32768, SERVE_MAX_FDS = 65535 + 3 };

/* Where a forkserver finds its descriptors. */
enum { SERVE_FD_CHANNEL = 3, SERVE_FD_OWNER = 4 };

/* forkserver_adopt gives a forkserver's children a channel to connect over, and
 * a pidfd of the server, or -1; they are taken. */
void forkserver_adopt(int channel, int process);

#endif /* BROOD_START_SERVE_H */
