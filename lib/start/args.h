/* SPDX-License-Identifier: MIT
 *
 * Arguments of a process: packed once, when it is made; unpacked in the child.
 */
#ifndef BROOD_START_ARGS_H
#define BROOD_START_ARGS_H

#include "brood.h"
#include "lib/names.h"
#include "lib/share/pack.h"
#include "lib/wire/record.h"

/* A tuple, whose values follow. */
struct brood_args {
  brood_value tuple;
  brood_value values[];
};

/* args_pack packs values, and holds objects until pack_discard; sets and
 * returns an error if one is unusable. */
int args_pack(struct pack *out, const brood_value *values, size_t num_values);

/* args_unpack makes what the target reads from a record, whose bytes must
 * live as long; fds are the arguments' part of the table, and those that it has
 * taken become -1. It lives as long as the process. NULL if the record holds no
 * such arguments or memory is short. */
const brood_args *args_unpack(const struct wire_record *record, int *fds,
                              size_t num_fds);

#endif /* BROOD_START_ARGS_H */
