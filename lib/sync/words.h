/* SPDX-License-Identifier: MIT
 *
 * Objects that no process owns, so that no death leaves them taken: a counting
 * semaphore, bounded or not, and an event, a flag to wait for. All zero is an
 * event that is not set.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
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

struct sync_event {
  _Atomic uint32_t word;
  uint32_t unused;
};

/* Both are async-signal-safe and never wait. */
void sync_event_set(struct sync_event *event);
void sync_event_clear(struct sync_event *event);

bool sync_event_is_set(struct sync_event *event);

/* sync_event_wait: 0 if the flag is set, or has been for a moment since the
 * call; -ETIMEDOUT at a deadline of sys_clock_ns. */
int sync_event_wait(struct sync_event *event, int64_t deadline_ns);
