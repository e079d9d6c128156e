/* SPDX-License-Identifier: MIT
 *
 * A record in a memfd: how it goes where memory is not shared.
 */
#ifndef BROOD_START_PARCEL_H
#define BROOD_START_PARCEL_H

#include "lib/names.h"
#include "lib/start/method.h"

/* parcel_pack writes head and arguments into a new memfd; -errno. */
int parcel_pack(const struct launch *launch);

struct parcel {
  const uint8_t *data; /* mapped for the life of the process */
  size_t size;
  size_t num_fds;
};

/* parcel_open maps one; -EBADMSG if it does not hold a whole record. */
int parcel_open(struct parcel *out, int fd);

#endif /* BROOD_START_PARCEL_H */
