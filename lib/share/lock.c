/* SPDX-License-Identifier: MIT
 *
 * Lock and RLock.
 */
#include <errno.h>

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

brood_lock *brood_lock_new(const brood_context *context) {
  return share_new(context, SHARE_LOCK, sizeof(brood_lock));
}

brood_lock *brood_lock_free(brood_lock *lock) {
  return share_free(lock, SHARE_LOCK);
}

int brood_lock_acquire(brood_lock *lock, int64_t timeout_ns) {
  int r = share_check(lock, SHARE_LOCK);
  if (r < 0) return r;
  uint64_t token = sync_quick_token();
  if (token != 0 && sync_quick_acquire(&lock->cell, token)) return 0;
  r = sync_lock_acquire(&lock->cell, sync_self_process(),
                        sys_clock_deadline(timeout_ns));
  return share_outcome(r, lock);
}

int brood_lock_release(brood_lock *lock) {
  int r = share_check(lock, SHARE_LOCK);
  if (r < 0) return r;
  if (sync_lock_release(&lock->cell) == 0) return 0;
  return error_set(BROOD_VALUE_ERROR,
                   "semaphore or lock released too many times");
}

int brood_lock_locked(brood_lock *lock) {
  int r = share_check(lock, SHARE_LOCK);
  return r < 0 ? r : sync_lock_is_held(&lock->cell);
}

brood_rlock *brood_rlock_new(const brood_context *context) {
  return share_new(context, SHARE_RLOCK, sizeof(brood_rlock));
}

brood_rlock *brood_rlock_free(brood_rlock *rlock) {
  return share_free(rlock, SHARE_RLOCK);
}

int brood_rlock_acquire(brood_rlock *rlock, int64_t timeout_ns) {
  int r = share_check(rlock, SHARE_RLOCK);
  if (r < 0) return r;
  r = sync_rlock_acquire(&rlock->cell, sync_self_thread(),
                         sys_clock_deadline(timeout_ns));
  if (r != -EAGAIN) return share_outcome(r, rlock);
  return error_set(BROOD_OVERFLOW_ERROR, "rlock acquired %u times already",
                   UINT32_MAX);
}

int brood_rlock_release(brood_rlock *rlock) {
  int r = share_check(rlock, SHARE_RLOCK);
  if (r < 0) return r;
  if (sync_rlock_release(&rlock->cell, sync_self_thread()) == 0) return 0;
  return error_set(BROOD_ASSERTION_ERROR,
                   "attempt to release recursive lock not owned by thread");
}

int brood_rlock_locked(brood_rlock *rlock) {
  int r = share_check(rlock, SHARE_RLOCK);
  return r < 0 ? r : sync_lock_is_held(&rlock->cell);
}
