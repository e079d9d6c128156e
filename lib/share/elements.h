/* SPDX-License-Identifier: MIT
 *
 * What a shared value and a shared array have in common: elements of one type,
 * perhaps with a lock. A value is one element.
 */
#ifndef BROOD_SHARE_ELEMENTS_H
#define BROOD_SHARE_ELEMENTS_H

#include "brood.h"
#include "lib/names.h"
#include "lib/share/block.h"
#include "lib/share/typecode.h"

struct elements {
  char typecode;  /* 0: only its size is known */
  int64_t length; /* of a sized one: its bytes */
  _Alignas(16) unsigned char data[];
};

/* elements_new makes them, and their lock; elements_new_sized a single one of
 * a type that only the user knows. Both set errors. */
void *elements_new(const brood_context *context, enum share_kind kind,
                   char typecode, int64_t length, void *lock);
void *elements_new_sized(const brood_context *context, enum share_kind kind,
                         int64_t size_bytes, void *lock);

/* elements_access reads or writes one element, under the lock. */
int elements_access(struct elements *elements, int64_t index,
                    typecode_access *access, void *number);

/* A slice, under the lock: read into out, or written from in; the other is
 * NULL. */
int elements_copy(struct elements *elements, int64_t start, int64_t step,
                  int64_t count, void *out, const void *in);

/* elements_lock returns the lock; NULL is no failure. */
void *elements_lock(struct elements *elements);

#endif /* BROOD_SHARE_ELEMENTS_H */
