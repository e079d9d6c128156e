/* SPDX-License-Identifier: MIT
 *
 * Those that run, and what the end of this process owes them. One list, under
 * the guard. A lifeline is a pipe: the child holds the reading end and has the
 * kernel kill it at hang-up, this process holds the only writing end. It is
 * made and listed under the guard, which a fork by whichever thread waits for:
 * so the child of that knows all writing ends, and closes them.
 * PR_SET_PDEATHSIG would be shorter, but it watches the thread that forked.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>

#include "lib/start/process.h"
#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/sys/clock.h"
#include "lib/sys/fd.h"

static struct brood_process *first;
static struct brood_process *to_look_at;   /* by the next start */
static struct brood_process *oldest_named; /* of those that have a pidfd */
static atomic_int num_listed; /* to see without the guard that there is none */
static int num_lifelines;     /* of those that are listed */
static atomic_bool is_leaving;

/* In the child of a fork: these are somebody else's. The handles stay valid for
 * whoever holds one. None is written to, which would copy its page for nothing,
 * or read while none has a lifeline. */
static void forget_children(void) {
  for (const struct brood_process *process = first; num_lifelines > 0;
       process = process->next) {
    struct sys_kept lifeline = process->lifeline;
    num_lifelines -= lifeline.fd >= 0;
    sys_kept_close(&lifeline);
  }
  first = to_look_at = oldest_named = NULL;
  atomic_store(&num_listed, 0);
  atomic_store(&is_leaving, false);
}

GUARD_AT_FORK(forget_children)

int children_add(struct brood_process *process, int *out_lifeline) {
  int ends[2] = {-1, -1};
  int r = 0;
  guard_lock();
  if (process->is_servant && atomic_load(&is_leaving)) r = -ECANCELED;
  if (r == 0 && process->daemon) r = sys_pipe(ends);
  if (r == 0) {
    process->lifeline = sys_keep(ends[1]);
    num_lifelines += ends[1] >= 0;
    process->next = first;
    if (first != NULL) first->previous = process;
    first = process;
    atomic_fetch_add(&num_listed, 1);
    atomic_fetch_add(&process->num_handles, 1);
    *out_lifeline = ends[0];
  }
  guard_unlock();
  return r;
}

/* With the guard held; its handle is the caller's to give back. */
static struct brood_process *unlist_process(struct brood_process *process) {
  if (process == to_look_at) to_look_at = process->next;
  if (process == oldest_named) oldest_named = process->previous;
  if (process == first) first = process->next;
  if (process->previous != NULL) process->previous->next = process->next;
  if (process->next != NULL) process->next->previous = process->previous;
  process->next = process->previous = NULL;
  atomic_fetch_sub(&num_listed, 1);
  num_lifelines -= process->lifeline.fd >= 0;
  sys_kept_close(&process->lifeline);
  return process;
}

/* With the guard held. */
static bool is_listed(const struct brood_process *process) {
  return process == first || process->previous != NULL;
}

void children_remove(struct brood_process *process) {
  struct brood_process *removed = NULL;
  guard_lock();
  if (is_listed(process)) removed = unlist_process(process);
  guard_unlock();
  brood_process_free(removed);
}

/* Has it ended? One that another thread is busy with is left alone: it may be
 * in the middle of its launch. */
static bool has_ended(struct brood_process *process) {
  if (pthread_mutex_trylock(&process->mutex) != 0) return false;
  bool ended = process_state(process) != PROCESS_NEW && process_poll(process);
  pthread_mutex_unlock(&process->mutex);
  return ended;
}

static void free_all(struct brood_process *ended) {
  while (ended != NULL) {
    struct brood_process *next = ended->next;
    brood_process_free(ended);
    ended = next;
  }
}

/* Looks at so many, from one on; returns the one after the last. */
static struct brood_process *reap_from(struct brood_process *process, int count,
                                       struct brood_process **ended) {
  while (process != NULL && count-- > 0) {
    struct brood_process *next = process->next;
    if (has_ended(process)) {
      unlist_process(process)->next = *ended;
      *ended = process;
    }
    process = next;
  }
  return process;
}

static void register_finish(void) {
  atexit(children_finish);
}

void children_before_start(void) {
  /* Not in a constructor: so children_finish comes before the exit handlers
   * that main registered earlier, which may take away what children use. */
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, register_finish);
  enum { SOME = 2 };
  struct brood_process *ended = NULL;
  if (atomic_load(&num_listed) == 0) return;
  guard_lock();
  if (to_look_at == NULL) to_look_at = first;
  to_look_at = reap_from(to_look_at, SOME, &ended);
  guard_unlock();
  free_all(ended);
}

/* The kernel gives pids out in ascending order, and begins anew at the end: one
 * can come again only after a child had a lower one than the child before. */
static pid_t latest_pid;
static uint32_t num_rounds;

bool children_has_younger(const struct brood_process *process) {
  guard_lock();
  const struct brood_process *younger =
      process->round == num_rounds ? NULL : first;
  while (younger != NULL && younger != process &&
         (younger->launched.pid != process->launched.pid ||
          atomic_load(&younger->state) != PROCESS_STARTED)) {
    younger = younger->next;
  }
  guard_unlock();
  return younger != NULL && younger != process;
}

/* Those without lose their exit code if the program itself waits for them. */
enum { MANY_PIDFDS = 256 };

/* With the guard. One whose pidfd the user has, or a thread waits with, or that
 * is in use right now keeps it. */
static void forget_pidfd(struct brood_process *process) {
  if (pthread_mutex_trylock(&process->mutex) != 0) return;
  if (process->num_waiters == 0 && !process->has_sentinel &&
      !process->context->of_server) {
    sys_kept_close(&process->launched.pidfd);
  }
  pthread_mutex_unlock(&process->mutex);
}

void children_name(struct brood_process *process) {
  guard_lock();
  if (process->launched.pid <= latest_pid) num_rounds++;
  latest_pid = process->launched.pid;
  process->round = num_rounds;
  /* The end of this process may have taken it off the list meanwhile. */
  if (oldest_named == NULL && is_listed(process)) oldest_named = process;
  if (oldest_named != NULL && atomic_load(&num_listed) > MANY_PIDFDS) {
    struct brood_process *oldest = oldest_named;
    oldest_named = oldest->previous;
    if (oldest != process) forget_pidfd(oldest);
  }
  guard_unlock();
}

int brood_active_children(brood_process **out, size_t capacity) {
  int r = error_check_array(out, capacity, SIZE_MAX, "handles");
  if (r < 0) return r;
  struct brood_process *ended = NULL;
  size_t count = 0;
  guard_lock();
  reap_from(first, INT_MAX, &ended);
  for (struct brood_process *process = first; process != NULL;
       process = process->next) {
    if (process->is_servant || process_state(process) != PROCESS_STARTED) {
      continue;
    }
    if (count < capacity) {
      atomic_fetch_add(&process->num_handles, 1);
      out[count] = process;
    }
    count++;
  }
  guard_unlock();
  free_all(ended);
  return (int)count;
}

/* With its mutex held. */
static void tell_to_end(struct brood_process *process) {
  if (!process->daemon || process->is_told) return;
  process_signal(process, process->is_servant ? SIGKILL : SIGTERM);
  process->is_told = true;
}

static void terminate_daemons(void) {
  guard_lock();
  for (struct brood_process *process = first; process != NULL;
       process = process->next) {
    if (pthread_mutex_trylock(&process->mutex) != 0) continue;
    tell_to_end(process);
    pthread_mutex_unlock(&process->mutex);
  }
  guard_unlock();
}

/* Any one, with a handle for the caller, or NULL if there is none. */
static struct brood_process *take_child(void) {
  if (atomic_load(&num_listed) == 0) return NULL;
  guard_lock();
  struct brood_process *process = first;
  if (process != NULL) atomic_fetch_add(&process->num_handles, 1);
  guard_unlock();
  return process;
}

/* Daemonic children that do not heed SIGTERM are killed after a while, as their
 * lifelines would do once this process is gone. In a handler that interrupted
 * this thread inside of the library nobody can be waited for: then only those
 * end them. A thread that was cancelled here would leave the exit half-way. */
void children_finish(void) {
  enum { DAEMON_GRACE_NS = 1000000000 };
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &(int){0});
  if (guard_is_shielded()) return;
  atomic_store(&is_leaving, true); /* no pool needs a new supervisor */
  struct brood_process *process = take_child();
  if (process != NULL) terminate_daemons();
  int64_t grace_ns = sys_clock_deadline(DAEMON_GRACE_NS);
  for (; process != NULL; process = take_child()) {
    /* Waits for a start by another thread; but not for that of a daemonic
     * child, which its lifeline ends. */
    if (!process->daemon || process_state(process) != PROCESS_NEW) {
      process_lock(process);
      tell_to_end(process);
      process_unlock(process);
    }
    if (process->daemon &&
        brood_process_join(process, sys_clock_left(grace_ns)) ==
            BROOD_TIMEOUT &&
        brood_process_kill(process) < 0) {
      children_remove(process); /* which closes the lifeline */
    }
    /* A servant that is not daemonic ends by itself, perhaps after this. */
    bool may_stay = process->is_servant && !process->daemon;
    brood_process_join(process, may_stay ? DAEMON_GRACE_NS : BROOD_FOREVER);
    children_remove(process); /* even if it could not be joined */
    brood_process_free(process);
  }
}
