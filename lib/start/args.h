/* SPDX-License-Identifier: MIT
 *
 * Arguments of a process: packed once, when it is made; unpacked in the child.
 */
#ifndef BROOD_START_ARGS_H
#define BROOD_START_ARGS_H

#include "brood.h"
#include "lib/names.h"
#include "lib/share/block.h"
#include "lib/wire/record.h"

struct brood_args {
  size_t count;
  brood_value values[];
};

struct packed_args {
  uint8_t *data;
  size_t size;
  uint32_t count;
  int *fds; /* of the descriptors among them, and of the objects */
  uint32_t num_fds;
  bool has_pointer;
  struct share_block **held; /* the objects among them, and their locks */
  uint32_t num_held;
  uint64_t holder; /* this process: a fork's child does not hold them */
};

/* args_pack copies values, and holds objects until args_discard; sets and
 * returns an error if one is unusable. */
int args_pack(struct packed_args *out, const brood_value *values,
              size_t num_values);

void args_discard(struct packed_args *packed);

/* args_unpack makes what the target reads from a record, whose bytes must
 * live as long; fds are the arguments' part of the table, and those that it has
 * taken become -1. It lives as long as the process. NULL if the record holds no
 * such arguments or memory is short. */
const brood_args *args_unpack(const struct wire_record *record, int *fds,
                              size_t num_fds);

#endif /* BROOD_START_ARGS_H */
