/* SPDX-License-Identifier: MIT
 *
 * A flag that can be waited for. All zero is one that is not set.
 */
#ifndef BROOD_SYNC_EVENT_H
#define BROOD_SYNC_EVENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/names.h"

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

#endif /* BROOD_SYNC_EVENT_H */
