/* SPDX-License-Identifier: MIT
 *
 * See region.h.
 */
#include "lib/share/region.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/sys/fd.h"
#include "lib/sys/proc.h"

#define REGION_MAGIC UINT64_C(0x31444f4f52420a0e)

/* Pages are asked for in such pieces. */
enum { GROWTH = 1 << 17 };

/* No place. */
enum { NONE = -1 };

static int map(struct region *region) {
  void *memory = NULL;
  int r = sys_mem_map(region->file.fd, region->size, &memory);
  if (r == 0) region->head = memory;
  return r;
}

static int fill_region(struct region *region) {
  int r = sys_random(&region->id, sizeof region->id);
  if (r == 0) r = map(region);
  if (r < 0) return r;
  region->head->magic = REGION_MAGIC;
  region->head->id = region->id;
  region->head->size = region->size;
  return 0;
}

int region_make(struct region *out, size_t least, size_t most) {
  int fd = sys_mem_new("brood", least, &most);
  if (fd < 0) return fd;
  *out = (struct region){.size = most,
                         .file = sys_keep(fd),
                         .reserved = least,
                         .used = sizeof(struct region_head)};
  for (int i = 0; i < REGION_SIZES; i++) out->free[i] = NONE;
  int r = fill_region(out);
  if (r < 0) region_discard(out);
  return r;
}

int region_attach(struct region *out, int fd, uint64_t id) {
  int64_t size = sys_mem_size(fd);
  if (size < 0 && size != -EINVAL) return (int)size;
  if (size < (int64_t)sizeof(struct region_head)) return -EBADMSG;
  *out = (struct region){.size = (size_t)size, .id = id, .file = sys_keep(fd)};
  int r = map(out);
  if (r < 0) return r;
  const struct region_head *head = out->head;
  if (head->magic == REGION_MAGIC && head->id == id &&
      head->size == out->size) {
    return 0;
  }
  out->file = SYS_KEPT_NONE; /* the caller's still */
  region_discard(out);
  return -EBADMSG;
}

void region_discard(struct region *region) {
  if (region->head != NULL) sys_mem_unmap(region->head, region->size);
  sys_kept_close(&region->file);
  free(region->places);
}

bool region_has_block(const struct region *region, uint64_t offset) {
  if (offset < sizeof *region->head || offset % REGION_UNIT != 0 ||
      offset > region->size - sizeof(struct share_block)) {
    return false;
  }
  const struct share_block *block = region_block(region, offset);
  return block->offset == offset &&
         block->size <= region->size - offset - sizeof *block &&
         atomic_load(&block->kind) != SHARE_FREE;
}

/* --------------------------------------------------------------- Places -- */

int region_class(size_t size) {
  int class = 0;
  while ((size_t)REGION_UNIT << class < size) class ++;
  return class;
}

static size_t offset_of_place(const struct region *region, int32_t index) {
  return (size_t)region->places[index].offset * REGION_UNIT;
}

static void put_free(struct region *region, int32_t index) {
  struct region_place *place = &region->places[index];
  place->is_free = true;
  place->next = region->free[place->size];
  region->free[place->size] = index;
}

/* Collects what other processes have dropped. */
static void collect_dropped(struct region *region) {
  uint32_t dropped = atomic_load(&region->head->num_dropped);
  if (dropped == region->seen_dropped) return;
  region->seen_dropped = dropped;
  for (int32_t i = 0; i < region->num_places; i++) {
    size_t offset = offset_of_place(region, i);
    if (!region->places[i].is_free &&
        atomic_load(&region_block(region, offset)->kind) == SHARE_FREE) {
      put_free(region, i);
    }
  }
}

/* A place of this size that was used before, or NONE. */
static int32_t take_free(struct region *region, int class) {
  if (region->free[class] == NONE) collect_dropped(region);
  int32_t index = region->free[class];
  if (index == NONE) return NONE;
  region->free[class] = region->places[index].next;
  region->places[index].is_free = false;
  return index;
}

/* Gives it pages up to `end`. */
static int reserve_until(struct region *region, size_t end) {
  if (end <= region->reserved) return 0;
  size_t size = end - region->reserved;
  if (size < GROWTH) size = GROWTH;
  if (size > region->size - region->reserved) {
    size = region->size - region->reserved;
  }
  int r = sys_mem_reserve(&region->file, region->head, region->reserved, size);
  if (r == 0) region->reserved += size;
  return r;
}

static int make_room(struct region *region) {
  if (region->num_places < region->max_places) return 0;
  int32_t max = region->max_places == 0 ? 16 : 2 * region->max_places;
  struct region_place *more =
      realloc(region->places, (size_t)max * sizeof *more);
  if (more == NULL) return -ENOMEM;
  region->places = more;
  region->max_places = max;
  return 0;
}

/* A new place at the end; -ENOSPC if the region is full. */
static int32_t take_new(struct region *region, int class) {
  size_t size = (size_t)REGION_UNIT << class;
  if (size > region->size - region->used) return -ENOSPC;
  int r = make_room(region);
  if (r == 0) r = reserve_until(region, region->used + size);
  if (r < 0) return r;
  region->places[region->num_places] =
      (struct region_place){.offset = (uint32_t)(region->used / REGION_UNIT),
                            .next = NONE,
                            .size = (uint8_t) class};
  region->used += size;
  return region->num_places++;
}

int region_take(struct region *region, int class, size_t *out_offset) {
  int32_t index = take_free(region, class);
  if (index == NONE) index = take_new(region, class);
  if (index < 0) return index;
  *out_offset = offset_of_place(region, index);
  return 0;
}

void region_give_back(struct region *region, size_t offset) {
  int32_t low = 0, high = region->num_places - 1; /* offsets ascend */
  while (low < high) {
    int32_t middle = (low + high) / 2;
    if (offset_of_place(region, middle) < offset) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  put_free(region, low);
}
