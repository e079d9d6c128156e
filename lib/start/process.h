/* SPDX-License-Identifier: MIT
 *
 * The process handle as this room sees it. process.c has what users call,
 * launch.c the start, children.c the set of those that run, current.c the
 * handle of the calling process.
 */
#ifndef BROOD_START_PROCESS_H
#define BROOD_START_PROCESS_H

#include <pthread.h>
#include <stdatomic.h>

#include "lib/names.h"
#include "lib/start/args.h"
#include "lib/start/context.h"
#include "lib/sys/fd.h"

enum process_kind { PROCESS_CHILD, PROCESS_SELF, PROCESS_PARENT };

enum process_state {
  PROCESS_NEW,
  PROCESS_STARTED,
  PROCESS_ENDED, /* exitcode is known, the descriptors are still open */
  PROCESS_CLOSED
};

struct brood_process {
  atomic_int num_handles;
  enum process_kind kind;
  pid_t creator;
  const brood_context *context; /* NULL: the default at start */
  brood_target target;
  struct packed_args args;
  char *identity;     /* "1:2": numbers from main down to here */
  char *_Atomic name; /* in texts, constant, or in a launch record */
  bool daemon;
  const uint8_t *authkey; /* likewise, or the creator's; both guarded */
  size_t authkey_size;
  struct process_text *texts; /* guarded */

  /* The mutex guards what follows. It is held while the process is being
   * launched, so whoever holds the guard may only try it; and only by the
   * creator, so a fork elsewhere leaves nobody waiting for it. */
  pthread_mutex_t mutex;
  _Atomic(enum process_state) state;
  int num_waiters;   /* threads that poll a descriptor without the mutex */
  bool has_sentinel; /* the user was told the pidfd */
  struct launched launched;
  struct sys_kept pidfd_file, report_file; /* what its descriptors were */
  int exitcode;

  /* Guarded by the guard. */
  struct sys_kept lifeline; /* our end of a daemonic child's */
  struct brood_process *next, *previous;
  uint32_t round; /* of pids, in which it got its own */
};

/* Names and keys that a handle has or had: whoever was told one may read it for
 * as long as the handle lives. */
struct process_text {
  struct process_text *next;
  char bytes[];
};

/* process_keep_text copies bytes, and a NUL behind them, to a handle; NULL
 * without memory. */
char *process_keep_text(struct brood_process *process, const void *bytes,
                        size_t size);

/* process_lock takes the mutex, and shields the thread that has it. */
void process_lock(struct brood_process *process);
void process_unlock(struct brood_process *process);

enum process_state process_state(const struct brood_process *process);

/* process_refuse_null sets and returns the error of a NULL handle;
 * process_check is 0 for a handle that can be asked at all. */
int process_refuse_null(void);
int process_check(const struct brood_process *process);

/* process_check_name is 0 for a name of a legal size. */
int process_check_name(const char *name);

/* process_is_own_child: made by the calling process, to be started by it. */
bool process_is_own_child(const struct brood_process *process);

/* process_release closes the descriptors; nobody may be polling them. */
void process_release(struct brood_process *process);

/* process_poll takes the end of a started process if there is one; 1 or 0 is
 * whether it has ended. With the mutex held. */
int process_poll(struct brood_process *process);

/* process_is_waited_for: by this process, so that its number stays its own. */
bool process_is_waited_for(const struct brood_process *process);

/* process_name_again sees to it that a process which has not ended, as
 * process_poll has just found, has a pidfd; 0 or -errno: -EBADF if the program
 * has closed the only one. With the mutex held. */
int process_name_again(struct brood_process *process);

/* process_signal sends a signal to a process that has not ended; 0 or -errno.
 * With the mutex held. */
int process_signal(struct brood_process *process, int signal_number);

/* launch_process starts a process whose caller may do so; 0, or an error that
 * it has set. With the mutex held. */
int launch_process(struct brood_process *process);

#endif /* BROOD_START_PROCESS_H */
