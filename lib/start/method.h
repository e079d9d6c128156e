/* SPDX-License-Identifier: MIT
 *
 * What a start method is: a courier for one launch record. fork.c, spawn.c
 * and forkserver.c are the three, made to be read side by side; everything
 * else about a process is the same for all.
 */
#ifndef BROOD_START_METHOD_H
#define BROOD_START_METHOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/names.h"

struct brood_process;

/* What is to be delivered. The head was made for this start; args and fds are
 * borrowed. fds is the whole table of the record. */
struct launch {
  struct brood_process *process;
  const uint8_t *head;
  size_t head_size;
  const uint8_t *args;
  size_t args_size;
  int *fds;
  size_t num_fds;
};

/* A process that was delivered to. */
struct launched {
  pid_t pid;
  int pidfd;        /* if it has gone without a trace: anything readable */
  bool gone;        /* it has ended, and its status with it */
  int report;       /* where the forkserver reports the end, or -1 */
  bool report_lost; /* its server died first */
};

struct start_method {
  const char *name;
  const char *process_class;
  bool fresh_image;  /* targets go by name, pointers mean nothing */
  bool own_image;    /* one for each child: argv has to be carried */
  bool surroundings; /* directory and environment have to be carried */

  /* launch returns 0, or an error that it has set; then nothing runs. */
  int (*launch)(const struct launch *launch, struct launched *out);

  /* reap returns 1 and the exit code, or 0 while the process runs. */
  int (*reap)(struct launched *launched, int *out_exitcode);
};

extern const struct start_method start_fork;
extern const struct start_method start_spawn;
extern const struct start_method start_forkserver;

#endif /* BROOD_START_METHOD_H */
