/* SPDX-License-Identifier: MIT
 *
 * See children.h. One list, under the guard.
 *
 * A lifeline is a pipe: the child holds the reading end and has the kernel
 * kill it at hang-up, this process holds the only writing end. It is made and
 * listed under the guard, which a fork by whichever thread waits for: so every
 * writing end is known at the fork, and the child closes them all.
 * PR_SET_PDEATHSIG would be shorter, but it watches the thread that forked.
 */
#include "lib/start/children.h"

#include <signal.h>

#include "lib/error/error.h"
#include "lib/state/guard.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"

static struct brood_process *first;
static atomic_int num_listed; /* to see without the guard that there is none */

/* In the child of a fork: these are somebody else's. The handles stay valid for
 * whoever holds one, and are not written to: that would copy their pages for
 * nothing. */
static void forget(void) {
  for (const struct brood_process *process = first; process != NULL;
       process = process->next) {
    sys_close(process->lifeline);
  }
  first = NULL;
  atomic_store(&num_listed, 0);
}

__attribute__((constructor)) static void watch_forks(void) {
  guard_at_fork(forget);
}

int children_add(struct brood_process *process, int *out_lifeline) {
  int ends[2] = {-1, -1};
  int r = 0;
  guard_lock();
  if (process->daemon) r = sys_pipe(ends);
  if (r == 0) {
    process->lifeline = ends[1];
    process->next = first;
    first = process;
    atomic_fetch_add(&num_listed, 1);
    atomic_fetch_add(&process->num_handles, 1);
    *out_lifeline = ends[0];
  }
  guard_unlock();
  return r;
}

/* Takes the process that *link points to off the list; with the guard held.
 * Its handle is the caller's to give back. */
static struct brood_process *unlink_at(struct brood_process **link) {
  struct brood_process *process = *link;
  *link = process->next;
  atomic_fetch_sub(&num_listed, 1);
  process->lifeline = sys_close(process->lifeline);
  return process;
}

void children_remove(struct brood_process *process) {
  struct brood_process *removed = NULL;
  guard_lock();
  struct brood_process **link = &first;
  while (*link != NULL && *link != process) link = &(*link)->next;
  if (*link != NULL) removed = unlink_at(link);
  guard_unlock();
  brood_process_free(removed);
}

/* Has it ended? One that another thread is busy with is left alone: it may be
 * in the middle of its launch. */
static bool has_ended(struct brood_process *process) {
  if (pthread_mutex_trylock(&process->mutex) != 0) return false;
  bool ended = atomic_load(&process->state) == PROCESS_ENDED ||
               (atomic_load(&process->state) == PROCESS_STARTED &&
                process_poll(process));
  pthread_mutex_unlock(&process->mutex);
  return ended;
}

void children_reap(void) {
  struct brood_process *ended = NULL;
  guard_lock();
  for (struct brood_process **link = &first; *link != NULL;) {
    if (!has_ended(*link)) {
      link = &(*link)->next;
      continue;
    }
    struct brood_process *process = unlink_at(link);
    process->next = ended;
    ended = process;
  }
  guard_unlock();
  while (ended != NULL) {
    struct brood_process *next = ended->next;
    brood_process_free(ended);
    ended = next;
  }
}

int brood_active_children(brood_process **out, size_t capacity) {
  if (out == NULL && capacity > 0) {
    return error_set(BROOD_TYPE_ERROR, "room for %zu handles at NULL",
                     capacity);
  }
  children_reap();
  size_t count = 0;
  guard_lock();
  for (struct brood_process *process = first; process != NULL;
       process = process->next) {
    if (atomic_load(&process->state) != PROCESS_STARTED) continue;
    if (count < capacity) {
      atomic_fetch_add(&process->num_handles, 1);
      out[count] = process;
    }
    count++;
  }
  guard_unlock();
  return (int)count;
}

void children_terminate_daemons(void) {
  guard_lock();
  for (struct brood_process *process = first; process != NULL;
       process = process->next) {
    if (process->daemon && atomic_load(&process->state) == PROCESS_STARTED) {
      sys_pidfd_signal(process->launched.pidfd, SIGTERM);
    }
  }
  guard_unlock();
}

struct brood_process *children_take_one(void) {
  if (atomic_load(&num_listed) == 0) return NULL;
  guard_lock();
  struct brood_process *process = first;
  if (process != NULL) atomic_fetch_add(&process->num_handles, 1);
  guard_unlock();
  return process;
}
