/* SPDX-License-Identifier: MIT
 *
 * Who may start a process, and when. What then happens is launch.c's.
 */
#include "lib/start/children.h"
#include "lib/start/current.h"
#include "lib/start/finish.h"
#include "lib/state/error.h"
#include "lib/state/guard.h"

static int check_startable(const struct brood_process *process) {
  const char *name = process->name;
  int r = process_check(process);
  if (r < 0) return r;
  if (process->kind == PROCESS_CHILD && process_state(process) != PROCESS_NEW) {
    return error_set(BROOD_ASSERTION_ERROR,
                     "cannot start a process twice: '%.100s'", name);
  }
  if (!process_is_own_child(process)) {
    return error_set(BROOD_ASSERTION_ERROR,
                     "can only start a process object created by current "
                     "process, not '%.100s'",
                     name);
  }
  if (current_process()->daemon) {
    return error_set(BROOD_ASSERTION_ERROR,
                     "daemonic processes are not allowed to have children: "
                     "'%.100s'",
                     name);
  }
  return 0;
}

int brood_process_start(brood_process *process) {
  if (process == NULL) return process_refuse_null();
  /* Before the mutex: in another process it may be locked for ever. */
  int r = check_startable(process);
  if (r < 0) return r;
  guard_enter();
  finish_at_exit();
  children_reap_some();
  /* A handler that calls exit would wait for this process, and its mutex. */
  guard_hold_signals();
  process_lock(process);
  r = check_startable(process);
  if (r == 0) r = launch_process(process);
  if (r == 0) atomic_store(&process->state, PROCESS_STARTED);
  process_unlock(process);
  guard_release_signals();
  return r;
}
