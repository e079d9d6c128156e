/* SPDX-License-Identifier: MIT
 *
 * Spawn: the courier is an inherited memfd. It holds the record before the new
 * image runs, so nobody waits for anybody, however large the arguments and
 * however early the image dies.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "lib/start/process.h"
#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/sys/fd.h"
#include "lib/sys/libc.h"
#include "lib/sys/proc.h"

int image_run(const char *role, const int *fds, size_t num_fds) {
  char own[PATH_MAX];
  const char **set = settings_copy(SETTING_EXECUTABLE);
  if (set == NULL) return -ENOMEM;
  const char *name = set[0] == NULL ? own : set[0];
  const char *path = set[0] == NULL ? sys_own_image(own, sizeof own) : name;
  char *argv[] = {(char *)name, (char *)role, NULL};
  int r = sys_spawn(path, argv, fds, num_fds, guard_held_signals());
  if (r < 0) error_set_os(r, "cannot run executable '%.200s'", name);
  free(set);
  return r < 0 ? 0 : r;
}

int parcel_pack(const struct delivery *delivery) {
  int fd = sys_memfd_new("brood-launch", delivery->size + delivery->args_size);
  if (fd < 0) return fd;
  int r = sys_write_full(fd, delivery->data, delivery->size);
  if (r == 0 && delivery->args_size > 0) {
    r = sys_write_full(fd, delivery->args, delivery->args_size);
  }
  return sys_fd_unless(fd, r);
}

int parcel_open(struct delivery *out, int fd) {
  const void *data = NULL;
  size_t size = 0;
  int r = sys_map_file(fd, &data, &size);
  if (r < 0) return r;
  struct wire_record record;
  if (!wire_record_decode(&record, data, size, NULL)) return -EBADMSG;
  out->data = data;
  out->size = size;
  out->num_fds = record.num_fds;
  return 0;
}

int launch_by_spawn(const struct delivery *delivery, struct launched *out) {
  int parcel = parcel_pack(delivery);
  if (parcel < 0) return parcel;
  /* For the pidfd: without one the child could only be killed. */
  int r = sys_fd_room(parcel, 0);
  delivery->fds[-1] = parcel;
  if (r == 0) {
    r = image_run(IMAGE_SPAWNED, delivery->fds - 1, delivery->num_fds + 1);
  }
  sys_close(parcel);
  if (r == 0) return 1;
  return r < 0 ? r : reap_watch(r, out);
}

void spawn_child(void) {
  struct delivery delivery = {.own_image = true};
  int r = parcel_open(&delivery, IMAGE_FIRST_FD);
  sys_close(IMAGE_FIRST_FD);
  if (r < 0) {
    child_refuse("this program was run with " IMAGE_SPAWNED
                 " but not by brood_process_start: %s",
                 sys_error_text(-r));
  }
  delivery.fds = malloc(delivery.num_fds * sizeof *delivery.fds);
  if (delivery.fds == NULL) child_refuse("out of memory");
  for (size_t i = 0; i < delivery.num_fds; i++) {
    delivery.fds[i] = IMAGE_FIRST_FD + 1 + (int)i;
    sys_cloexec(delivery.fds[i]);
  }
  child_main(&delivery);
}
