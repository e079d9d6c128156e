/* SPDX-License-Identifier: MIT
 *
 * The first statement of every image: is this the program, or what it was run
 * again for?
 */
#include <string.h>

#include "brood.h"
#include "lib/start/image.h"
#include "lib/start/settings.h"

int brood_init(int argc, char **argv) {
  if (settings_initialised()) return 0;
  if (argc == 2 && strcmp(argv[1], IMAGE_SPAWNED) == 0) spawn_child();
  if (argc == 2 && strcmp(argv[1], IMAGE_FORKSERVER) == 0) forkserver_main();
  settings_set_argv((const char *const *)argv, argc);
  return 0;
}
