/* SPDX-License-Identifier: MIT
 *
 * Lock and RLock; Semaphore and BoundedSemaphore; and that of them which goes
 * with another object.
 */
#include <errno.h>
#include <inttypes.h>

#include "lib/share/arena.h"
#include "lib/share/object.h"
#include "lib/state/error.h"
#include "lib/sync/lock.h"
#include "lib/sync/self.h"
#include "lib/sys/clock.h"

struct brood_lock {
  struct sync_lock cell;
};

struct brood_rlock {
  struct sync_lock cell;
};

struct brood_semaphore {
  struct sync_semaphore cell;
};

/* ------------------------------------------------------ Lock and RLock -- */

brood_lock *brood_lock_new(const brood_context *context) {
  return share_new(context, SHARE_LOCK, sizeof(brood_lock));
}

SHARE_FREE_FUNCTION(brood_lock_free, brood_lock, SHARE_LOCK)

int brood_lock_acquire(brood_lock *lock, int64_t timeout_ns) {
  int r = share_check(lock, SHARE_LOCK);
  if (r != 0) return proxy_ask(r, lock, PROXY_ACQUIRE, timeout_ns);
  uint64_t token = sync_quick_token();
  if (token != 0 && sync_quick_acquire(&lock->cell, token)) return 0;
  r = sync_lock_acquire(&lock->cell, sync_self_process(),
                        sys_clock_deadline(timeout_ns));
  return share_outcome(r, lock);
}

int brood_lock_release(brood_lock *lock) {
  int r = share_check(lock, SHARE_LOCK);
  if (r != 0) return proxy_ask(r, lock, PROXY_RELEASE, 0);
  if (sync_lock_release(&lock->cell) == 0) return 0;
  return error_set(BROOD_VALUE_ERROR,
                   "semaphore or lock released too many times");
}

SHARE_QUESTION(brood_lock_locked, brood_lock, SHARE_LOCK, PROXY_LOCKED,
               sync_lock_is_held(&object->cell))

brood_rlock *brood_rlock_new(const brood_context *context) {
  return share_new(context, SHARE_RLOCK, sizeof(brood_rlock));
}

SHARE_FREE_FUNCTION(brood_rlock_free, brood_rlock, SHARE_RLOCK)

int brood_rlock_acquire(brood_rlock *rlock, int64_t timeout_ns) {
  int r = share_check(rlock, SHARE_RLOCK);
  if (r != 0) return proxy_ask(r, rlock, PROXY_ACQUIRE, timeout_ns);
  r = sync_rlock_acquire(&rlock->cell, sync_self_thread(),
                         sys_clock_deadline(timeout_ns));
  if (r != -EAGAIN) return share_outcome(r, rlock);
  return error_set(BROOD_OVERFLOW_ERROR, "rlock acquired %u times already",
                   UINT32_MAX);
}

int brood_rlock_release(brood_rlock *rlock) {
  int r = share_check(rlock, SHARE_RLOCK);
  if (r != 0) return proxy_ask(r, rlock, PROXY_RELEASE, 0);
  if (sync_rlock_release(&rlock->cell, sync_self_thread()) == 0) return 0;
  return error_set(BROOD_ASSERTION_ERROR,
                   "attempt to release recursive lock not owned by thread");
}

SHARE_QUESTION(brood_rlock_locked, brood_rlock, SHARE_RLOCK, PROXY_LOCKED,
               sync_lock_is_held(&object->cell))

/* ----------------------------------------------------------- Semaphore -- */

int semaphore_check_value(int64_t value) {
  if (value < 0) {
    return error_set_os(-EINVAL, "cannot make a semaphore of value %" PRId64,
                        value);
  }
  if (value > BROOD_MAX_SEMAPHORE) {
    return error_set(BROOD_OVERFLOW_ERROR,
                     "semaphore value %" PRId64 " is over the maximum of %d",
                     value, BROOD_MAX_SEMAPHORE);
  }
  return 0;
}

static brood_semaphore *make_semaphore(const brood_context *context,
                                       int64_t value, int64_t bound) {
  if (semaphore_check_value(value) < 0) return NULL;
  brood_semaphore *semaphore =
      share_new(context, SHARE_SEMAPHORE, sizeof *semaphore);
  if (semaphore == NULL) return NULL;
  sync_semaphore_init(&semaphore->cell, (uint32_t)value, (uint32_t)bound);
  return semaphore;
}

brood_semaphore *brood_semaphore_new(const brood_context *context,
                                     int64_t value) {
  return make_semaphore(context, value, BROOD_MAX_SEMAPHORE);
}

brood_semaphore *brood_bounded_semaphore_new(const brood_context *context,
                                             int64_t value) {
  return make_semaphore(context, value, value);
}

SHARE_FREE_FUNCTION(brood_semaphore_free, brood_semaphore, SHARE_SEMAPHORE)

int brood_semaphore_acquire(brood_semaphore *semaphore, int64_t timeout_ns) {
  int r = share_check(semaphore, SHARE_SEMAPHORE);
  if (r != 0) return proxy_ask(r, semaphore, PROXY_ACQUIRE, timeout_ns);
  r = sync_semaphore_acquire(&semaphore->cell, sys_clock_deadline(timeout_ns));
  return share_outcome(r, semaphore);
}

int brood_semaphore_release(brood_semaphore *semaphore) {
  int r = share_check(semaphore, SHARE_SEMAPHORE);
  if (r != 0) return proxy_ask(r, semaphore, PROXY_RELEASE, 0);
  if (sync_semaphore_release(&semaphore->cell) == 0) return 0;
  return error_set(BROOD_VALUE_ERROR,
                   "semaphore or lock released too many times: the value is "
                   "%" PRIu32,
                   sync_semaphore_value(&semaphore->cell));
}

SHARE_QUESTION(brood_semaphore_get_value, brood_semaphore, SHARE_SEMAPHORE,
               PROXY_GET_VALUE, sync_semaphore_value(&object->cell))

/* ------------------------------------------------- Of another object's -- */

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

static int refuse_without_lock(enum share_kind kind) {
  return error_set(BROOD_ATTRIBUTE_ERROR,
                   "%s without a lock cannot be acquired",
                   share_kind_name(kind));
}

int guarded_acquire(void *object, enum share_kind kind, int64_t timeout_ns) {
  int r = share_check(object, kind);
  if (r != 0) return proxy_ask(r, object, PROXY_ACQUIRE, timeout_ns);
  void *lock = guarded_lock_of(object);
  switch (share_kind_of(lock)) {
    case SHARE_LOCK: return brood_lock_acquire(lock, timeout_ns);
    case SHARE_RLOCK: return brood_rlock_acquire(lock, timeout_ns);
    case SHARE_SEMAPHORE: return brood_semaphore_acquire(lock, timeout_ns);
    default: return refuse_without_lock(kind);
  }
}

int guarded_release(void *object, enum share_kind kind) {
  int r = share_check(object, kind);
  if (r != 0) return proxy_ask(r, object, PROXY_RELEASE, 0);
  void *lock = guarded_lock_of(object);
  switch (share_kind_of(lock)) {
    case SHARE_LOCK: return brood_lock_release(lock);
    case SHARE_RLOCK: return brood_rlock_release(lock);
    case SHARE_SEMAPHORE: return brood_semaphore_release(lock);
    default: return refuse_without_lock(kind);
  }
}
