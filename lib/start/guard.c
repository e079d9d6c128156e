/* SPDX-License-Identifier: MIT
 *
 * See guard.h.
 */
#include "lib/start/guard.h"

#include <pthread.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

void guard_lock(void) {
  pthread_mutex_lock(&mutex);
}

void guard_unlock(void) {
  pthread_mutex_unlock(&mutex);
}

/* No call into a library that the child has not used yet: each costs it a page
 * fault, and every fork of the program comes by here. */
static void put_right(void) {
  children_forget();
  current_forget();
  forkserver_forget();
  mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}

__attribute__((constructor)) static void watch_forks(void) {
  pthread_atfork(guard_lock, guard_unlock, put_right);
}
