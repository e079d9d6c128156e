/* SPDX-License-Identifier: MIT
 *
 * A mapped memfd with blocks in it: what processes see of an arena.
 */
#ifndef BROOD_SHARE_REGION_H
#define BROOD_SHARE_REGION_H

#include "lib/names.h"
#include "lib/share/block.h"
#include "lib/sys/fd.h"

/* Blocks begin at multiples of this. */
enum { REGION_UNIT = 64 };

/* What a region begins with. */
struct region_head {
  uint64_t magic;
  uint64_t id;
  uint64_t size;
  _Atomic uint32_t num_dropped; /* blocks marked by others, ever */
  uint32_t is_alone; /* one block, which goes together with the arena */
  uint32_t unused[8];
};

_Static_assert(sizeof(struct region_head) == REGION_UNIT, "blocks are aligned");

struct region {
  struct region_head *head;
  size_t size;
  size_t reserved; /* has pages up to here: the owner's business */
  uint64_t id;
  struct sys_kept file;
};

/* region_make makes one of this size, or less if RLIMIT_FSIZE wants so, and
 * gives the first `least` bytes pages; 0 or -errno. */
int region_make(struct region *out, size_t least, size_t most);

/* region_attach maps another process's; on error fd is not taken. -EBADMSG if
 * it is not one of this id, or -errno. */
int region_attach(struct region *out, int fd, uint64_t id);

void region_discard(struct region *region);

/* region_reserve gives it pages up to `end`; 0 or -errno. */
int region_reserve(struct region *region, size_t end);

static inline struct share_block *region_block(const struct region *region,
                                               size_t offset) {
  return (struct share_block *)((char *)region->head + offset);
}

/* region_has_block: is there a block at this offset that says so itself? */
bool region_has_block(const struct region *region, uint64_t offset);

#endif /* BROOD_SHARE_REGION_H */
