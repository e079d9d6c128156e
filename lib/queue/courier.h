/* SPDX-License-Identifier: MIT
 *
 * Descriptors that belong to items of a queue. They wait in the socket pair
 * that goes with the queue's arena, each message with a number that the item
 * has too.
 */
#ifndef BROOD_QUEUE_COURIER_H
#define BROOD_QUEUE_COURIER_H

#include <stddef.h>
#include <stdint.h>

#include "lib/names.h"
#include "lib/share/block.h"

/* courier_put sends descriptors under a number that is higher than all before.
 * -EAGAIN: too many wait already. With put_lock held. */
int courier_put(const struct share_block *block, uint32_t number,
                const int *fds, size_t num_fds);

/* courier_look writes copies of those under a number, and leaves them where
 * they are; lower numbers, whose items were never committed, are thrown away.
 * -EBADMSG: there is no such number. With get_lock held. */
int courier_look(const struct share_block *block, uint32_t number, int *out_fds,
                 size_t num_fds);

/* courier_clear throws all away, there being no item that has any. With both
 * locks held. */
void courier_clear(const struct share_block *block);

/* courier_drop throws the first away, its item having been got. */
void courier_drop(const struct share_block *block);

#endif /* BROOD_QUEUE_COURIER_H */
