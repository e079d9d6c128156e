/* SPDX-License-Identifier: MIT
 *
 * Arenas: memfds that hold blocks. A process allocates in arenas of its own,
 * and maps those of others whose objects it is given. Small objects lie
 * together, so that many cost one descriptor; a large one has its own arena.
 *
 * All functions here may be called from any thread. After a fork, what was the
 * parent's own is another's.
 */
#pragma once

#include "lib/names.h"
#include "lib/share/block.h"

/* arena_allocate writes a block of this kind, zeroed, held by its maker; 0 or
 * -errno. A large one has an arena of its own, and pages for the first `least`
 * bytes of it only (arena_reserve gives more). RLIMIT_FSIZE may make it smaller
 * than `most`: block->size says so. A socket pair goes with its arena to
 * whoever is told of it. */
int arena_allocate(enum share_kind kind, size_t least, size_t most,
                   struct share_block **out_block);

/* arena_reserve gives pages to a part of an object that is alone; 0 or -errno.
 * arena_give_pages_back takes them, and what was in them. */
int arena_reserve(const struct share_block *block, size_t offset, size_t size);
void arena_give_pages_back(const struct share_block *block, size_t offset,
                           size_t size);

/* arena_find returns the block that an object belongs to, or NULL if the
 * pointer is no object in any arena of this process. */
struct share_block *arena_find(const void *object);

/* arena_release takes one hold back; with the last one the object goes. */
void arena_release(struct share_block *block);

/* arena_send is for a held block that others were told of whom nobody counts:
 * its memory is not used again. */
void arena_send(struct share_block *block);

/* arena_give_back takes the maker's hold; false if it was taken before. With it
 * goes what arena_set_lock has mapped: others may have the last hold. */
bool arena_give_back(struct share_block *block);

/* arena_set_lock has a block refer to the lock that goes with it, and hold it;
 * arena_lock_of returns that one's block, or NULL if there is none, or what is
 * written there cannot be. */
void arena_set_lock(struct share_block *block, struct share_block *lock);
struct share_block *arena_lock_of(const struct share_block *block);

/* A block as another process is told of it. A connection, which lies in no
 * arena, is its flags and its descriptor. */
enum { ARENA_MEMORY, ARENA_SENDER, ARENA_RECEIVER, ARENA_MAX_FDS };

struct arena_name {
  uint32_t kind;
  uint64_t id;            /* of the arena */
  uint64_t offset;        /* of the block there */
  int fds[ARENA_MAX_FDS]; /* the arena's own; -1: the program has closed it */
  uint32_t num_fds;       /* as arena_num_fds says */
};

struct arena_name arena_of(const struct share_block *block);

/* arena_num_fds: queues and bells, and only they, have a socket pair. */
static inline uint32_t arena_num_fds(uint32_t kind) {
  bool has_pair =
      kind == SHARE_QUEUE || kind == SHARE_SIMPLE_QUEUE || kind == SHARE_BELL;
  return has_pair ? ARENA_MAX_FDS : 1;
}

/* arena_fd returns one of these descriptors only. */
int arena_fd(const struct share_block *block, int which);

/* A notice is a message that lies in the socket pair as long as something is
 * so, as far as the one who holds the lock of it knows: then the sender's end
 * is readable, in all processes. arena_notice_send has one lie there, 0 or
 * -errno; arena_notice_take takes out all, of killed processes too. */
enum arena_notice {
  ARENA_NOTICE_NONE, /* nobody has ever asked for the descriptor */
  ARENA_NOTICE_SENT,
  ARENA_NOTICE_UNSURE, /* it may be there or not: the next needs a new one */
  ARENA_NOTICE_TAKEN
};

int arena_notice_send(int sock, uint32_t *notice);
void arena_notice_take(int sock, uint32_t *notice);

/* arena_attach finds the block in an arena, which it maps if it is not mapped
 * yet; then, and only then, it takes the descriptors and sets *out_taken.
 * -EBADMSG if there is no such block of this kind, or -errno. */
int arena_attach(struct share_block **out, const struct arena_name *name,
                 bool *out_taken);

/* Each arena_attach of another process's block is to be taken back by
 * arena_detach, unless it stays for good: the last one takes the mapping away,
 * if no fork's parent made it. */
void arena_detach(struct share_block *block);

/* arena_hold has both a block and its mapping stay until arena_let_go. */
void arena_hold(struct share_block *block);
void arena_let_go(struct share_block *block);

/* arena_close says that this process, but no child of a fork, is done with a
 * block that is alone. arena_is_closed asks; one load if none ever was. */
void arena_close(const struct share_block *block);
bool arena_look_closed(const struct share_block *block);

/* How many were ever closed. relaxed: who closes and uses a queue at the same
 * time may see either. */
extern atomic_int arena_num_closed;

static inline bool arena_is_closed(const struct share_block *block) {
  return atomic_load_explicit(&arena_num_closed, memory_order_relaxed) != 0 &&
         arena_look_closed(block);
}
