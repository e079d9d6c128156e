/* SPDX-License-Identifier: MIT
 *
 * A context is a start method, and that is a courier for one launch record:
 * fork.c, spawn.c and forkserver.c are the three, made to be read side by side;
 * everything else about a process is the same for all. And what a program sets
 * for all contexts at once, what new processes are, and how couriers talk.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "brood.h"
#include "lib/names.h"
#include "lib/sys/fd.h"
#include "lib/wire/record.h"

/* What a courier brings. The bytes must live as long as the process. args is
 * NULL if the arguments lie behind the head in data. fds is the whole table of
 * the record; in front of it, at fds[-2] and fds[-1], the creator has room for
 * two descriptors of the courier's. */
struct delivery {
  const struct brood_process *handle; /* where memory is shared, else NULL */
  brood_target target; /* what the record names, if it has been looked up */
  const uint8_t *data;
  size_t size;
  const uint8_t *args;
  size_t args_size; /* known to the creator, as is: */
  int setup_line;   /* its end of it, or -1 */
  int *fds;
  size_t num_fds;
  bool own_image; /* nobody else's exit handlers are in memory */
};

/* A process that was delivered to. */
struct launched {
  pid_t pid;
  struct sys_kept pidfd;  /* if it has gone without a trace: of a pipe's end */
  struct sys_kept report; /* where the forkserver reports the end, if it does */
  bool report_lost;       /* its server died first */
  bool gone;              /* it has ended, and its status with it */
};

#define LAUNCHED_NONE \
  ((struct launched){.pidfd = {.fd = -1}, .report = {.fd = -1}})

struct brood_context {
  const char *name;
  const char *process_class;
  bool fresh_image; /* targets go by name, pointers mean nothing */
  bool own_image;   /* one for each child: argv has to be carried */
  bool of_server;   /* which waits for the child; its creator sends directory
                     * and environment along, and asks how it ended */

  /* launch returns 0; or nothing runs, and it returns -errno, or 1 and has set
   * an error that says more. */
  int (*launch)(const struct delivery *delivery, struct launched *out);
};

int launch_by_fork(const struct delivery *delivery, struct launched *out);
int launch_by_spawn(const struct delivery *delivery, struct launched *out);
int launch_by_forkserver(const struct delivery *delivery, struct launched *out);

/* The default context, which is from now on the program's. */
const brood_context *context_default(void);

/* A context's number in the launch record, and as the default. */
uint32_t context_number(const brood_context *context);

/* settings_copy returns what texts_copy makes of a setting: the path of the
 * program for fresh images to run, or the names. */
enum setting { SETTING_EXECUTABLE, SETTING_PRELOAD };
const char **settings_copy(enum setting which);

/* texts_copy copies a list, which may be NULL, to its end or the maximum, into
 * one block for free(), as it is at one time: other threads may change it
 * meanwhile. NULL: out of memory. */
const char **texts_copy(const char *const *texts, size_t max_texts);

/* Set by brood_init and, in a child, by the record. */
void settings_set_argv(const char *const *argv, int argc);
bool settings_initialised(void);

/* The log, as the launch record carries it. */
extern _Atomic uint32_t log_least_level;
extern _Atomic uint32_t log_num_handlers;

/* log_info writes one record of level INFO, if anybody listens. */
__attribute__((format(printf, 1, 2))) void log_info(const char *format, ...);

/* ------------------------------------------------------ New processes -- */

/* child_main never returns, least of all into the creator's stack. */
__attribute__((noreturn)) void child_main(const struct delivery *delivery);

/* child_free_number has the descriptors of a table that have a number, which a
 * standard stream is about to get, get another: the program may have had no
 * such stream, or have passed it on. Returns 0 or -errno. */
int child_free_number(int *fds, size_t num_fds, int number);

/* child_leave is the ordinary end of a child. */
__attribute__((noreturn)) void child_leave(int code);

/* child_refuse ends what cannot become a child, with a sentence on stderr. */
__attribute__((noreturn, format(printf, 1, 2))) void child_refuse(
    const char *format, ...);

/* child_texts returns pointers to texts, and NULL, for the life of the process:
 * in few, if there is room for them, as the heap costs a new process some
 * pages. What the texts were decoded from must live as long. */
enum { CHILD_FEW_TEXTS = 128 };
const char **child_texts(const struct wire_texts *texts, const char **few);

/* child_flush flushes standard output and standard error: before a start, so
 * that what the parent has said comes first, and at the end of a child without
 * exit handlers. What other streams hold at a fork is the parent's to write. */
void child_flush(void);

/* The single argument that tells brood_init what a fresh image was run for, and
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

/* parcel_pack writes head and arguments into a new memfd; -errno. */
int parcel_pack(const struct delivery *delivery);

/* parcel_open maps one, for the life of the process, and writes data, size and
 * num_fds; -EBADMSG if it does not hold a whole record. */
int parcel_open(struct delivery *out, int fd);

/* ----------------------------- A forkserver: forkserver.c and server.c --
 *
 * It and its clients talk over socket pairs that keep messages whole. A channel
 * belongs to one client process, which speaks one request at a time. The
 * owner's channel exists from the start. Another process makes its own: it
 * sends one end of a new pair by SERVE_CONNECT over any channel that it
 * inherited; that is never answered, so sharing a channel for it does no harm.
 *
 * The server serves its own user and group: of others it reads nothing. */

enum serve_kind {
  SERVE_CONNECT = 1, /* with the server's end of a new channel */
  SERVE_LAUNCH,      /* a record, and as many descriptors as fit; answered */
  SERVE_CANCEL       /* kill the latest; answered by ECANCELED, and hang up */
};

/* Of a launch the first descriptor is the record, if it is in a parcel. If
 * there are more than fit, the next is the end of a pair, where the others lie.
 */
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

/* Where a forkserver finds its descriptors; the parcel: argv and preloads. */
enum { SERVE_FD_CHANNEL = 3, SERVE_FD_OWNER, SERVE_FD_PARCEL };

/* forkserver_adopt gives a forkserver's children a channel to connect over, and
 * a pidfd of the server, or -1; they are taken. */
void forkserver_adopt(int channel, int process);

/* Values are read where the record lies. A few have room here: a new process
 * that does not touch the heap starts sooner. */
struct brood_args {
  brood_target target; /* that reads them */
  brood_value tuple;
  brood_value few[16];
};
