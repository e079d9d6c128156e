/* SPDX-License-Identifier: MIT
 *
 * A context is a start method, and that is a courier for one launch record:
 * fork.c, spawn.c and forkserver.c are the three, made to be read side by side;
 * everything else about a process is the same for all. And what a program sets
 * for all contexts at once.
 */
#ifndef BROOD_START_CONTEXT_H
#define BROOD_START_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "brood.h"
#include "lib/names.h"
#include "lib/sys/fd.h"

/* What a courier brings. The bytes must live as long as the process. args is
 * NULL if the arguments lie behind the head in data. */
struct delivery {
  const struct brood_process *handle; /* where memory is shared, else NULL */
  brood_target target; /* what the record names, if it has been looked up */
  const uint8_t *data;
  size_t size;
  const uint8_t *args;
  int *fds;
  size_t num_fds;
  bool own_image; /* nobody else's exit handlers are in memory */
};

/* A delivery as the creator has it, with a head in data that was made for this
 * start. fds is the whole table of the record; in front of it, at fds[-2] and
 * fds[-1], there is room for two descriptors of the courier's. */
struct launch {
  struct delivery is;
  size_t args_size;
  int setup_line; /* the creator's end of it, or -1 */
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
  int (*launch)(const struct launch *launch, struct launched *out);
};

int launch_by_fork(const struct launch *launch, struct launched *out);
int launch_by_spawn(const struct launch *launch, struct launched *out);
int launch_by_forkserver(const struct launch *launch, struct launched *out);

/* context_default returns the default context, which is from now on the
 * program's. */
const brood_context *context_default(void);

/* context_number is a context's number in the launch record, and as the
 * default. */
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
void log_get(uint32_t *out_level, uint32_t *out_handlers);
void log_set(uint32_t level, uint32_t handlers);

/* log_info writes one record of level INFO, if anybody listens. */
__attribute__((format(printf, 1, 2))) void log_info(const char *format, ...);

#endif /* BROOD_START_CONTEXT_H */
