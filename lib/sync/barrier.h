/* SPDX-License-Identifier: MIT
 *
 * Parties that wait for each other, round after round.
 */
#ifndef BROOD_SYNC_BARRIER_H
#define BROOD_SYNC_BARRIER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/names.h"
#include "lib/sync/lock.h"

struct sync_barrier {
  struct sync_lock lock; /* guards everything below */
  _Atomic uint32_t changes;
  uint32_t state;
  uint32_t parties;
  uint32_t count;   /* parties inside */
  sync_watch watch; /* for the dead, by the waiters */
  uint32_t unused;
  uint64_t threads[]; /* of the parties inside, by index; 0: none */
};

/* sync_barrier_size returns the bytes of a barrier for these parties. */
static inline size_t sync_barrier_size(uint32_t parties) {
  return sizeof(struct sync_barrier) + parties * sizeof(uint64_t);
}

static inline void sync_barrier_init(struct sync_barrier *barrier,
                                     uint32_t parties) {
  barrier->parties = parties;
}

/* The last party of a round calls it before all are let go; not 0 breaks the
 * barrier. */
struct sync_action {
  int (*call)(void *argument);
  void *argument;
};

/* sync_barrier_wait returns the party's index; -EPIPE: broken or reset;
 * -ECANCELED: this party's action failed. A party that times out, at a deadline
 * of sys_clock_ns, or is killed breaks the barrier. */
int sync_barrier_wait(struct sync_barrier *barrier,
                      const struct sync_action *action, int64_t deadline_ns);

void sync_barrier_abort(struct sync_barrier *barrier);
void sync_barrier_reset(struct sync_barrier *barrier);
uint32_t sync_barrier_num_waiting(struct sync_barrier *barrier);
bool sync_barrier_is_broken(struct sync_barrier *barrier);

#endif /* BROOD_SYNC_BARRIER_H */
