/* SPDX-License-Identifier: MIT
 *
 * The memory of a Value or an Array while a call reads or writes it. As in
 * Python each access takes the lock, unless the object is a raw one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "conformance/adapter/call.h"

struct shared {
  char *memory;
  char typecode; /* 0: only its size is known */
  int64_t itemsize;
  int64_t length;
  bool guarded;
  bool owner_died; /* the holder before was killed */
};

/* shared_begin finds the memory of call->self, and takes the lock: 0, or -1 and
 * the call has failed. shared_end releases it and returns r, what the access
 * came to. If the lock's holder before was killed, the access is made, and then
 * the call fails. */
int shared_begin(struct call *call, struct shared *out_shared);
int shared_end(struct call *call, const struct shared *shared, int r);
