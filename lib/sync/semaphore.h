/* SPDX-License-Identifier: MIT
 *
 * A counting semaphore, bounded or not.
 */
#ifndef BROOD_SYNC_SEMAPHORE_H
#define BROOD_SYNC_SEMAPHORE_H

#include <stdatomic.h>
#include <stdint.h>

#include "lib/names.h"

struct sync_semaphore {
  _Atomic uint32_t value;
  _Atomic uint32_t waiters; /* at least as many as sleep */
  uint32_t bound;           /* of the value */
  uint32_t unused;
};

_Static_assert(sizeof(struct sync_semaphore) == 16, "part of the layout");

void sync_semaphore_init(struct sync_semaphore *semaphore, uint32_t value,
                         uint32_t bound);

/* sync_semaphore_acquire: 0, or -ETIMEDOUT at a deadline of sys_clock_ns. */
int sync_semaphore_acquire(struct sync_semaphore *semaphore,
                           int64_t deadline_ns);

/* sync_semaphore_release: 0, or -EOVERFLOW at the bound. */
int sync_semaphore_release(struct sync_semaphore *semaphore);

uint32_t sync_semaphore_value(struct sync_semaphore *semaphore);

#endif /* BROOD_SYNC_SEMAPHORE_H */
