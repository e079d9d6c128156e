/* SPDX-License-Identifier: MIT
 *
 * Actions of barriers, and what prepares a child; see action.h.
 */
#include "conformance/adapter/action.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "conformance/adapter/io.h"

static int act(void) {
  return io_gate("acting") < 0 || io_note("acts", "act") < 0 ? 1 : 0;
}
BROOD_ACTION(act);

static int act_fails(void) {
  return 1;
}
BROOD_ACTION(act_fails);

static int ready(void) {
  return io_note("ready", "ready") < 0 ? 1 : 0;
}
BROOD_PREPARE(ready);

static int ready_fails(void) {
  return 7;
}
BROOD_PREPARE(ready_fails);

static int ready_dies(void) {
  return raise(SIGKILL);
}
BROOD_PREPARE(ready_dies);

static int unregistered(void) {
  return 0;
}

brood_callable action_find(const char *name) {
  if (strcmp(name, "act") == 0) return act;
  if (strcmp(name, "act_fails") == 0) return act_fails;
  if (strcmp(name, "ready") == 0) return ready;
  if (strcmp(name, "ready_fails") == 0) return ready_fails;
  if (strcmp(name, "unregistered") == 0) return unregistered;
  return strcmp(name, "ready_dies") == 0 ? ready_dies : NULL;
}
