/* SPDX-License-Identifier: MIT
 *
 * See guard.h.
 */
#include "lib/state/guard.h"

#include <pthread.h>

#include "lib/sys/signal.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* This thread's; a fork copies them to the thread that goes on. */
static _Thread_local int depth, cancel_state;
static _Thread_local bool has_mutex;

void guard_shield(void) {
  if (depth == 0) pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
  depth++;
}

void guard_unshield(void) {
  depth--;
  if (depth == 0) pthread_setcancelstate(cancel_state, &cancel_state);
}

bool guard_is_shielded(void) {
  return depth > 0;
}

int guard_open(void) {
  int before = depth;
  depth = 0;
  pthread_setcancelstate(cancel_state, &cancel_state);
  return before;
}

void guard_shut(int before) {
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
  depth = before;
}

void guard_lock(void) {
  guard_shield();
  pthread_mutex_lock(&mutex);
  has_mutex = true;
}

void guard_unlock(void) {
  has_mutex = false;
  pthread_mutex_unlock(&mutex);
  guard_unshield();
}

/* ---------------------------------------------------------------- Forks -- */

enum { MAX_FORGETS = 8 };

static void (*forgets[MAX_FORGETS])(void);
static int num_forgets;

/* Of the thread that forks, while it has the mutex. */
static sigset_t signals;
static bool had_mutex;

/* A handler that ran here and called exit would wait for the mutex for ever:
 * signals wait until the fork is over. A fork in a handler that interrupted a
 * holder of the mutex goes through as it is. */
static void before_fork(void) {
  sigset_t before;
  sys_signals_block(&before);
  bool has = has_mutex;
  if (!has) guard_lock();
  signals = before;
  had_mutex = has;
}

static void leave_fork(void) {
  sigset_t before = signals;
  if (!had_mutex) guard_unlock();
  sys_signals_unblock(&before);
}

/* No call into a library that the child has not used yet: each costs it a page
 * fault, and every fork of the program comes by here. */
static void put_right(void) {
  for (int i = 0; i < num_forgets; i++) forgets[i]();
  mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
  if (had_mutex) pthread_mutex_lock(&mutex);
  if (!had_mutex) {
    has_mutex = false;
    guard_unshield();
  }
  sys_signals_unblock(&signals);
}

void guard_at_fork(void (*forget)(void)) {
  if (num_forgets == 0) pthread_atfork(before_fork, leave_fork, put_right);
  forgets[num_forgets++] = forget;
}
