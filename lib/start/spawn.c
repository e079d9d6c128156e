/* SPDX-License-Identifier: MIT
 *
 * Spawn: the courier is an inherited memfd. It holds the record before the new
 * image runs, so nobody waits for anybody, however large the arguments and
 * however early the image dies.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/start/child.h"
#include "lib/start/image.h"
#include "lib/start/method.h"
#include "lib/start/parcel.h"
#include "lib/start/process.h"
#include "lib/start/reap.h"
#include "lib/state/error.h"
#include "lib/sys/fd.h"

/* The image's table: the parcel, then the record's. */
static int run_image(const struct launch *launch, int parcel) {
  size_t num_fds = launch->num_fds + 1;
  int *fds = malloc(num_fds * sizeof *fds);
  if (fds == NULL) return error_set_os(-ENOMEM, "cannot spawn");
  fds[0] = parcel;
  memcpy(fds + 1, launch->fds, launch->num_fds * sizeof *fds);
  int r = image_run(IMAGE_SPAWNED, fds, num_fds);
  free(fds);
  return r;
}

static int launch_by_spawn(const struct launch *launch, struct launched *out) {
  const char *name = launch->process->name;
  int parcel = parcel_pack(launch);
  if (parcel < 0) return error_set_os(parcel, "cannot spawn '%.100s'", name);
  int r = reap_check_room(parcel, 0);
  if (r < 0) {
    error_set_os(r, "cannot spawn '%.100s'", name);
  } else {
    r = run_image(launch, parcel);
  }
  sys_close(parcel);
  if (r < 0) return brood_error();
  r = reap_watch(r, out);
  return r < 0 ? error_set_os(r, "cannot watch '%.100s'", name) : 0;
}

const struct start_method start_spawn = {
    .name = "spawn",
    .process_class = "SpawnProcess",
    .fresh_image = true,
    .own_image = true,
    .launch = launch_by_spawn,
    .reap = reap_own_child,
};

void spawn_child(void) {
  struct parcel parcel;
  int r = parcel_open(&parcel, IMAGE_FIRST_FD);
  sys_close(IMAGE_FIRST_FD);
  if (r < 0) {
    child_refuse("this program was run with " IMAGE_SPAWNED
                 " but not by brood_process_start: %s",
                 strerrordesc_np(-r));
  }
  int *fds = malloc(parcel.num_fds * sizeof *fds);
  if (fds == NULL) child_refuse("out of memory");
  for (size_t i = 0; i < parcel.num_fds; i++) {
    fds[i] = IMAGE_FIRST_FD + 1 + (int)i;
    sys_cloexec(fds[i]);
  }
  child_main(&(struct delivery){.data = parcel.data,
                                .size = parcel.size,
                                .fds = fds,
                                .num_fds = parcel.num_fds,
                                .own_image = true});
}
