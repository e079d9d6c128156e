/* SPDX-License-Identifier: MIT
 *
 * See arena.h. What is free is known to the owner alone, in memory of its own:
 * no other process can be killed in the middle of changing it. Who drops the
 * last hold on a block of another's arena marks it, and counts that in the
 * arena's head; the owner collects the marked ones when it runs short.
 *
 * Blocks are of sizes that double, so that a freed one fits the next of about
 * that size. The list of arenas is guarded by the one mutex of the process.
 */
#include "lib/share/arena.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/state/guard.h"
#include "lib/sync/self.h"
#include "lib/sys/fd.h"
#include "lib/sys/mem.h"
#include "lib/sys/proc.h"

#define MAGIC UINT64_C(0x31444f4f52420a0d)

enum {
  ARENA_SIZE = 1 << 24, /* of one for small objects */
  LARGE = 1 << 20,      /* what has its own */
  GROWTH = 1 << 17,     /* pages are asked for in such pieces */
  SMALLEST = 64,        /* block and object together */
  NUM_SIZES = 15,       /* SMALLEST << 14 == LARGE */
  NONE = -1
};

/* What an arena begins with. */
struct head {
  uint64_t magic;
  uint64_t id;
  _Atomic uint32_t num_dropped; /* blocks marked by others, ever */
  uint32_t unused[11];
};

_Static_assert(sizeof(struct head) == SMALLEST, "blocks stay aligned");

/* One block as its owner knows it. */
struct place {
  uint32_t offset; /* in units of SMALLEST */
  int32_t next;    /* free place of the same size, or NONE */
  uint8_t size;    /* SMALLEST << size */
  bool is_free;
};

struct arena {
  struct arena *next;
  struct head *head;
  size_t size;
  uint64_t id;
  uint64_t owner;
  int fd;
  /* The owner's: */
  bool is_large;
  size_t used, reserved;
  struct place *places;
  int32_t num_places, max_places;
  int32_t free[NUM_SIZES];
  uint32_t seen_dropped;
};

static struct arena *arenas;

/* ------------------------------------------------------- Making arenas -- */

static void discard(struct arena *arena) {
  if (arena->head != NULL) sys_mem_unmap(arena->head, arena->size);
  sys_close(arena->fd);
  free(arena->places);
  free(arena);
}

static struct arena *new_entry(int fd, size_t size) {
  struct arena *arena = calloc(1, sizeof *arena);
  if (arena == NULL) return NULL;
  arena->fd = fd;
  arena->size = size;
  for (int i = 0; i < NUM_SIZES; i++) arena->free[i] = NONE;
  return arena;
}

static int map_entry(struct arena *arena) {
  void *memory;
  int r = sys_mem_map(arena->fd, arena->size, &memory);
  if (r == 0) arena->head = memory;
  return r;
}

/* Asks for pages up to `end`. */
static int reserve(struct arena *arena, size_t end) {
  if (end <= arena->reserved) return 0;
  size_t size = end - arena->reserved;
  if (size < GROWTH) size = GROWTH;
  if (size > arena->size - arena->reserved) {
    size = arena->size - arena->reserved;
  }
  int r = sys_mem_reserve(arena->fd, arena->reserved, size);
  if (r == 0) arena->reserved += size;
  return r;
}

static int fill_new(struct arena *arena) {
  int r = sys_random(&arena->id, sizeof arena->id);
  if (r == 0) r = map_entry(arena);
  if (r == 0) r = reserve(arena, sizeof *arena->head);
  if (r < 0) return r;
  arena->owner = sync_self_process();
  arena->used = sizeof *arena->head;
  arena->head->magic = MAGIC;
  arena->head->id = arena->id;
  return 0;
}

static int make_arena(size_t size, struct arena **out) {
  int fd = sys_mem_new("brood", size);
  if (fd < 0) return fd;
  struct arena *arena = new_entry(fd, size);
  if (arena == NULL) {
    sys_close(fd);
    return -ENOMEM;
  }
  int r = fill_new(arena);
  if (r < 0) {
    discard(arena);
    return r;
  }
  arena->next = arenas;
  arenas = arena;
  *out = arena;
  return 0;
}

static void remove_arena(struct arena *arena) {
  struct arena **at = &arenas;
  while (*at != arena) at = &(*at)->next;
  *at = arena->next;
  discard(arena);
}

/* ---------------------------------------------------------- The places -- */

static bool is_own(const struct arena *arena) {
  return arena->owner == sync_self_process();
}

static struct share_block *block_at(const struct arena *arena, size_t offset) {
  return (struct share_block *)((char *)arena->head + offset);
}

static int size_class(size_t size) {
  int class = 0;
  while ((size_t)SMALLEST << class < size) class ++;
  return class;
}

static void put_free(struct arena *arena, int32_t index) {
  struct place *place = &arena->places[index];
  place->is_free = true;
  place->next = arena->free[place->size];
  arena->free[place->size] = index;
}

/* Collects what other processes have dropped. */
static void collect(struct arena *arena) {
  uint32_t dropped = atomic_load(&arena->head->num_dropped);
  if (dropped == arena->seen_dropped) return;
  arena->seen_dropped = dropped;
  for (int32_t i = 0; i < arena->num_places; i++) {
    struct place *place = &arena->places[i];
    size_t offset = (size_t)place->offset * SMALLEST;
    if (!place->is_free &&
        atomic_load(&block_at(arena, offset)->kind) == SHARE_FREE) {
      put_free(arena, i);
    }
  }
}

/* A place of this size that was used before, or NONE. */
static int32_t take_free(struct arena *arena, int class) {
  if (arena->free[class] == NONE) collect(arena);
  int32_t index = arena->free[class];
  if (index == NONE) return NONE;
  arena->free[class] = arena->places[index].next;
  arena->places[index].is_free = false;
  return index;
}

static int make_room(struct arena *arena) {
  if (arena->num_places < arena->max_places) return 0;
  int32_t max = arena->max_places == 0 ? 16 : 2 * arena->max_places;
  struct place *more = realloc(arena->places, (size_t)max * sizeof *more);
  if (more == NULL) return -ENOMEM;
  arena->places = more;
  arena->max_places = max;
  return 0;
}

/* A new place at the end; -ENOSPC if the arena is full. */
static int32_t take_new(struct arena *arena, int class) {
  size_t size = (size_t)SMALLEST << class;
  if (size > arena->size - arena->used) return -ENOSPC;
  int r = make_room(arena);
  if (r == 0) r = reserve(arena, arena->used + size);
  if (r < 0) return r;
  arena->places[arena->num_places] =
      (struct place){.offset = (uint32_t)(arena->used / SMALLEST),
                     .next = NONE,
                     .size = (uint8_t) class};
  arena->used += size;
  return arena->num_places++;
}

static int allocate_small(int class, struct arena **out_arena,
                          size_t *out_offset) {
  int32_t index = NONE;
  struct arena *arena = arenas;
  for (; arena != NULL; arena = arena->next) {
    if (arena->is_large || !is_own(arena)) continue;
    index = take_free(arena, class);
    if (index == NONE) index = take_new(arena, class);
    if (index != -ENOSPC) break;
  }
  if (arena == NULL) {
    int r = make_arena(ARENA_SIZE, &arena);
    if (r < 0) return r;
    index = take_new(arena, class);
  }
  if (index < 0) return index;
  *out_arena = arena;
  *out_offset = (size_t)arena->places[index].offset * SMALLEST;
  return 0;
}

/* What other processes have dropped of the large ones. */
static void collect_large(void) {
  struct arena *next;
  for (struct arena *arena = arenas; arena != NULL; arena = next) {
    next = arena->next;
    if (arena->is_large && is_own(arena) &&
        atomic_load(&arena->head->num_dropped) > 0) {
      remove_arena(arena);
    }
  }
}

static int allocate_large(size_t size, struct arena **out_arena,
                          size_t *out_offset) {
  collect_large();
  int r = make_arena(sizeof(struct head) + size, out_arena);
  if (r < 0) return r;
  (*out_arena)->is_large = true;
  r = reserve(*out_arena, (*out_arena)->size);
  if (r < 0) remove_arena(*out_arena);
  *out_offset = sizeof(struct head);
  return r;
}

static int allocate(size_t size, struct arena **out_arena, size_t *out_offset) {
  if (size >= LARGE) return allocate_large(size, out_arena, out_offset);
  return allocate_small(size_class(size), out_arena, out_offset);
}

int arena_allocate(enum share_kind kind, size_t size,
                   struct share_block **out_block) {
  struct arena *arena;
  size_t offset;
  guard_lock();
  int r = allocate(sizeof(struct share_block) + size, &arena, &offset);
  struct share_block *block = NULL;
  if (r == 0) {
    block = block_at(arena, offset);
    atomic_store(&block->kind, SHARE_NEW); /* or it would be collected */
  }
  guard_unlock();
  if (r < 0) return r;
  memset(share_object_of(block), 0, arena->is_large ? 0 : size);
  block->maker = sync_self_process();
  block->offset = offset;
  block->size = size;
  block->lock_arena = 0;
  block->lock_offset = 0;
  atomic_store(&block->holds, SHARE_MAKER_HOLDS);
  atomic_store(&block->kind, kind);
  *out_block = block;
  return 0;
}

/* ------------------------------------------------------ Finding blocks -- */

/* The arena whose memory an address lies in, or NULL; with the mutex. */
static struct arena *around(const void *address) {
  uintptr_t at = (uintptr_t)address;
  struct arena *arena = arenas;
  while (arena != NULL &&
         at - (uintptr_t)arena->head >= (uintptr_t)arena->size) {
    arena = arena->next;
  }
  return arena;
}

static struct arena *named(uint64_t id) {
  struct arena *arena = arenas;
  while (arena != NULL && arena->id != id) arena = arena->next;
  return arena;
}

/* Is there a block at this offset that says so itself? */
static bool is_block(const struct arena *arena, uint64_t offset) {
  if (offset < sizeof(struct head) || offset % SMALLEST != 0 ||
      offset > arena->size - sizeof(struct share_block)) {
    return false;
  }
  /* The owner knows how far it may read; others were told by the owner. */
  if (is_own(arena) && offset >= arena->used && !arena->is_large) return false;
  const struct share_block *block = block_at(arena, offset);
  return block->offset == offset && block->size <= arena->size - offset &&
         atomic_load(&block->kind) != SHARE_FREE;
}

struct share_block *arena_find(const void *object) {
  guard_lock();
  struct share_block *block = share_block_of(object);
  struct arena *arena = around(block);
  uint64_t offset =
      arena == NULL ? 0 : (uintptr_t)block - (uintptr_t)arena->head;
  if (arena == NULL || !is_block(arena, offset)) block = NULL;
  guard_unlock();
  return block;
}

struct arena_name arena_of(const struct share_block *block) {
  guard_lock();
  struct arena *arena = around(block);
  struct arena_name name = {.id = arena->id, .fd = arena->fd};
  guard_unlock();
  return name;
}

/* -------------------------------------------------------------- Locks -- */

void arena_set_lock(struct share_block *block, struct share_block *lock) {
  arena_hold(lock);
  block->lock_arena = arena_of(lock).id;
  block->lock_offset = lock->offset;
}

struct share_block *arena_lock_of(const struct share_block *block) {
  if (block->lock_offset == 0) return NULL;
  const struct head *head =
      (const struct head *)((const char *)block - block->offset);
  if (head->id == block->lock_arena) {
    return (struct share_block *)((char *)head + block->lock_offset);
  }
  guard_lock();
  struct arena *arena = named(block->lock_arena);
  guard_unlock();
  return arena == NULL ? NULL : block_at(arena, block->lock_offset);
}

/* -------------------------------------------------------------- Holds -- */

void arena_hold(struct share_block *block) {
  atomic_fetch_add(&block->holds, 1);
}

static int32_t find_place(const struct arena *arena, size_t offset) {
  int32_t low = 0, high = arena->num_places - 1; /* offsets ascend */
  while (low < high) {
    int32_t middle = (low + high) / 2;
    if ((size_t)arena->places[middle].offset * SMALLEST < offset) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/* The last hold is gone. */
static void destroy(struct share_block *block) {
  struct share_block *lock = arena_lock_of(block);
  guard_lock();
  struct arena *arena = around(block);
  size_t offset = block->offset;
  atomic_store(&block->kind, SHARE_FREE);
  if (!is_own(arena)) {
    atomic_fetch_add(&arena->head->num_dropped, 1);
  } else if (arena->is_large) {
    remove_arena(arena);
  } else {
    put_free(arena, find_place(arena, offset));
  }
  guard_unlock();
  if (lock != NULL) arena_release(lock);
}

void arena_release(struct share_block *block) {
  if (atomic_fetch_sub(&block->holds, 1) == 1) destroy(block);
}

bool arena_give_back(struct share_block *block) {
  uint32_t before = atomic_fetch_and(&block->holds, ~SHARE_MAKER_HOLDS);
  if ((before & SHARE_MAKER_HOLDS) == 0) return false;
  if (before == SHARE_MAKER_HOLDS) destroy(block);
  return true;
}

/* ------------------------------------------------------------- Others' -- */

/* Maps an arena of another process, and keeps fd; NULL if it is none. */
static struct arena *map_foreign(struct arena_name name) {
  int64_t size = sys_mem_size(name.fd);
  struct arena *arena = size < (int64_t)sizeof(struct head)
                            ? NULL
                            : new_entry(name.fd, (size_t)size);
  if (arena == NULL) return NULL;
  if (map_entry(arena) < 0 || arena->head->magic != MAGIC ||
      arena->head->id != name.id) {
    arena->fd = -1; /* the caller's still */
    discard(arena);
    return NULL;
  }
  arena->id = name.id;
  arena->next = arenas;
  arenas = arena;
  return arena;
}

struct share_block *arena_attach(struct arena_name name, uint64_t offset,
                                 enum share_kind kind) {
  guard_lock();
  struct arena *arena = named(name.id);
  if (arena == NULL) arena = map_foreign(name);
  struct share_block *block = NULL;
  if (arena != NULL && is_block(arena, offset)) block = block_at(arena, offset);
  guard_unlock();
  bool right = block != NULL && atomic_load(&block->kind) == (uint32_t)kind;
  return right ? block : NULL;
}
