/* SPDX-License-Identifier: MIT
 *
 * See guard.h.
 */
#include "lib/state/guard.h"

#include <pthread.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

void guard_lock(void) {
  pthread_mutex_lock(&mutex);
}

void guard_unlock(void) {
  pthread_mutex_unlock(&mutex);
}

enum { MAX_FORGETS = 8 };

static void (*forgets[MAX_FORGETS])(void);
static int num_forgets;

/* No call into a library that the child has not used yet: each costs it a page
 * fault, and every fork of the program comes by here. */
static void put_right(void) {
  for (int i = 0; i < num_forgets; i++) forgets[i]();
  mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}

void guard_at_fork(void (*forget)(void)) {
  if (num_forgets == 0) pthread_atfork(guard_lock, guard_unlock, put_right);
  forgets[num_forgets++] = forget;
}
