// The cells of lib/sync for C++, which has no _Atomic and spells static_assert
// otherwise. Include it last. Their atomic words are read and written here by
// address, since not every compiler takes them for atomic then.
// SPDX-License-Identifier: MIT
#ifndef BROOD_LIB_TEST_CELLS_H
#define BROOD_LIB_TEST_CELLS_H

#include <stddef.h>
#include <stdint.h>

#define _Static_assert static_assert
#ifndef __clang__
#define _Atomic
#endif

extern "C" {
#include "lib/sync/barrier.h"
#include "lib/sync/condition.h"
#include "lib/sync/event.h"
#include "lib/sync/lock.h"
#include "lib/sync/self.h"
#include "lib/sync/semaphore.h"
#include "lib/sync/sleep.h"
#include "lib/sys/clock.h"
}

#ifndef __clang__
#undef _Atomic
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

#endif  // BROOD_LIB_TEST_CELLS_H
