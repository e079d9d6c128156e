/* SPDX-License-Identifier: MIT
 *
 * The process handle as this room sees it (process.c, launch.c, end.c,
 * setup.c), and the set of those that the calling process has started and not
 * yet seen the end of (children.c).
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "lib/names.h"
#include "lib/share/pack.h"
#include "lib/start/context.h"
#include "lib/wire/record.h"

enum process_kind { PROCESS_CHILD, PROCESS_SELF, PROCESS_PARENT };

enum process_state {
  PROCESS_NEW,
  PROCESS_STARTED,
  PROCESS_ENDED, /* exitcode is known, the descriptors are still open */
  PROCESS_CLOSED
};

/* A setup as its handle keeps it. All zero is none. */
struct setup {
  uint8_t *data; /* as the record carries it */
  size_t size;
  /* For the record's table: the first one is the child's end of a line, at a
   * start; behind it are the streams that travel. */
  int fds[WIRE_SETUP_MAX_FDS];
  uint32_t num_fds;
  int streams[3];         /* the creator's descriptor for each, or -1 */
  brood_callable prepare; /* NULL: none, or not to be had by name */
  bool prepare_has_name;
};

struct brood_process {
  atomic_int num_handles;
  enum process_kind kind;
  uint64_t creator;             /* token */
  const brood_context *context; /* NULL: the default at start */
  brood_target target;
  struct pack args;
  struct setup setup;
  char *_Atomic name; /* in texts, constant, or in a launch record */
  char *identity;     /* likewise: "1:2", numbers from main down to here */
  bool daemon;
  bool is_servant;        /* of a pool: see process_start_servant */
  bool is_relay;          /* a daemonic process may have it as well */
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
  bool is_told;      /* that it is to end */
  struct launched launched;
  int exitcode;

  /* Guarded by the guard. */
  struct sys_kept lifeline; /* our end of a daemonic child's */
  struct brood_process *next, *previous;
  uint32_t round; /* of pids, in which it got its own */
};

/* process_start_servant starts a daemonic process that is not among the active
 * children, and is killed at the end of its creator. What a servant makes has
 * the same parent as that. One that stays is not daemonic, and ends by itself.
 * NULL and the error is set. */
enum servant { SERVANT_PLAIN, SERVANT_RELAY, SERVANT_STAYS };
brood_process *process_start_servant(const brood_context *context,
                                     const char *name, enum servant servant,
                                     brood_target target,
                                     const brood_value *args, size_t num_args);

/* current_serve: the calling process is one that makes servants. */
void current_serve(void);

/* process_lock takes the mutex, and shields the thread that has it. */
void process_lock(struct brood_process *process);
void process_unlock(struct brood_process *process);

enum process_state process_state(const struct brood_process *process);

/* process_refuse_null sets and returns the error of a NULL handle;
 * process_check is 0 for a handle that can be asked at all. */
int process_refuse_null(void);
int process_check(const struct brood_process *process);

/* process_is_own_child: made by the calling process, to be started by it. */
bool process_is_own_child(const struct brood_process *process);

/* process_release closes the descriptors; nobody may be polling them. */
void process_release(struct brood_process *process);

/* process_poll takes the end of a started process: 1 or 0. With the mutex. */
int process_poll(struct brood_process *process);

/* process_signal returns 0, also after the end, or -errno. With the mutex. */
int process_signal(struct brood_process *process, int signal_number);

/* reap_watch describes a new child of this process, even one that has ended and
 * was reaped by somebody else. On failure the child is killed: -errno. */
int reap_watch(pid_t pid, struct launched *out);

/* -------------------------------------------------- The calling process -- */

/* current_maker writes whom a process that is being made has as its parent, and
 * returns the pidfd of that, or -errno. */
int current_maker(const struct brood_process *made, struct wire_record *out);

/* current_pidfd returns a pidfd of the calling process, or -errno. */
int current_pidfd(void);

/* current_become makes the calling process what a record says, which must live
 * on. handle is its creator's, if memory is shared; creator_pidfd is taken. */
void current_become(const struct brood_process *handle,
                    const struct wire_record *record, int creator_pidfd);

/* current_await_parent waits for the creator's end: 1, or 0 at the deadline. */
int current_await_parent(int64_t deadline_ns);

/* current_is: the handle of this process, or its creator's of it, of a fork. */
bool current_is(const struct brood_process *process);

/* current_is_child: started by Brood, and not main. */
bool current_is_child(void);

/* ------------------------------------------ Those that run: children.c -- */

/* children_add lists a process that is about to be launched: 0 or -errno. If it
 * is daemonic, a lifeline is made, and its end of that written. */
int children_add(struct brood_process *process, int *out_lifeline);

/* children_remove unlists one, if it is there. */
void children_remove(struct brood_process *process);

/* children_before_start has exit() do children_finish, and takes the ends of a
 * few that have finished, others each time, however many they are. */
void children_before_start(void);

/* children_has_younger: has one that was started later the same pid? */
bool children_has_younger(const struct brood_process *process);

/* children_name counts a process that has a pidfd now, and closes that of the
 * oldest if there are many: each makes every fork slower. With the mutex. */
void children_name(struct brood_process *process);

/* children_finish is what the end of a process owes them: it terminates the
 * daemonic ones, then joins all. */
void children_finish(void);

/* --------------------------------------- The setup of a child: setup.c --
 *
 * Packed when the handle is made, carried by the launch record, done in the
 * child before its target runs, and told to the creator, which waits for that.
 * Without a setup nobody waits for anybody. */

/* setup_check is what can be refused before a start. Both set their errors. */
int setup_pack(struct setup *out, const brood_child_setup *setup);
int setup_check(const struct brood_process *process, bool fresh_image);

/* setup_await takes both ends of the line on which a child tells how its setup
 * went, and waits if the launch returned 0: 0, -errno, or 1 and an error is
 * set; then nothing of the child is left. */
int setup_await(struct brood_process *process, const brood_context *context,
                int launch_result, int line);

/* setup_apply does in the child what a record says, or tells the creator what
 * failed and ends the process. It returns the child's end of the line, for
 * setup_finish, which tells that all is well. */
struct sys_kept setup_apply(const struct delivery *delivery,
                            const struct wire_record *record);
void setup_finish(struct sys_kept *line);
