/* SPDX-License-Identifier: MIT
 *
 * Arenas: memfds that hold blocks. A process allocates in arenas of its own,
 * and maps those of others whose objects it is given. Small objects lie
 * together, so that many cost one descriptor; a large one has its own arena.
 *
 * All functions here may be called from any thread. After a fork, what was the
 * parent's own is another's.
 */
#ifndef BROOD_SHARE_ARENA_H
#define BROOD_SHARE_ARENA_H

#include "lib/share/block.h"

/* arena_allocate writes a block of this kind, zeroed, held by its maker; 0 or
 * -errno. */
int arena_allocate(enum share_kind kind, size_t size,
                   struct share_block **out_block);

/* arena_find returns the block that an object belongs to, or NULL if the
 * pointer is no object in any arena of this process. */
struct share_block *arena_find(const void *object);

/* arena_hold and arena_release change the number of holds. */
void arena_hold(struct share_block *block);
void arena_release(struct share_block *block);

/* arena_give_back takes the maker's hold; false if it was taken before. */
bool arena_give_back(struct share_block *block);

/* arena_set_lock has a block refer to the lock that goes with it, and hold it;
 * arena_lock_of returns that one's block, or NULL. */
void arena_set_lock(struct share_block *block, struct share_block *lock);
struct share_block *arena_lock_of(const struct share_block *block);

/* An arena as it is told to another process. */
struct arena_name {
  uint64_t id;
  int fd; /* the arena's own */
};

struct arena_name arena_of(const struct share_block *block);

/* arena_attach returns the block at an offset of an arena, which it maps if it
 * is not mapped yet; then, and only then, fd is taken (arena_of tells). NULL if
 * there is no such block of this kind. */
struct share_block *arena_attach(struct arena_name name, uint64_t offset,
                                 enum share_kind kind);

#endif /* BROOD_SHARE_ARENA_H */
