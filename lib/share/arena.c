/* SPDX-License-Identifier: MIT
 *
 * See arena.h. A process that drops the last hold on a block of another's arena
 * marks it, and counts that in the arena's head; the owner collects the marked
 * ones when it runs short. The list of arenas is guarded by the one mutex of
 * the process, for which all its forks wait: large memory is made before, and
 * given back after.
 */
#include "lib/share/arena.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/share/region.h"
#include "lib/state/guard.h"
#include "lib/sync/self.h"
#include "lib/sys/fd.h"
#include "lib/sys/sock.h"

enum {
  ARENA_FIRST = 1 << 16, /* of one for small objects; each next is larger */
  ARENA_MOST = 1 << 24
};

struct arena {
  struct arena *next;
  struct region region;
  struct sys_kept socks[2]; /* what goes with it, or none */
  uint64_t owner;           /* token; 0: some other process */
  uint64_t closed;          /* token of the process that is done with it */
  /* Another's: */
  uint64_t mapper; /* token of the process that attached it */
  size_t num_attached;
  /* The owner's: */
  bool is_alone; /* one block, which goes together with the arena */
};

static struct arena *arenas;

atomic_int arena_num_closed;

/* ------------------------------------------------------- Making arenas -- */

static struct arena *new_arena(void) {
  struct arena *arena = calloc(1, sizeof *arena);
  if (arena == NULL) return NULL;
  arena->socks[0] = arena->socks[1] = arena->region.file = SYS_KEPT_NONE;
  return arena;
}

/* Without the mutex: to give back what is large takes long. */
static void discard_arenas(struct arena *arena) {
  while (arena != NULL) {
    struct arena *next = arena->next;
    region_discard(&arena->region);
    sys_kept_close(&arena->socks[0]);
    sys_kept_close(&arena->socks[1]);
    free(arena);
    arena = next;
  }
}

/* These two with the mutex; what is unlisted is for discard_arenas. */
static void unlist_arena(struct arena *arena, struct arena **unlisted) {
  struct arena **at = &arenas;
  while (*at != arena) at = &(*at)->next;
  *at = arena->next;
  arena->next = *unlisted;
  *unlisted = arena;
}

static void list_arena(struct arena *arena) {
  arena->next = arenas;
  arenas = arena;
}

/* Makes one, not listed yet, and gives the first `least` bytes pages. */
static int make_arena(size_t least, size_t most, struct arena **out) {
  struct arena *arena = new_arena();
  if (arena == NULL) return -ENOMEM;
  int r = region_make(&arena->region, least, most);
  if (r < 0) {
    free(arena);
    return r;
  }
  arena->owner = sync_self_process();
  *out = arena;
  return 0;
}

/* ---------------------------------------------------------- The places -- */

static bool is_own(const struct arena *arena) {
  return arena->owner == sync_self_process();
}

static struct region_head *head_of(const struct share_block *block) {
  return (struct region_head *)((uintptr_t)block - block->offset);
}

/* Larger than the largest, and with room for a block of this size. */
static int make_next(int class, size_t largest, struct arena **out) {
  size_t least = sizeof(struct region_head) + ((size_t)REGION_UNIT << class);
  size_t size = largest == 0 ? ARENA_FIRST : 4 * largest;
  while (size < least) size *= 2;
  int r = make_arena(least, size < ARENA_MOST ? size : ARENA_MOST, out);
  if (r == 0) list_arena(*out);
  return r;
}

static int allocate_small(int class, struct arena **out_arena,
                          size_t *out_offset) {
  int r = 0;
  size_t largest = 0;
  struct arena *arena = arenas;
  for (; arena != NULL; arena = arena->next) {
    if (arena->is_alone || !is_own(arena)) continue;
    r = region_take(&arena->region, class, out_offset);
    if (r != -ENOSPC) break;
    if (arena->region.size > largest) largest = arena->region.size;
  }
  if (arena == NULL) {
    r = make_next(class, largest, &arena);
    if (r < 0) return r;
    r = region_take(&arena->region, class, out_offset);
  }
  *out_arena = arena;
  return r;
}

static struct share_block *alone_block(const struct arena *arena) {
  return region_block(&arena->region, sizeof(struct region_head));
}

/* What other processes have dropped of those that are alone. */
static void collect_alone(void) {
  struct arena *dropped = NULL, *next;
  guard_lock();
  for (struct arena *arena = arenas; arena != NULL; arena = next) {
    next = arena->next;
    if (arena->is_alone && is_own(arena) &&
        atomic_load(&arena->region.head->num_dropped) > 0 &&
        atomic_load(&alone_block(arena)->holds) == 0) { /* it may be back */
      unlist_arena(arena, &dropped);
    }
  }
  guard_unlock();
  discard_arenas(dropped);
}

static int add_socks(struct arena *arena) {
  int socks[2];
  int r = sys_sock_pair(socks);
  if (r < 0) return r;
  arena->socks[0] = sys_keep(socks[0]);
  arena->socks[1] = sys_keep(socks[1]);
  return 0;
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

static int allocate_alone(enum share_kind kind, size_t least, size_t most,
                          struct share_block **out_block) {
  const size_t heads = sizeof(struct region_head) + sizeof(struct share_block);
  collect_alone();
  struct arena *arena;
  int r = make_arena(heads + least, heads + most, &arena);
  if (r < 0) return r;
  r = arena_num_fds(kind) == 1 ? 0 : add_socks(arena);
  if (r < 0) {
    discard_arenas(arena);
    return r;
  }
  arena->is_alone = true;
  arena->region.head->is_alone = 1;
  *out_block = alone_block(arena);
  fill_block(*out_block, kind, sizeof(struct region_head),
             arena->region.size - heads);
  guard_lock();
  list_arena(arena);
  guard_unlock();
  return 0;
}

int arena_allocate(enum share_kind kind, size_t least, size_t most,
                   struct share_block **out_block) {
  size_t whole = sizeof(struct share_block) + most;
  if (whole >= REGION_LARGE) {
    guard_shield(); /* or a cancelled thread would leave descriptors */
    int r = allocate_alone(kind, least, most, out_block);
    guard_unshield();
    return r;
  }
  struct arena *arena;
  struct share_block *block = NULL;
  size_t offset;
  guard_lock();
  int r = allocate_small(region_class(whole), &arena, &offset);
  if (r == 0) {
    block = region_block(&arena->region, offset);
    atomic_store(&block->kind, SHARE_NEW); /* or it would be collected */
  }
  guard_unlock();
  if (r < 0) return r;
  memset(share_object_of(block), 0, most);
  fill_block(block, kind, offset, most);
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
  if (is_own(arena) && !arena->is_alone && offset >= arena->region.used) {
    return false;
  }
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

static int open_fd(const struct arena *arena, int which) {
  const struct sys_kept *kept = which == ARENA_MEMORY
                                    ? &arena->region.file
                                    : &arena->socks[which - ARENA_SENDER];
  return sys_kept_is_open(kept) ? kept->fd : -1;
}

int arena_fd(const struct share_block *block, int which) {
  guard_lock();
  int fd = open_fd(around(block), which);
  guard_unlock();
  return fd;
}

struct arena_name arena_of(const struct share_block *block) {
  guard_lock();
  const struct arena *arena = around(block);
  struct arena_name name = {.kind = atomic_load(&block->kind),
                            .id = arena->region.id,
                            .offset = block->offset};
  name.num_fds = arena_num_fds(name.kind);
  for (int i = 0; i < (int)name.num_fds; i++) name.fds[i] = open_fd(arena, i);
  guard_unlock();
  return name;
}

/* -------------------------------------------------------------- Notices -- */

/* Killed where? Each of the two says first that nothing is known: the next
 * process that is to send a notice sends one in any case. */
int arena_notice_send(int sock, uint32_t *notice) {
  if (*notice < ARENA_NOTICE_UNSURE) return 0;
  uint8_t byte = 0;
  const struct iovec part = {.iov_base = &byte, .iov_len = sizeof byte};
  *notice = ARENA_NOTICE_UNSURE;
  int r = sys_sock_try_send(sock, &part, 1, NULL, 0);
  if (r < 0 && r != -EAGAIN) return r;
  /* No room: those of killed senders lie there, which do as well. */
  *notice = ARENA_NOTICE_SENT;
  return 0;
}

void arena_notice_take(int sock, uint32_t *notice) {
  if (*notice == ARENA_NOTICE_TAKEN) return;
  *notice = ARENA_NOTICE_UNSURE;
  int r;
  while ((r = sys_poll_one(sock, POLLIN, 0)) > 0) sys_sock_drop(sock);
  /* -1 is nothing to poll: the program has closed it, another may take it. */
  if (r == 0 && sock >= 0) *notice = ARENA_NOTICE_TAKEN;
}

/* --------------------------------------------------------------- Pages -- */

static size_t region_offset(const struct share_block *block, size_t offset) {
  return block->offset + sizeof *block + offset;
}

int arena_reserve(const struct share_block *block, size_t offset, size_t size) {
  guard_lock();
  const struct region region = around(block)->region;
  guard_unlock();
  return sys_mem_reserve(&region.file, region.head,
                         region_offset(block, offset), size);
}

void arena_give_pages_back(const struct share_block *block, size_t offset,
                           size_t size) {
  sys_mem_release(head_of(block), region_offset(block, offset), size);
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
  arena_hold(lock); /* or with the last received handle its memory would go */
  block->lock_arena = head_of(lock)->id;
  block->lock_offset = lock->offset;
}

/* All of it is in shared memory, where others may have written what they like:
 * it does not lead out of the mapping. */
struct share_block *arena_lock_of(const struct share_block *block) {
  uint64_t offset = block->lock_offset;
  if (offset == 0) return NULL;
  struct region_head *head = head_of(block);
  if (head->id == block->lock_arena) {
    bool inside = offset < head->size && offset % REGION_UNIT == 0 &&
                  head->size - offset >= sizeof *block + REGION_UNIT;
    return inside ? (struct share_block *)((char *)head + offset) : NULL;
  }
  guard_lock();
  struct arena *arena = named(block->lock_arena);
  bool has = arena != NULL && has_block(arena, offset);
  struct share_block *lock = has ? region_block(&arena->region, offset) : NULL;
  guard_unlock();
  return lock;
}

/* -------------------------------------------------------------- Holds -- */

void arena_send(struct share_block *block) {
  if (head_of(block)->is_alone) return;
  atomic_fetch_or(&block->holds, SHARE_WAS_SENT);
}

/* Gives the place of a block back. With the mutex. */
static void drop_place(struct arena *arena, struct share_block *block,
                       struct arena **gone) {
  /* What is alone leaves nothing to be used again: others may have it still. */
  if (!head_of(block)->is_alone) atomic_store(&block->kind, SHARE_FREE);
  if (!is_own(arena)) {
    atomic_fetch_add(&arena->region.head->num_dropped, 1);
  } else if (arena->is_alone) {
    unlist_arena(arena, gone);
  } else {
    region_give_back(&arena->region, block->offset);
  }
}

/* The last hold is gone. What was sent stays, holding itself so that nobody
 * comes here again, and a lock beside it too; one in another arena was sent as
 * well, or is alone. Whoever had the last hold has the mapping of that. */
static void destroy_block(struct share_block *block) {
  struct share_block *lock = arena_lock_of(block);
  struct arena *gone = NULL;
  uint32_t sent = SHARE_WAS_SENT;
  bool stays = atomic_compare_exchange_strong(&block->holds, &sent, sent | 1);
  if (!stays && sent != 0) return; /* it is held again */
  if (stays && lock != NULL && head_of(lock) == head_of(block)) lock = NULL;
  guard_lock();
  if (!stays) drop_place(around(block), block, &gone);
  guard_unlock();
  discard_arenas(gone);
  if (lock != NULL) arena_release(lock);
}

void arena_release(struct share_block *block) {
  uint32_t before = atomic_fetch_sub(&block->holds, 1);
  if ((before & ~SHARE_WAS_SENT) == 1) destroy_block(block);
}

bool arena_give_back(struct share_block *block) {
  struct share_block *lock = arena_lock_of(block);
  bool is_received = lock != NULL && lock->maker != sync_self_process();
  uint32_t before = atomic_fetch_and(&block->holds, ~SHARE_MAKER_HOLDS);
  if ((before & SHARE_MAKER_HOLDS) == 0) return false;
  if ((before & ~SHARE_WAS_SENT) == SHARE_MAKER_HOLDS) destroy_block(block);
  if (is_received) arena_detach(lock);
  return true;
}

/* ------------------------------------------------------------- Others' -- */

/* Maps an arena of another process, and keeps its descriptors; -EBADMSG if it
 * is none, or -errno. */
static int map_foreign(const struct arena_name *name, struct arena **out) {
  struct arena *arena = new_arena();
  if (arena == NULL) return -ENOMEM;
  int r = region_attach(&arena->region, name->fds[ARENA_MEMORY], name->id);
  if (r < 0) {
    free(arena);
    return r;
  }
  arena->mapper = sync_self_process();
  if (name->num_fds == ARENA_MAX_FDS) {
    arena->socks[0] = sys_keep(name->fds[ARENA_SENDER]);
    arena->socks[1] = sys_keep(name->fds[ARENA_RECEIVER]);
  }
  list_arena(arena);
  *out = arena;
  return 0;
}

static bool has_named(const struct arena *arena,
                      const struct arena_name *name) {
  return has_block(arena, name->offset) &&
         atomic_load(&region_block(&arena->region, name->offset)->kind) ==
             name->kind;
}

int arena_attach(struct share_block **out, const struct arena_name *name,
                 bool *out_taken) {
  struct arena *refused = NULL;
  guard_lock();
  struct arena *arena = named(name->id);
  bool is_new = arena == NULL;
  int r = is_new ? map_foreign(name, &arena) : 0;
  *out_taken = is_new && r == 0;
  if (r == 0 && !has_named(arena, name)) {
    r = -EBADMSG;
    if (is_new) unlist_arena(arena, &refused);
  }
  if (r == 0) {
    *out = region_block(&arena->region, name->offset);
    arena->num_attached++;
    if (is_own(arena)) share_hold(*out);
  }
  guard_unlock();
  discard_arenas(refused);
  return r;
}

void arena_detach(struct share_block *block) {
  struct arena *gone = NULL;
  guard_lock();
  struct arena *arena = around(block);
  bool own = is_own(arena);
  if (--arena->num_attached == 0 && arena->mapper == sync_self_process()) {
    unlist_arena(arena, &gone);
  }
  guard_unlock();
  discard_arenas(gone);
  if (own) arena_release(block);
}

void arena_hold(struct share_block *block) {
  guard_lock();
  around(block)->num_attached++; /* of one's own nobody asks */
  guard_unlock();
  share_hold(block);
}

void arena_let_go(struct share_block *block) {
  /* Of one's own the attaching is the hold. */
  if (block->maker != sync_self_process()) arena_release(block);
  arena_detach(block);
}
