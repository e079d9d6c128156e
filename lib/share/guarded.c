/* SPDX-License-Identifier: MIT
 *
 * See guarded.h.
 */
#include "lib/share/guarded.h"

#include "lib/share/arena.h"
#include "lib/share/object.h"
#include "lib/state/error.h"

const char brood_no_lock_[1];

int guarded_check_lock(const void *lock, bool semaphores) {
  if (lock == NULL || lock == BROOD_NO_LOCK) return 0;
  const struct share_block *block = arena_find(lock);
  uint32_t kind = block == NULL ? SHARE_FREE : share_kind_of(lock);
  if (kind == SHARE_LOCK || kind == SHARE_RLOCK) return 0;
  if (kind == SHARE_SEMAPHORE && semaphores) return 0;
  return error_set(BROOD_ATTRIBUTE_ERROR, "%s at %p has no method 'acquire'",
                   share_kind_name(kind), lock);
}

int guarded_set_lock(void *object, const brood_context *context, void *lock) {
  if (lock == BROOD_NO_LOCK) return 0;
  bool own = lock == NULL;
  if (own) lock = brood_rlock_new(context);
  if (lock == NULL) return brood_error();
  arena_set_lock(share_block_of(object), share_block_of(lock));
  if (own) brood_rlock_free(lock); /* the object holds it now */
  return 0;
}

void *guarded_lock_of(const void *object) {
  struct share_block *lock = arena_lock_of(share_block_of(object));
  return lock == NULL ? NULL : share_object_of(lock);
}

static int refuse_without_lock(const void *object) {
  return error_set(BROOD_ATTRIBUTE_ERROR,
                   "%s without a lock cannot be acquired",
                   share_kind_name(share_kind_of(object)));
}

int guarded_acquire(const void *object, int64_t timeout_ns) {
  void *lock = guarded_lock_of(object);
  switch (share_kind_of(lock)) {
    case SHARE_LOCK: return brood_lock_acquire(lock, timeout_ns);
    case SHARE_RLOCK: return brood_rlock_acquire(lock, timeout_ns);
    case SHARE_SEMAPHORE: return brood_semaphore_acquire(lock, timeout_ns);
    default: return refuse_without_lock(object);
  }
}

int guarded_release(const void *object) {
  void *lock = guarded_lock_of(object);
  switch (share_kind_of(lock)) {
    case SHARE_LOCK: return brood_lock_release(lock);
    case SHARE_RLOCK: return brood_rlock_release(lock);
    case SHARE_SEMAPHORE: return brood_semaphore_release(lock);
    default: return refuse_without_lock(object);
  }
}
