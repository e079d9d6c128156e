// The cells of lib/sync for C++, which has no _Atomic and spells static_assert
// otherwise. Include it last. Their atomic words are read and written here by
// address, since not every compiler takes them for atomic then.
// SPDX-License-Identifier: MIT
#pragma once

#include <stddef.h>
#include <stdint.h>

// What the inline functions of the cells call; clang++ knows it as it is.
#define _Static_assert static_assert
#ifndef __clang__
#define _Atomic
#define memory_order_relaxed __ATOMIC_RELAXED
#define memory_order_acquire __ATOMIC_ACQUIRE
#define memory_order_release __ATOMIC_RELEASE
#define atomic_load_explicit __atomic_load_n
#define atomic_exchange_explicit __atomic_exchange_n
#define atomic_compare_exchange_strong_explicit(at, from, to, yes, no) \
  __atomic_compare_exchange_n(at, from, to, false, yes, no)
#endif

extern "C" {
#include "lib/sync/lock.h"
#include "lib/sync/self.h"
#include "lib/sys/clock.h"
}

#ifndef __clang__
#undef _Atomic
#undef memory_order_relaxed
#undef memory_order_acquire
#undef memory_order_release
#undef atomic_load_explicit
#undef atomic_exchange_explicit
#undef atomic_compare_exchange_strong_explicit
#endif
#undef _Static_assert

inline uint32_t Load32(const void *word) {
  return __atomic_load_n((const uint32_t *)word, __ATOMIC_SEQ_CST);
}

inline uint64_t Load64(const void *word) {
  return __atomic_load_n((const uint64_t *)word, __ATOMIC_SEQ_CST);
}

inline void Store32(void *word, uint32_t value) {
  __atomic_store_n((uint32_t *)word, value, __ATOMIC_SEQ_CST);
}

inline void Store64(void *word, uint64_t value) {
  __atomic_store_n((uint64_t *)word, value, __ATOMIC_SEQ_CST);
}
