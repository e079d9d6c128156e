/* SPDX-License-Identifier: MIT
 *
 * Who the calling process is: its own handle, its parent's, its number among
 * its parent's children.
 */
#ifndef BROOD_START_CURRENT_H
#define BROOD_START_CURRENT_H

#include "lib/names.h"
#include "lib/start/process.h"
#include "lib/wire/record.h"

struct brood_process *current_process(void);

/* current_pidfd returns a pidfd of the calling process, made at the first
 * call, or -errno. */
int current_pidfd(void);

/* current_next_number counts the processes that this one makes. */
int current_next_number(void);

/* current_copy_authkey writes the key that a new process inherits; the first
 * process of all makes one up. Returns 0 or -errno. */
int current_copy_authkey(struct brood_process *out);

/* current_become makes the calling process the one that a record describes,
 * which must live on. handle is its creator's, if memory was shared, else
 * NULL; creator_pidfd is taken. */
void current_become(const struct brood_process *handle,
                    const struct wire_record *record, int creator_pidfd);

/* current_await_parent waits until the creator ends: 1, 0 at a deadline of
 * sys_clock_ns, or -errno. */
int current_await_parent(int64_t deadline_ns);

/* current_is is true for the handle of this process, and in a fork's child
 * also for the one that its creator made. */
bool current_is(const struct brood_process *process);

/* current_is_child: started by Brood, and not main. */
bool current_is_child(void);

#endif /* BROOD_START_CURRENT_H */
