/* SPDX-License-Identifier: MIT
 *
 * The lock that goes with another object: a condition's, a value's.
 */
#ifndef BROOD_SHARE_GUARDED_H
#define BROOD_SHARE_GUARDED_H

#include "brood.h"
#include "lib/names.h"
#include "lib/share/object.h"

/* guarded_set_lock gives an object its lock: the one passed, or for NULL a new
 * rlock, or for BROOD_NO_LOCK none. Sets and returns an error. */
int guarded_set_lock(void *object, const brood_context *context, void *lock);

/* guarded_check_lock: is this a lock or an rlock, or, with semaphores, one of
 * those? BROOD_ATTRIBUTE_ERROR if not; NULL and BROOD_NO_LOCK pass. */
int guarded_check_lock(const void *lock, bool semaphores);

/* guarded_lock_of returns the lock, or NULL. */
void *guarded_lock_of(const void *object);

/* The lock's own acquire and release, for an object that must be of this kind;
 * BROOD_ATTRIBUTE_ERROR without a lock. */
int guarded_acquire(const void *object, enum share_kind kind,
                    int64_t timeout_ns);
int guarded_release(const void *object, enum share_kind kind);

#endif /* BROOD_SHARE_GUARDED_H */
