/* SPDX-License-Identifier: MIT
 *
 * See region.h.
 */
#include "lib/share/region.h"

#include <errno.h>

#include "lib/sys/fd.h"
#include "lib/sys/proc.h"

#define REGION_MAGIC UINT64_C(0x31444f4f52420a0e)

/* Pages are asked for in such pieces. */
enum { GROWTH = 1 << 17 };

static int map(struct region *region) {
  void *memory = NULL;
  int r = sys_mem_map(region->file.fd, region->size, &memory);
  if (r == 0) region->head = memory;
  return r;
}

int region_reserve(struct region *region, size_t end) {
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
  *out = (struct region){.size = most, .reserved = least, .file = sys_keep(fd)};
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
