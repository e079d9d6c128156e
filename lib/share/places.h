/* SPDX-License-Identifier: MIT
 *
 * What is free in an arena for small objects. That is known to the owner alone,
 * in memory of its own: no other process can be killed in the middle of
 * changing it.
 */
#ifndef BROOD_SHARE_PLACES_H
#define BROOD_SHARE_PLACES_H

#include "lib/names.h"
#include "lib/share/region.h"

enum {
  PLACES_LARGEST = 1 << 20,
  PLACES_SIZES = 15 /* REGION_UNIT << 14 == PLACES_LARGEST */
};

/* One block as its owner knows it. */
struct place {
  uint32_t offset; /* in units of REGION_UNIT */
  int32_t next;    /* free place of the same size, or NONE */
  uint8_t size;    /* REGION_UNIT << size */
  bool is_free;
};

struct places {
  size_t used; /* of the region: behind it nothing was ever taken */
  struct place *list;
  int32_t num, max;
  int32_t free[PLACES_SIZES];
  uint32_t seen_dropped;
};

void places_init(struct places *places);
void places_free(struct places *places);

/* places_class returns which of the sizes a block of so many bytes has. */
int places_class(size_t size);

/* places_take writes where one of this size is free, with pages; -ENOSPC if the
 * region is full, or another -errno. */
int places_take(struct places *places, struct region *region, int class,
                size_t *out_offset);
void places_give_back(struct places *places, size_t offset);

#endif /* BROOD_SHARE_PLACES_H */
