/* SPDX-License-Identifier: MIT
 *
 * See finish.h. A daemonic child that does not heed SIGTERM is killed after a
 * while: its lifeline would do that anyway once this process is gone.
 */
#include "lib/start/finish.h"

#include <pthread.h>
#include <stdlib.h>

#include "brood.h"
#include "lib/start/children.h"
#include "lib/state/guard.h"

#define DAEMON_GRACE_NS INT64_C(1000000000)

/* In a handler that interrupted this thread inside of the library nobody can be
 * waited for: daemonic children end by their lifelines. */
void finish_children(void) {
  if (guard_is_shielded()) return;
  struct brood_process *process = children_take_one();
  if (process != NULL) children_terminate_daemons();
  for (; process != NULL; process = children_take_one()) {
    if (process->daemon &&
        brood_process_join(process, DAEMON_GRACE_NS) == BROOD_TIMEOUT) {
      brood_process_kill(process);
    }
    brood_process_join(process, BROOD_FOREVER);
    children_remove(process); /* even if it could not be joined */
    brood_process_free(process);
  }
}

static void register_handler(void) {
  atexit(finish_children);
}

/* At the first start and not in a constructor: exit handlers run last to
 * first, so this one comes before those that main registered earlier, which
 * may take away what children still use. */
void finish_at_exit(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, register_handler);
}
