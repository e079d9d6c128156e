/* SPDX-License-Identifier: MIT
 *
 * A block of shared memory: what stands before every shared object. A handle
 * that the user has is the address of the object itself.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "brood.h"

_Static_assert(ATOMIC_INT_LOCK_FREE == 2 && ATOMIC_LLONG_LOCK_FREE == 2,
               "a lock beside an atomic would be each process's own");

/* What a block holds: a kind, by an unlikely number, so that a pointer to
 * anything else is recognised as such. */
enum share_kind {
  SHARE_FREE = 0,
  SHARE_NEW = 1,  /* being made */
  SHARE_BELL = 2, /* by which a watched event tells of itself */
  SHARE_NO_KIND = 0x4b434f4b,
  SHARE_LOCK = SHARE_NO_KIND + BROOD_KIND_LOCK,
  SHARE_RLOCK,
  SHARE_SEMAPHORE,
  SHARE_CONDITION,
  SHARE_EVENT,
  SHARE_BARRIER,
  SHARE_VALUE,
  SHARE_ARRAY,
  SHARE_QUEUE,
  SHARE_SIMPLE_QUEUE,
  SHARE_CONNECTION, /* in no block: a process has handles of its own */
  SHARE_DICT,       /* what only a proxy is of: never in a block */
  SHARE_LIST,
  SHARE_NAMESPACE,
  SHARE_MANAGED_VALUE,
  SHARE_MANAGED_ARRAY,
  SHARE_OWN_TYPE,
  SHARE_PROXY /* of whatever it is of */
};

struct share_block {
  _Atomic uint32_t kind;
  _Atomic uint32_t holds;
  uint64_t maker;       /* token of the process */
  uint64_t offset;      /* from the beginning of the arena */
  uint64_t size;        /* of the object */
  uint64_t lock_arena;  /* the lock that goes with it: the id of its arena, */
  uint64_t lock_offset; /* and where its block is there; 0: none */
  uint64_t unused[2];   /* the object has cache lines of its own */
};

_Static_assert(sizeof(struct share_block) == 64, "part of the shared layout");

/* holds: the maker's own, and one for each process handle that has the object
 * among its arguments, or object that has it as its lock. With the last one the
 * object goes. One that was sent in a message stays as long as its arena, if
 * other objects lie there: nobody can count who has received it. With the
 * last hold it lets a lock in another arena go, and holds itself from there on.
 */
#define SHARE_MAKER_HOLDS (UINT32_C(1) << 31)
#define SHARE_WAS_SENT (UINT32_C(1) << 30)

static inline struct share_block *share_block_of(const void *object) {
  return (struct share_block *)((uintptr_t)object - sizeof(struct share_block));
}

/* share_hold is taken back by arena_release, or end_release. */
static inline void share_hold(struct share_block *block) {
  atomic_fetch_add(&block->holds, 1);
}

static inline void *share_object_of(struct share_block *block) {
  return block + 1;
}
