/* SPDX-License-Identifier: MIT
 *
 * See image.h.
 */
#include "lib/start/image.h"

#include <limits.h>

#include "lib/start/settings.h"
#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/sys/proc.h"

int image_run(const char *role, const int *fds, size_t num_fds) {
  char name[PATH_MAX];
  int r = settings_executable(name, sizeof name);
  if (r < 0) return error_set_os(r, "cannot keep the executable's name");
  const char *path = r == 0 ? name : sys_own_image(name, sizeof name);
  char *argv[] = {name, (char *)role, NULL};
  r = sys_spawn(path, argv, fds, num_fds, guard_held_signals());
  if (r < 0) return error_set_os(r, "cannot run '%.200s'", name);
  return r;
}
