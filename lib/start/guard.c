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

static void put_right(void) {
  children_forget();
  current_forget();
  forkserver_forget();
  guard_unlock();
}

__attribute__((constructor)) static void watch_forks(void) {
  pthread_atfork(guard_lock, guard_unlock, put_right);
}
