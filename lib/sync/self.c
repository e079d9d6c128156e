/* SPDX-License-Identifier: MIT
 *
 * See self.h. A token is made once and stays as it is, even if /proc could not
 * be read: a lock taken with it must be released with it, by any thread.
 */
#include "lib/sync/self.h"

#include <errno.h>
#include <pthread.h>

#include "lib/state/guard.h"
#include "lib/sys/clock.h"
#include "lib/sys/futex.h"
#include "lib/sys/proc.h"

_Atomic uint64_t sync_self_process_token;
static _Thread_local uint64_t thread_token;

/* In the child of a fork only the forking thread goes on. */
static void forget_tokens(void) {
  atomic_store_explicit(&sync_self_process_token, 0, memory_order_relaxed);
  thread_token = 0;
}

GUARD_AT_FORK(forget_tokens)

#define FOREIGN (UINT64_C(1) << 29)
/* A thread that gave its process its number. */
#define LEADER (UINT64_C(1) << 30)

/* Of the first process of the tree; a fork copies it. */
static _Atomic uint64_t home;

uint64_t sync_home(void) {
  uint64_t first = atomic_load_explicit(&home, memory_order_relaxed);
  uint64_t own;
  if (first != 0 || sys_task_home(&own) < 0) return first;
  atomic_compare_exchange_strong_explicit(
      &home, &first, own, memory_order_relaxed, memory_order_relaxed);
  return first == 0 ? own : first;
}

void sync_set_home(uint64_t first) {
  atomic_store_explicit(&home, first, memory_order_relaxed);
}

/* foreign is FOREIGN or 0. */
static uint64_t make_token(pid_t task, uint64_t foreign) {
  uint32_t mark = 0;
  guard_shield();
  if (foreign == 0) {
    sys_task_mark(task, &mark); /* stays 0 if it fails */
  } else if (sys_random(&mark, sizeof mark) < 0) {
    mark = (uint32_t)sys_clock_ns();
  }
  guard_unshield();
  return (uint64_t)mark << 32 | foreign | (uint32_t)task;
}

uint64_t sync_self_process(void) {
  uint64_t token = sync_quick_token();
  if (token != 0) return token;
  uint64_t own, root = sync_home();
  bool is_at_home = root != 0 && sys_task_home(&own) == 0 && own == root;
  uint64_t mine = make_token(sys_getpid(), is_at_home ? 0 : FOREIGN);
  bool first = atomic_compare_exchange_strong_explicit(
      &sync_self_process_token, &token, mine, memory_order_relaxed,
      memory_order_relaxed);
  return first ? mine : token;
}

uint64_t sync_self_thread(void) {
  if (thread_token == 0) {
    pid_t task = sys_gettid();
    thread_token = make_token(task, sync_self_process() & FOREIGN);
    if (task == sys_getpid()) thread_token |= LEADER;
  }
  return thread_token;
}

/* A process that was restored from a checkpoint, or has entered another time
 * namespace, has another birth than it remembers: then the births of others say
 * nothing either. */
static bool is_birth_as_ever(uint64_t self) {
  uint32_t now;
  return sys_task_mark(sync_number_of(self), &now) == 0 && now == self >> 32;
}

bool sync_has_ended(uint64_t token) {
  uint64_t self = sync_self_process();
  if (((token | self) & FOREIGN) != 0) return false;
  guard_shield();
  int r = sys_task_ended(sync_number_of(token), (uint32_t)(token >> 32),
                         (token & LEADER) != 0);
  bool ended = r == 1 || (r == SYS_TASK_OTHER && is_birth_as_ever(self));
  guard_unshield();
  return ended;
}

/* ------------------------------------------------------------- Sleeping -- */

#define MILLISECOND_NS INT64_C(1000000)

/* How many sleepers wake up in a slice, besides the one that looks: it may be
 * killed, and the others still notice in time. */
enum { ENOUGH = 2 };

/* True if all of a slice passed. A thread that is being cancelled ends there,
 * unless it is shielded: it holds nothing. */
static bool sleep_for(_Atomic uint32_t *word, uint32_t value, int64_t slice_ns,
                      int64_t deadline_ns) {
  int64_t end_ns = sys_clock_ns() + slice_ns;
  bool is_last = deadline_ns < end_ns;
  int r;
  do {
    r = sys_futex_wait(word, value, is_last ? deadline_ns : end_ns);
  } while (r == -EINTR);
  if (r == 0 || is_last) return false;
  pthread_testcancel();
  return true;
}

void sync_sleep(_Atomic uint32_t *word, uint32_t value, int64_t deadline_ns) {
  sleep_for(word, value, SYNC_LOST_NS, deadline_ns);
}

/* relaxed throughout: a look too many or too few costs time, nothing else. */
bool sync_sleep_watching(_Atomic uint32_t *word, uint32_t value,
                         int64_t deadline_ns, sync_watch *watch,
                         int64_t *slice_ns) {
  if (!sleep_for(word, value, *slice_ns, deadline_ns)) {
    *slice_ns = SYNC_SLICE_NS; /* perhaps in place of one that looked */
    return false;
  }
  if (sync_self_process() & FOREIGN) return false; /* it judges nobody */
  uint32_t now = (uint32_t)(sys_clock_ns() / MILLISECOND_NS) << 8;
  uint32_t seen = atomic_load_explicit(watch, memory_order_relaxed);
  if (now - (seen & ~UINT32_C(0xff)) >=
      (uint32_t)(SYNC_SLICE_NS / MILLISECOND_NS) << 8) {
    *slice_ns = SYNC_SLICE_NS;
    return atomic_compare_exchange_strong_explicit(
        watch, &seen, now, memory_order_relaxed, memory_order_relaxed);
  }
  if ((seen & 0xff) < ENOUGH) {
    atomic_compare_exchange_strong_explicit(
        watch, &seen, seen + 1, memory_order_relaxed, memory_order_relaxed);
  } else {
    *slice_ns = *slice_ns < SYNC_LOST_NS / 2 ? 2 * *slice_ns : SYNC_LOST_NS;
  }
  return false;
}

bool sync_is_over(int64_t deadline_ns) {
  if (deadline_ns == SYS_CLOCK_NEVER) return false;
  return deadline_ns <= 0 || sys_clock_ns() >= deadline_ns;
}
