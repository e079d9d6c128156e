/* SPDX-License-Identifier: MIT
 *
 * Semaphore and BoundedSemaphore.
 */
#include <errno.h>
#include <inttypes.h>

#include "lib/share/object.h"
#include "lib/state/error.h"
#include "lib/sync/words.h"
#include "lib/sys/clock.h"

struct brood_semaphore {
  struct sync_semaphore cell;
};

static int check_initial_value(int64_t value) {
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
  if (check_initial_value(value) < 0) return NULL;
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

brood_semaphore *brood_semaphore_free(brood_semaphore *semaphore) {
  return share_free(semaphore, SHARE_SEMAPHORE);
}

int brood_semaphore_acquire(brood_semaphore *semaphore, int64_t timeout_ns) {
  int r = share_check(semaphore, SHARE_SEMAPHORE);
  if (r < 0) return r;
  r = sync_semaphore_acquire(&semaphore->cell, sys_clock_deadline(timeout_ns));
  return share_outcome(r, semaphore);
}

int brood_semaphore_release(brood_semaphore *semaphore) {
  int r = share_check(semaphore, SHARE_SEMAPHORE);
  if (r < 0) return r;
  if (sync_semaphore_release(&semaphore->cell) == 0) return 0;
  return error_set(BROOD_VALUE_ERROR,
                   "semaphore or lock released too many times: the value is "
                   "%" PRIu32,
                   sync_semaphore_value(&semaphore->cell));
}

int brood_semaphore_get_value(brood_semaphore *semaphore) {
  int r = share_check(semaphore, SHARE_SEMAPHORE);
  return r < 0 ? r : (int)sync_semaphore_value(&semaphore->cell);
}
