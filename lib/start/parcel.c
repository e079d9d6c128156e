/* SPDX-License-Identifier: MIT
 *
 * See parcel.h.
 */
#include "lib/start/parcel.h"

#include <errno.h>

#include "lib/sys/fd.h"
#include "lib/wire/record.h"

int parcel_pack(const struct launch *launch) {
  int fd = sys_memfd_new("brood-launch", launch->head_size + launch->args_size);
  if (fd < 0) return fd;
  int r = sys_write_full(fd, launch->head, launch->head_size);
  if (r == 0 && launch->args_size > 0) {
    r = sys_write_full(fd, launch->args, launch->args_size);
  }
  if (r == 0) return fd;
  sys_close(fd);
  return r;
}

int parcel_open(struct parcel *out, int fd) {
  const void *data;
  size_t size;
  int r = sys_map_file(fd, &data, &size);
  if (r < 0) return r;
  struct wire_record record;
  if (!wire_record_decode(&record, data, size, NULL)) return -EBADMSG;
  *out = (struct parcel){.data = data, .size = size, .num_fds = record.num_fds};
  return 0;
}
