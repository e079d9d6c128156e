/* SPDX-License-Identifier: MIT
 *
 * How large the ring of a queue is: little for those that hold little, more
 * when nobody gets what is put.
 */
#ifndef BROOD_COMM_RING_SIZE_H
#define BROOD_COMM_RING_SIZE_H

#include "lib/comm/ring.h"
#include "lib/names.h"
#include "lib/share/block.h"

/* ring_grow doubles a ring, or more, for so many units. With put_lock held, and
 * all that was written committed; takes get_lock meanwhile. 0; -ENOSPC: it is
 * as large as it may be; -ETIMEDOUT; or another -errno: no memory. */
int ring_grow(struct comm_ring *ring, const struct share_block *block,
              uint32_t units, int64_t deadline_ns);

/* ring_shrink gives a ring that has grown beyond the usual size, and is empty,
 * that size again, unless somebody is putting. With get_lock held. */
void ring_shrink(struct comm_ring *ring, const struct share_block *block);

#endif /* BROOD_COMM_RING_SIZE_H */
