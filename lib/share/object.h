/* SPDX-License-Identifier: MIT
 *
 * Shared objects as their public functions see them: made, recognised, freed;
 * and the lock that goes with a condition or a value. All of these set errors.
 */
#pragma once

#include "brood.h"
#include "lib/names.h"
#include "lib/share/block.h"
#include "lib/share/proxy.h"

/* share_new_partly returns an object, all zero, as arena_allocate does, or
 * NULL. A context of NULL fixes the default. share_new returns one that has all
 * its bytes from the beginning. */
void *share_new_partly(const brood_context *context, enum share_kind kind,
                       size_t least, size_t most);

static inline void *share_new(const brood_context *context,
                              enum share_kind kind, size_t size) {
  return share_new_partly(context, kind, size, size);
}

/* share_free gives the maker's handle back. Returns NULL. */
void *share_free(void *object, enum share_kind kind);

/* share_kind_name returns "a lock", and so on. */
const char *share_kind_name(uint32_t kind);

/* share_kind_of returns what kind an object is, SHARE_FREE if it is none. */
static inline uint32_t share_kind_of(const void *object) {
  if (object == NULL) return SHARE_FREE;
  return atomic_load_explicit(&share_block_of(object)->kind,
                              memory_order_relaxed);
}

int share_refuse(const void *object, enum share_kind kind);

/* share_kind_behind is the kind of what a proxy is of, else share_kind_of. */
uint32_t share_kind_behind(const void *object);

/* SHARE_FREE_FUNCTION is a function that gives a handle back, SHARE_ANSWER one
 * that returns an answer about `object`, if a check does not fail; mostly it is
 * of which kind the object is: SHARE_QUESTION. A proxy asks its server. */
#define SHARE_FREE_FUNCTION(name, noun, KIND) \
  noun *name(noun *object) {                  \
    return share_free(object, KIND);          \
  }

#define SHARE_ANSWER(name, noun, check, op, answer) \
  int name(noun *object) {                          \
    int r = check;                                  \
    if (r != 0) return proxy_ask(r, object, op, 0); \
    return (int)(answer);                           \
  }

#define SHARE_QUESTION(name, noun, KIND, op, answer) \
  SHARE_ANSWER(name, noun, share_check(object, KIND), op, answer)

/* share_check is the first line of every function of an object: 0, it is such a
 * one in shared memory; 1, it is a proxy of such a one; or the error is set. */
int share_check_further(const void *object, enum share_kind kind);

static inline int share_check(const void *object, enum share_kind kind) {
  return share_kind_of(object) == (uint32_t)kind
             ? 0
             : share_check_further(object, kind);
}

/* semaphore_check_value: can a semaphore begin with it? Sets and returns the
 * error. */
int semaphore_check_value(int64_t value);

/* share_blocks writes the blocks that another process has to be told of to have
 * an object: its own, and its lock's if that lies in another arena. Returns how
 * many, 0 if it is no object of this process. */
enum { SHARE_MAX_BLOCKS = 2 };
size_t share_blocks(const void *object,
                    struct share_block *out[SHARE_MAX_BLOCKS]);

/* share_outcome turns what an acquire of lib/sync returned into what the public
 * function does. */
int share_outcome(int r, const void *object);

/* ------------------------------------------------- The lock of an object -- */

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
int guarded_acquire(void *object, enum share_kind kind, int64_t timeout_ns);
int guarded_release(void *object, enum share_kind kind);
