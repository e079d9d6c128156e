/* SPDX-License-Identifier: MIT
 *
 * See places.h. Places are of sizes that double, so that a freed one fits the
 * next block of about that size.
 */
#include "lib/share/places.h"

#include <errno.h>
#include <stdlib.h>

enum { NONE = -1 };

void places_init(struct places *places) {
  places->used = sizeof(struct region_head);
  for (int i = 0; i < PLACES_SIZES; i++) places->free[i] = NONE;
}

void places_free(struct places *places) {
  free(places->list);
}

int places_class(size_t size) {
  int class = 0;
  while ((size_t)REGION_UNIT << class < size) class ++;
  return class;
}

static void put_free(struct places *places, int32_t index) {
  struct place *place = &places->list[index];
  place->is_free = true;
  place->next = places->free[place->size];
  places->free[place->size] = index;
}

/* Collects what other processes have dropped. */
static void collect_dropped(struct places *places,
                            const struct region *region) {
  uint32_t dropped = atomic_load(&region->head->num_dropped);
  if (dropped == places->seen_dropped) return;
  places->seen_dropped = dropped;
  for (int32_t i = 0; i < places->num; i++) {
    struct place *place = &places->list[i];
    size_t offset = (size_t)place->offset * REGION_UNIT;
    if (!place->is_free &&
        atomic_load(&region_block(region, offset)->kind) == SHARE_FREE) {
      put_free(places, i);
    }
  }
}

/* A place of this size that was used before, or NONE. */
static int32_t take_free(struct places *places, const struct region *region,
                         int class) {
  if (places->free[class] == NONE) collect_dropped(places, region);
  int32_t index = places->free[class];
  if (index == NONE) return NONE;
  places->free[class] = places->list[index].next;
  places->list[index].is_free = false;
  return index;
}

static int make_room(struct places *places) {
  if (places->num < places->max) return 0;
  int32_t max = places->max == 0 ? 16 : 2 * places->max;
  struct place *more = realloc(places->list, (size_t)max * sizeof *more);
  if (more == NULL) return -ENOMEM;
  places->list = more;
  places->max = max;
  return 0;
}

/* A new place at the end; -ENOSPC if the arena is full. */
static int32_t take_new(struct places *places, struct region *region,
                        int class) {
  size_t size = (size_t)REGION_UNIT << class;
  if (size > region->size - places->used) return -ENOSPC;
  int r = make_room(places);
  if (r == 0) r = region_reserve(region, places->used + size);
  if (r < 0) return r;
  places->list[places->num] =
      (struct place){.offset = (uint32_t)(places->used / REGION_UNIT),
                     .next = NONE,
                     .size = (uint8_t) class};
  places->used += size;
  return places->num++;
}

static int32_t find_place(const struct places *places, size_t offset) {
  int32_t low = 0, high = places->num - 1; /* offsets ascend */
  while (low < high) {
    int32_t middle = (low + high) / 2;
    if ((size_t)places->list[middle].offset * REGION_UNIT < offset) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

int places_take(struct places *places, struct region *region, int class,
                size_t *out_offset) {
  int32_t index = take_free(places, region, class);
  if (index == NONE) index = take_new(places, region, class);
  if (index < 0) return index;
  *out_offset = (size_t)places->list[index].offset * REGION_UNIT;
  return 0;
}

void places_give_back(struct places *places, size_t offset) {
  put_free(places, find_place(places, offset));
}
