/* SPDX-License-Identifier: MIT
 *
 * See object.h.
 */
#include "lib/share/object.h"

#include <errno.h>

#include "lib/share/arena.h"
#include "lib/share/end.h"
#include "lib/state/error.h"
#include "lib/state/registry.h"
#include "lib/sync/self.h"

const char *share_kind_name(uint32_t kind) {
  static const char *const names[] = {
      "a lock",   "an rlock",       "a semaphore",     "a condition",
      "an event", "a barrier",      "a shared value",  "a shared array",
      "a queue",  "a simple queue", "a connection",    "a dictionary",
      "a list",   "a namespace",    "a managed value", "a managed array",
      "a proxy"};
  if (kind < SHARE_LOCK || kind > SHARE_OWN_TYPE) return "a shared object";
  return names[kind - SHARE_LOCK];
}

void *share_new_partly(const brood_context *context, enum share_kind kind,
                       size_t least, size_t most) {
  if (context == NULL) default_choose(0); /* the platform's, if none is */
  struct share_block *block;
  int r = arena_allocate(kind, least, most, &block);
  if (r == 0) return share_object_of(block);
  error_set_os(r, "cannot make %s of %zu bytes", share_kind_name(kind), least);
  return NULL;
}

int share_refuse(const void *object, enum share_kind kind) {
  return error_set(BROOD_VALUE_ERROR, "%p is not %s, or has been freed", object,
                   share_kind_name(kind));
}

int share_check_further(const void *object, enum share_kind kind) {
  if (share_kind_of(object) == SHARE_PROXY &&
      ((const struct proxy *)object)->kind == (uint32_t)kind) {
    return 1;
  }
  return share_refuse(object, kind);
}

uint32_t share_kind_behind(const void *object) {
  uint32_t kind = share_kind_of(object);
  return kind == SHARE_PROXY ? ((const struct proxy *)object)->kind : kind;
}

void *share_free(void *object, enum share_kind kind) {
  if (object == NULL) return NULL;
  /* Not share_check: the pointer may point to nothing at all. */
  struct share_block *block = arena_find(object);
  struct proxy *proxy = block == NULL ? proxy_find(object) : NULL;
  if (proxy != NULL && proxy->kind == (uint32_t)kind) {
    proxy_free(proxy);
    return NULL;
  }
  if (block == NULL || atomic_load(&block->kind) != (uint32_t)kind) {
    share_refuse(object, kind);
    return NULL;
  }
  if (block->maker != sync_self_process()) return NULL;
  if (!arena_give_back(block)) share_refuse(object, kind);
  return NULL;
}

size_t share_blocks(const void *object,
                    struct share_block *out[SHARE_MAX_BLOCKS]) {
  struct share_block *block = out[0] = arena_find(object);
  if (block == NULL) {
    const void *handle = end_find(object);
    if (handle == NULL) handle = proxy_find(object);
    if (handle != NULL) out[0] = share_block_of(handle);
    return handle != NULL;
  }
  struct share_block *lock = out[1] = arena_lock_of(block);
  if (lock == NULL) return 1;
  bool together =
      (uintptr_t)lock - lock->offset == (uintptr_t)block - block->offset;
  return together ? 1 : 2;
}

int share_outcome(int r, const void *object) {
  if (r == 0) return 0;
  const char *name = share_kind_name(share_kind_of(object));
  if (r == -ETIMEDOUT) {
    return error_set(BROOD_TIMEOUT, "%s was not to be had in time", name);
  }
  if (r == -EOWNERDEAD) {
    return error_set(BROOD_OWNER_DIED,
                     "%s is held now, but was held by a process that was "
                     "killed",
                     name);
  }
  return error_set_os(r, "cannot acquire %s", name);
}
