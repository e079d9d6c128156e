/* SPDX-License-Identifier: MIT
 *
 * Fresh images: how this program is run again, what it then is, and how a
 * record gets there.
 *
 * A forkserver and its clients talk over socket pairs that keep messages whole.
 * A channel belongs to one client process, which speaks one request at a time.
 * The owner's channel exists from the start. Another process makes its own: it
 * sends one end of a new pair by SERVE_CONNECT over any channel that it
 * inherited; that is never answered, so sharing a channel for it does no harm.
 *
 * The server serves its own user and group: of others it reads nothing.
 */
#ifndef BROOD_START_IMAGE_H
#define BROOD_START_IMAGE_H

#include "lib/names.h"
#include "lib/start/child.h"
#include "lib/start/context.h"

/* The single argument that tells brood_init what an image was run for, and
 * where its descriptors begin. */
#define IMAGE_SPAWNED "--brood-spawned"
#define IMAGE_FORKSERVER "--brood-forkserver"
#define IMAGE_FIRST_FD 3

/* image_run runs the program with one argument and a descriptor table from
 * IMAGE_FIRST_FD on. Returns the pid, -errno, or 0 and has set an error. */
int image_run(const char *role, const int *fds, size_t num_fds);

/* What a fresh image does instead of main. */
__attribute__((noreturn)) void spawn_child(void);
__attribute__((noreturn)) void forkserver_main(void);

/* ------------------------------------------- A record in a memfd: spawn.c --
 */

/* parcel_pack writes head and arguments into a new memfd; -errno. */
int parcel_pack(const struct launch *launch);

/* parcel_open maps one, for the life of the process, and writes data, size and
 * num_fds; -EBADMSG if it does not hold a whole record. */
int parcel_open(struct delivery *out, int fd);

/* --------------------------------- A forkserver: forkserver.c, server.c -- */

enum serve_kind {
  SERVE_INIT = 1, /* once: a parcel of argv and preload names; answered */
  SERVE_CONNECT,  /* with the server's end of a new channel */
  SERVE_LAUNCH,   /* a record, and as many descriptors as fit; answered */
  SERVE_CANCEL    /* kill the latest; answered by ECANCELED, and hang up */
};

/* Of a launch the first descriptor is the record, if it is in a parcel. If
 * there are more than fit, the next is the end of a pair: after the answer the
 * client sends the others through that, and the child reads them there. */
struct serve_request {
  uint32_t kind;
  uint32_t num_fds;   /* SERVE_LAUNCH: of the whole table */
  uint32_t in_parcel; /* SERVE_LAUNCH: 1 or 0 */
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

/* Records up to this size travel in the message itself. */
enum { SERVE_INLINE = 32768 };

/* Where a forkserver finds its descriptors. */
enum { SERVE_FD_CHANNEL = 3, SERVE_FD_OWNER = 4 };

/* forkserver_adopt gives a forkserver's children a channel to connect over, and
 * a pidfd of the server, or -1; they are taken. */
void forkserver_adopt(int channel, int process);

#endif /* BROOD_START_IMAGE_H */
