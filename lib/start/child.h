/* SPDX-License-Identifier: MIT
 *
 * New processes. First the life of one from the arrival of its record to its
 * exit, the same for all start methods. Then fresh images: how this program is
 * run again, what it then is, and how a record gets there.
 *
 * A forkserver and its clients talk over socket pairs that keep messages whole.
 * A channel belongs to one client process, which speaks one request at a time.
 * The owner's channel exists from the start. Another process makes its own: it
 * sends one end of a new pair by SERVE_CONNECT over any channel that it
 * inherited; that is never answered, so sharing a channel for it does no harm.
 *
 * The server serves its own user and group: of others it reads nothing.
 */
#ifndef BROOD_START_CHILD_H
#define BROOD_START_CHILD_H

#include "lib/names.h"
#include "lib/start/context.h"
#include "lib/wire/record.h"

/* child_main never returns, least of all into the creator's stack. */
__attribute__((noreturn)) void child_main(const struct delivery *delivery);

/* child_free_number has the descriptors of a table that have a number, which a
 * standard stream is about to get, get another: the program may have had no
 * such stream, or have passed it on. Returns 0 or -errno. */
int child_free_number(int *fds, size_t num_fds, int number);

/* child_leave is the ordinary end of a child. */
__attribute__((noreturn)) void child_leave(int code);

/* child_refuse ends a process that cannot become a child, with a sentence on
 * standard error. */
__attribute__((noreturn, format(printf, 1, 2))) void child_refuse(
    const char *format, ...);

/* child_texts returns pointers to texts, and NULL, for the life of the process:
 * in few, which has room for CHILD_FEW_TEXTS, or else on the heap, which costs
 * a new process some pages. The bytes that the texts were decoded from must
 * live as long. */
enum { CHILD_FEW_TEXTS = 128 };
const char **child_texts(const struct wire_texts *texts, const char **few);

/* child_flush flushes standard output and standard error: before a start, so
 * that what the parent has said comes first; and at the end of a child, which
 * leaves without exit handlers. As in Python, other streams are their users'
 * business: what they hold at a fork is the parent's to write, and only the
 * parent's. */
void child_flush(void);

/* ------------------------------------------------------ Fresh images -- */

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
  SERVE_CONNECT = 1, /* with the server's end of a new channel */
  SERVE_LAUNCH,      /* a record, and as many descriptors as fit; answered */
  SERVE_CANCEL       /* kill the latest; answered by ECANCELED, and hang up */
};

/* Of a launch the first descriptor is the record, if it is in a parcel. If
 * there are more than fit, the next is the end of a pair, into which the client
 * has put the others before: the child reads them there. */
struct serve_request {
  uint32_t kind;
  uint32_t num_fds;   /* SERVE_LAUNCH: of the whole table */
  uint32_t in_parcel; /* SERVE_LAUNCH: 1 or 0 */
};

/* The first two come unasked: with a pidfd of the server, and when it has run
 * the preloads. With a launch that worked come a pidfd and, if the kernel does
 * not tell how other people's children ended, a pipe that will. */
struct serve_reply {
  int32_t error; /* 0 or -errno */
  int32_t pid;
  int32_t preload;      /* in the second: the index of the one that failed, */
  int32_t preload_code; /* and what it returned; 0 if none did */
};

/* Records up to this size travel in the message itself. */
enum { SERVE_INLINE = 32768 };

/* Where a forkserver finds its descriptors. The parcel is of argv and the names
 * of preloads. */
enum { SERVE_FD_CHANNEL = 3, SERVE_FD_OWNER, SERVE_FD_PARCEL };

/* forkserver_adopt gives a forkserver's children a channel to connect over, and
 * a pidfd of the server, or -1; they are taken. */
void forkserver_adopt(int channel, int process);

/* A tuple, and its values: a few have room here, because a new process that
 * does not touch the heap starts sooner. They are read where the record lies: a
 * large string is not copied. */
struct brood_args {
  brood_target target; /* that reads them */
  brood_value tuple;
  brood_value few[16];
};

#endif /* BROOD_START_CHILD_H */
