/* SPDX-License-Identifier: MIT
 *
 * A mapped memfd with blocks in it: what processes see of an arena. And what is
 * free in it for small objects: that is known to the owner alone, in memory of
 * its own, so no other process can be killed in the middle of changing it.
 */
#pragma once

#include "lib/names.h"
#include "lib/share/block.h"
#include "lib/sys/fd.h"

/* Blocks begin at multiples of a unit. Places for small ones are of sizes that
 * double, so that a freed one fits the next block of about that size. */
enum {
  REGION_UNIT = 64,
  REGION_LARGE = 1 << 20,
  REGION_SIZES = 15 /* REGION_UNIT << 14 == REGION_LARGE */
};

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

/* One block as its owner knows it. */
struct region_place {
  uint32_t offset; /* in units of REGION_UNIT */
  int32_t next;    /* free place of the same size, or -1 */
  uint8_t size;    /* REGION_UNIT << size */
  bool is_free;
};

struct region {
  struct region_head *head;
  size_t size;
  uint64_t id;
  struct sys_kept file;
  /* The owner's: */
  size_t reserved; /* has pages up to here */
  size_t used;     /* behind it no place was ever taken */
  struct region_place *places;
  int32_t num_places, max_places;
  int32_t free[REGION_SIZES]; /* the first free place of each size, or -1 */
  uint32_t seen_dropped;
};

/* region_make makes one of this size, or less if RLIMIT_FSIZE wants so, and
 * gives the first `least` bytes pages; 0 or -errno. */
int region_make(struct region *out, size_t least, size_t most);

/* region_attach maps another process's; on error fd is not taken. -EBADMSG if
 * it is not one of this id, or -errno. */
int region_attach(struct region *out, int fd, uint64_t id);

void region_discard(struct region *region);

/* region_class returns which of the sizes a block of so many bytes has. */
int region_class(size_t size);

/* region_take writes where a place of this size is free, with pages; -ENOSPC if
 * the region is full, or another -errno. */
int region_take(struct region *region, int class, size_t *out_offset);
void region_give_back(struct region *region, size_t offset);

static inline struct share_block *region_block(const struct region *region,
                                               size_t offset) {
  return (struct share_block *)((char *)region->head + offset);
}

/* region_has_block: is there a block at this offset that says so itself? */
bool region_has_block(const struct region *region, uint64_t offset);
