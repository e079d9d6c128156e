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

/* A tuple, and its values: a few have room here, because a new process that
 * does not touch the heap starts sooner. */
struct brood_args {
  brood_value tuple;
  brood_value *values;
  brood_value few[16];
};

/* args_pack packs values, and holds objects until pack_discard; sets and
 * returns an error if one is unusable. */
int args_pack(struct pack *out, const brood_value *values, size_t num_values);

/* args_unpack makes what the target reads from a record; both must live as long
 * as the process. fds are the arguments' part of the table, and those that it
 * has taken become -1. False if the record holds no such arguments or memory is
 * short. */
bool args_unpack(struct brood_args *out, const struct wire_record *record,
                 int *fds, size_t num_fds);

#endif /* BROOD_START_ARGS_H */
