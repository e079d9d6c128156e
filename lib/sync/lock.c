/* SPDX-License-Identifier: MIT
 *
 * The word of a lock:
 *
 *   0              free, and no process has to be woken
 *   token          held
 *   token | SLEEP  held, and a process may sleep on the low half
 *
 * One compare-and-swap both takes the lock and says who has it: there is no
 * instant at which a killed holder is unknown. A free word has no SLEEP bit:
 * a sleeper that is woken sets it again for those that may be behind.
 *
 * Killed where?  Holding: the next sleeper sees at the end of its slice that
 * the token's owner is gone, and swaps in its own. After the release but
 * before the wake, or woken but before taking it: the others find a free word
 * at the end of their slices.
 */
#include "lib/sync/lock.h"

#include "lib/sys/clock.h"
#include "lib/sys/futex.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the low half of a lock's word must come first"
#endif

#define SLEEP SYNC_LOCK_SLEEP

static _Atomic uint32_t *low_half(struct sync_lock *lock) {
  return (_Atomic uint32_t *)(void *)&lock->word;
}

/* acquire: partner of the release in sync_quick_release. */
static bool swap(struct sync_lock *lock, uint64_t from, uint64_t to) {
  return atomic_compare_exchange_strong_explicit(
      &lock->word, &from, to, memory_order_acquire, memory_order_relaxed);
}

/* Takes the lock over from a holder that was killed. */
static bool inherit(struct sync_lock *lock, uint64_t word, uint64_t token) {
  return sync_has_ended(word & ~SLEEP) && swap(lock, word, token | SLEEP);
}

/* Another holder has the lock and the time is over. A poll, perhaps in a loop,
 * checks whether the holder is alive no more often than a sleeper would; but a
 * check of one lock says nothing about another. */
static int give_up(struct sync_lock *lock, uint64_t word, uint64_t token,
                   int64_t deadline_ns) {
  static _Thread_local const struct sync_lock *asked;
  static _Thread_local int64_t next_ns;
  int64_t now_ns = sys_clock_ns();
  if (deadline_ns <= 0 && lock == asked && now_ns < next_ns) return -ETIMEDOUT;
  asked = lock;
  next_ns = now_ns + SYNC_SLICE_NS;
  return inherit(lock, word, token) ? -EOWNERDEAD : -ETIMEDOUT;
}

int sync_lock_acquire(struct sync_lock *lock, uint64_t token,
                      int64_t deadline_ns) {
  if (sync_quick_acquire(lock, token)) return 0;
  int64_t slice_ns = SYNC_SLICE_NS;
  bool has_slept = false;
  for (;;) {
    uint64_t word = atomic_load_explicit(&lock->word, memory_order_relaxed);
    if (word == 0) {
      if (swap(lock, 0, token | SLEEP)) return 0;
      continue;
    }
    bool is_over = sync_is_over(deadline_ns);
    /* A waiter that gives up may be the one that was woken: others sleep on. */
    if ((word & SLEEP) == 0 && (!is_over || has_slept)) {
      if (!swap(lock, word, word | SLEEP)) continue;
      word |= SLEEP;
    }
    if (is_over) {
      if (has_slept) sync_lock_wake(lock); /* it may have looked for others */
      return give_up(lock, word, token, deadline_ns);
    }
    has_slept = true;
    if (sync_sleep_watching(low_half(lock), (uint32_t)word, deadline_ns,
                            &lock->watch, &slice_ns) &&
        inherit(lock, word, token)) {
      return -EOWNERDEAD;
    }
  }
}

void sync_lock_wake(struct sync_lock *lock) {
  sys_futex_wake(low_half(lock), 1);
}

int sync_rlock_acquire(struct sync_lock *lock, uint64_t token,
                       int64_t deadline_ns) {
  if (sync_lock_is_mine(lock, token)) {
    if (lock->depth == UINT32_MAX) return -EAGAIN;
    lock->depth++;
    return 0;
  }
  int r = sync_lock_acquire(lock, token, deadline_ns);
  if (r == 0 || r == -EOWNERDEAD) lock->depth = 1;
  return r;
}

int sync_rlock_release(struct sync_lock *lock, uint64_t token) {
  if (!sync_lock_is_mine(lock, token)) return -EPERM;
  return --lock->depth > 0 ? 0 : sync_lock_release(lock);
}
