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

#include "lib/share/region.h"
#include "lib/state/guard.h"
#include "lib/sync/self.h"
#include "lib/sys/fd.h"
#include "lib/sys/mem.h"
#include "lib/sys/sock.h"

enum {
  ARENA_SIZE = 1 << 24, /* of one for small objects */
  LARGE = 1 << 20,      /* what has its own */
  NUM_SIZES = 15,       /* REGION_UNIT << 14 == LARGE */
  NONE = -1
};

/* One block as its owner knows it. */
struct place {
  uint32_t offset; /* in units of REGION_UNIT */
  int32_t next;    /* free place of the same size, or NONE */
  uint8_t size;    /* REGION_UNIT << size */
  bool is_free;
};

struct arena {
  struct arena *next;
  struct region region;
  int socks[2];    /* what goes with it, or -1 */
  uint64_t owner;  /* token; 0: some other process */
  uint64_t closed; /* token of the process that is done with it */
  /* Another's: */
  uint64_t mapper; /* token of the process that attached it */
  size_t num_attached;
  bool is_kept;
  /* The owner's: */
  bool is_alone; /* one block, which goes together with the arena */
  size_t used;
  struct place *places;
  int32_t num_places, max_places;
  int32_t free[NUM_SIZES];
  uint32_t seen_dropped;
};

static struct arena *arenas;

atomic_int arena_num_closed;

/* ------------------------------------------------------- Making arenas -- */

static struct arena *list_arena(void) {
  struct arena *arena = calloc(1, sizeof *arena);
  if (arena == NULL) return NULL;
  for (int i = 0; i < NUM_SIZES; i++) arena->free[i] = NONE;
  arena->socks[0] = arena->socks[1] = -1;
  arena->next = arenas;
  arenas = arena;
  return arena;
}

static void unlist_arena(struct arena *arena) {
  struct arena **at = &arenas;
  while (*at != arena) at = &(*at)->next;
  *at = arena->next;
  free(arena->places);
  free(arena);
}

static int make_arena(size_t size, struct arena **out) {
  struct region region;
  int r = region_make(&region, size);
  if (r < 0) return r;
  struct arena *arena = list_arena();
  if (arena == NULL) {
    region_discard(&region);
    return -ENOMEM;
  }
  arena->region = region;
  arena->owner = sync_self_process();
  arena->used = sizeof *region.head;
  *out = arena;
  return 0;
}

static void remove_arena(struct arena *arena) {
  region_discard(&arena->region);
  sys_close(arena->socks[0]);
  sys_close(arena->socks[1]);
  unlist_arena(arena);
}

/* ---------------------------------------------------------- The places -- */

static bool is_own(const struct arena *arena) {
  return arena->owner == sync_self_process();
}

static int size_class(size_t size) {
  int class = 0;
  while ((size_t)REGION_UNIT << class < size) class ++;
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
  uint32_t dropped = atomic_load(&arena->region.head->num_dropped);
  if (dropped == arena->seen_dropped) return;
  arena->seen_dropped = dropped;
  for (int32_t i = 0; i < arena->num_places; i++) {
    struct place *place = &arena->places[i];
    size_t offset = (size_t)place->offset * REGION_UNIT;
    if (!place->is_free &&
        atomic_load(&region_block(&arena->region, offset)->kind) ==
            SHARE_FREE) {
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
  size_t size = (size_t)REGION_UNIT << class;
  if (size > arena->region.size - arena->used) return -ENOSPC;
  int r = make_room(arena);
  if (r == 0) r = region_reserve(&arena->region, arena->used + size);
  if (r < 0) return r;
  arena->places[arena->num_places] =
      (struct place){.offset = (uint32_t)(arena->used / REGION_UNIT),
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
    if (arena->is_alone || !is_own(arena)) continue;
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
  *out_offset = (size_t)arena->places[index].offset * REGION_UNIT;
  return 0;
}

/* What other processes have dropped of those that are alone. */
static void collect_alone(void) {
  struct arena *next;
  for (struct arena *arena = arenas; arena != NULL; arena = next) {
    next = arena->next;
    if (arena->is_alone && is_own(arena) &&
        atomic_load(&arena->region.head->num_dropped) > 0) {
      remove_arena(arena);
    }
  }
}

static int allocate_alone(size_t size, size_t num_bytes, bool with_socks,
                          struct arena **out_arena, size_t *out_offset) {
  collect_alone();
  struct arena *arena;
  int r = make_arena(sizeof(struct region_head) + size, &arena);
  if (r < 0) return r;
  arena->is_alone = true;
  r = region_reserve(&arena->region, sizeof(struct region_head) + num_bytes);
  if (r == 0 && with_socks) r = sys_sock_pair(arena->socks);
  if (r < 0) remove_arena(arena);
  *out_arena = arena;
  *out_offset = sizeof(struct region_head);
  return r;
}

static int allocate(size_t size, struct arena **out_arena, size_t *out_offset) {
  if (size >= LARGE) {
    return allocate_alone(size, size, false, out_arena, out_offset);
  }
  return allocate_small(size_class(size), out_arena, out_offset);
}

/* Names a new block as one, or it would be collected. With the mutex. */
static struct share_block *claim(struct arena *arena, size_t offset) {
  struct share_block *block = region_block(&arena->region, offset);
  atomic_store(&block->kind, SHARE_NEW);
  return block;
}

static void fill_block(struct share_block *block, enum share_kind kind,
                       size_t offset, size_t size) {
  block->maker = sync_self_process();
  block->offset = offset;
  block->size = size;
  block->lock_arena = 0;
  block->lock_offset = 0;
  atomic_store(&block->holds, SHARE_MAKER_HOLDS);
  atomic_store(&block->kind, kind);
}

int arena_allocate(enum share_kind kind, size_t size,
                   struct share_block **out_block) {
  struct arena *arena;
  size_t offset;
  guard_lock();
  int r = allocate(sizeof(struct share_block) + size, &arena, &offset);
  struct share_block *block = r == 0 ? claim(arena, offset) : NULL;
  bool is_new = r == 0 && arena->is_alone;
  guard_unlock();
  if (r < 0) return r;
  if (!is_new) memset(share_object_of(block), 0, size);
  fill_block(block, kind, offset, size);
  *out_block = block;
  return 0;
}

int arena_allocate_alone(enum share_kind kind, size_t size, size_t num_bytes,
                         struct share_block **out_block) {
  struct arena *arena;
  size_t offset;
  guard_lock();
  int r = allocate_alone(sizeof(struct share_block) + size,
                         sizeof(struct share_block) + num_bytes, true, &arena,
                         &offset);
  struct share_block *block = r == 0 ? claim(arena, offset) : NULL;
  guard_unlock();
  if (r < 0) return r;
  fill_block(block, kind, offset, size);
  *out_block = block;
  return 0;
}

/* ------------------------------------------------------ Finding blocks -- */

/* The arena whose memory an address lies in, or NULL; with the mutex. */
static struct arena *around(const void *address) {
  uintptr_t at = (uintptr_t)address;
  struct arena *arena = arenas;
  while (arena != NULL &&
         at - (uintptr_t)arena->region.head >= (uintptr_t)arena->region.size) {
    arena = arena->next;
  }
  return arena;
}

static struct arena *named(uint64_t id) {
  struct arena *arena = arenas;
  while (arena != NULL && arena->region.id != id) arena = arena->next;
  return arena;
}

/* The owner knows how far it may read; others were told by the owner. */
static bool has_block(const struct arena *arena, uint64_t offset) {
  if (is_own(arena) && !arena->is_alone && offset >= arena->used) return false;
  return region_has_block(&arena->region, offset);
}

struct share_block *arena_find(const void *object) {
  guard_lock();
  struct share_block *block = share_block_of(object);
  struct arena *arena = around(block);
  uint64_t offset =
      arena == NULL ? 0 : (uintptr_t)block - (uintptr_t)arena->region.head;
  if (arena == NULL || !has_block(arena, offset)) block = NULL;
  guard_unlock();
  return block;
}

struct arena_name arena_of(const struct share_block *block) {
  guard_lock();
  const struct arena *arena = around(block);
  struct arena_name name = {
      .id = arena->region.id,
      .fds = {arena->region.fd, arena->socks[0], arena->socks[1]},
      .num_fds = arena->socks[0] < 0 ? 1 : ARENA_MAX_FDS};
  guard_unlock();
  return name;
}

/* --------------------------------------------------------------- Pages -- */

static size_t file_offset(const struct share_block *block, size_t offset) {
  return block->offset + sizeof *block + offset;
}

int arena_reserve(const struct share_block *block, size_t offset, size_t size) {
  return sys_mem_reserve(arena_of(block).fds[ARENA_MEMORY],
                         file_offset(block, offset), size);
}

void arena_give_pages_back(const struct share_block *block, size_t offset,
                           size_t size) {
  sys_mem_release(arena_of(block).fds[ARENA_MEMORY], file_offset(block, offset),
                  size);
}

/* -------------------------------------------------------------- Closing -- */

void arena_close(const struct share_block *block) {
  guard_lock();
  around(block)->closed = sync_self_process();
  guard_unlock();
  atomic_fetch_add_explicit(&arena_num_closed, 1, memory_order_relaxed);
}

bool arena_look_closed(const struct share_block *block) {
  guard_lock();
  bool closed = around(block)->closed == sync_self_process();
  guard_unlock();
  return closed;
}

/* -------------------------------------------------------------- Locks -- */

void arena_set_lock(struct share_block *block, struct share_block *lock) {
  arena_hold(lock);
  block->lock_arena = arena_of(lock).id;
  block->lock_offset = lock->offset;
}

struct share_block *arena_lock_of(const struct share_block *block) {
  if (block->lock_offset == 0) return NULL;
  const struct region_head *head =
      (const struct region_head *)((const char *)block - block->offset);
  if (head->id == block->lock_arena) {
    return (struct share_block *)((char *)head + block->lock_offset);
  }
  guard_lock();
  struct arena *arena = named(block->lock_arena);
  guard_unlock();
  return arena == NULL ? NULL
                       : region_block(&arena->region, block->lock_offset);
}

/* -------------------------------------------------------------- Holds -- */

void arena_hold(struct share_block *block) {
  atomic_fetch_add(&block->holds, 1);
}

/* As everybody can tell: nothing else would fit before or behind it. */
static bool is_alone(const struct share_block *block) {
  return sizeof *block + block->size >= LARGE;
}

void arena_send(struct share_block *block) {
  if (!is_alone(block)) atomic_fetch_or(&block->holds, SHARE_WAS_SENT);
}

static int32_t find_place(const struct arena *arena, size_t offset) {
  int32_t low = 0, high = arena->num_places - 1; /* offsets ascend */
  while (low < high) {
    int32_t middle = (low + high) / 2;
    if ((size_t)arena->places[middle].offset * REGION_UNIT < offset) {
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
  /* What is alone leaves nothing to be used again: others may have it still. */
  if (!is_alone(block)) atomic_store(&block->kind, SHARE_FREE);
  if (!is_own(arena)) {
    atomic_fetch_add(&arena->region.head->num_dropped, 1);
  } else if (arena->is_alone) {
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

/* Maps an arena of another process, and keeps its descriptors; -EBADMSG if it
 * is none, or -errno. */
static int map_foreign(const struct arena_name *name, struct arena **out) {
  struct arena *arena = list_arena();
  if (arena == NULL) return -ENOMEM;
  int r = region_attach(&arena->region, name->fds[ARENA_MEMORY], name->id);
  if (r < 0) {
    unlist_arena(arena);
    return r;
  }
  arena->mapper = sync_self_process();
  if (name->num_fds == ARENA_MAX_FDS) {
    arena->socks[0] = name->fds[ARENA_SENDER];
    arena->socks[1] = name->fds[ARENA_RECEIVER];
  }
  *out = arena;
  return 0;
}

static bool has_kind(const struct arena *arena, uint64_t offset,
                     uint32_t kind) {
  return has_block(arena, offset) &&
         atomic_load(&region_block(&arena->region, offset)->kind) == kind;
}

int arena_attach(struct share_block **out, const struct arena_name *name,
                 uint64_t offset, enum share_kind kind, bool *out_taken) {
  guard_lock();
  struct arena *arena = named(name->id);
  bool is_new = arena == NULL;
  int r = is_new ? map_foreign(name, &arena) : 0;
  *out_taken = is_new && r == 0;
  if (r == 0 && !has_kind(arena, offset, kind)) {
    r = -EBADMSG;
    if (is_new) remove_arena(arena);
  }
  if (r == 0) {
    arena->num_attached++;
    *out = region_block(&arena->region, offset);
  }
  guard_unlock();
  return r;
}

void arena_detach(const struct share_block *block) {
  guard_lock();
  struct arena *arena = around(block);
  if (!is_own(arena) && --arena->num_attached == 0 && !arena->is_kept &&
      arena->mapper == sync_self_process()) {
    remove_arena(arena);
  }
  guard_unlock();
}

void arena_keep(const struct share_block *block) {
  guard_lock();
  around(block)->is_kept = true;
  guard_unlock();
}
