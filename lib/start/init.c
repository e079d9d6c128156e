/* SPDX-License-Identifier: MIT
 *
 * The first statement of every image: is this the program, or what it was run
 * again for? A set-uid program is never run again: its caller, whom it has
 * rights over, would choose what is run.
 */
#include <errno.h>
#include <string.h>

#include "brood.h"
#include "lib/start/child.h"
#include "lib/start/image.h"
#include "lib/start/settings.h"
#include "lib/state/error.h"
#include "lib/sys/proc.h"

static bool has_role(int argc, char **argv, const char *role) {
  if (argc != 2 || strcmp(argv[1], role) != 0) return false;
  if (sys_is_privileged()) {
    child_refuse(
        "this program was run with %s by somebody who has not its "
        "rights",
        role);
  }
  sys_set_name(argv[0]);
  return true;
}

int brood_init(int argc, char **argv) {
  if (settings_initialised()) return 0;
  if (has_role(argc, argv, IMAGE_SPAWNED)) spawn_child();
  if (has_role(argc, argv, IMAGE_FORKSERVER)) forkserver_main();
  /* A copy: programs sort, cut and overwrite what they were given. */
  const char **copy = texts_copy((const char *const *)argv, (size_t)argc);
  if (copy == NULL) return error_set_os(-ENOMEM, "cannot keep argv");
  settings_set_argv(copy, argc);
  return 0;
}
