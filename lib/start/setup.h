/* SPDX-License-Identifier: MIT
 *
 * The setup of a child: packed when its handle is made, carried by the launch
 * record, done in the child before its target runs, and told to the creator,
 * which waits for that. Without a setup nobody waits for anybody.
 */
#ifndef BROOD_START_SETUP_H
#define BROOD_START_SETUP_H

#include "brood.h"
#include "lib/names.h"
#include "lib/start/child.h"
#include "lib/start/context.h"
#include "lib/sys/fd.h"
#include "lib/wire/record.h"

struct brood_process;

/* A setup as its handle keeps it. All zero is none. */
struct setup {
  uint8_t *data; /* as the record carries it */
  size_t size;
  /* For the record's table: the first one is the child's end of a line, at a
   * start; behind it are the streams that travel. */
  int fds[WIRE_SETUP_MAX_FDS];
  uint32_t num_fds;
  int streams[3];         /* the creator's descriptor for each, or -1 */
  brood_callable prepare; /* NULL: none, or not to be had by name */
  bool prepare_has_name;
};

/* setup_pack checks and packs one, setup_discard frees it; setup_check is what
 * can be refused before a start. All that return a number have set an error if
 * it is one. */
int setup_pack(struct setup *out, const brood_child_setup *setup);
void setup_discard(struct setup *setup);
int setup_check(const struct brood_process *process, bool fresh_image);

/* setup_open makes the line on which a child tells how its setup went: the
 * child's end goes into the table, the creator's is returned, or -errno.
 * setup_await takes both, with what the launch returned, and if that was 0
 * waits. Returns 0, -errno, or 1 and has set an error; of the child nothing is
 * left then. */
int setup_open(struct setup *setup);
int setup_await(struct brood_process *process, const brood_context *context,
                int launch_result, int line);

/* setup_apply does in the child what a record says, or tells the creator what
 * failed and ends the process. It returns the child's end of the line, for
 * setup_finish, which tells that all is well. */
struct sys_kept setup_apply(const struct delivery *delivery,
                            const struct wire_record *record);
void setup_finish(struct sys_kept *line);

#endif /* BROOD_START_SETUP_H */
