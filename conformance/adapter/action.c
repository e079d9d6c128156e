/* SPDX-License-Identifier: MIT
 *
 * Actions of barriers; see action.h.
 */
#include "conformance/adapter/action.h"

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

brood_callable action_find(const char *name) {
  if (strcmp(name, "act") == 0) return act;
  return strcmp(name, "act_fails") == 0 ? act_fails : NULL;
}
