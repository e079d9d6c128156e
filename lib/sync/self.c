/* SPDX-License-Identifier: MIT
 *
 * See self.h. A token is made once and stays as it is, even if /proc could not
 * be read: what was taken with it must be given back with it, by any thread.
 */
#include "lib/sync/self.h"

#include <stdatomic.h>

#include "lib/state/guard.h"
#include "lib/sync/quick.h"
#include "lib/sys/clock.h"
#include "lib/sys/proc.h"

_Atomic uint64_t sync_self_process_token;
static _Thread_local uint64_t thread_token;

/* In the child of a fork only the forking thread goes on. */
static void forget_tokens(void) {
  atomic_store_explicit(&sync_self_process_token, 0, memory_order_relaxed);
  thread_token = 0;
}

__attribute__((constructor)) static void register_tokens(void) {
  guard_at_fork(forget_tokens);
}

#define FOREIGN (UINT64_C(1) << 29)

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

static bool is_foreign(void) {
  uint64_t own;
  uint64_t first = sync_home();
  return first == 0 || sys_task_home(&own) < 0 || own != first;
}

static uint32_t random_mark(void) {
  uint32_t mark;
  if (sys_random(&mark, sizeof mark) < 0) mark = (uint32_t)sys_clock_ns();
  return mark;
}

/* foreign is FOREIGN or 0. */
static uint64_t make_token(pid_t task, uint64_t foreign) {
  uint32_t mark = 0;
  guard_shield();
  if (foreign != 0) {
    mark = random_mark();
  } else if (sys_task_mark(task, &mark) < 0) {
    mark = 0;
  }
  guard_unshield();
  return (uint64_t)mark << 32 | foreign | (uint32_t)task;
}

uint64_t sync_self_process(void) {
  uint64_t token = sync_quick_token();
  if (token != 0) return token;
  uint64_t mine = make_token(sys_getpid(), is_foreign() ? FOREIGN : 0);
  bool first = atomic_compare_exchange_strong_explicit(
      &sync_self_process_token, &token, mine, memory_order_relaxed,
      memory_order_relaxed);
  return first ? mine : token;
}

uint64_t sync_self_thread(void) {
  if (thread_token == 0) {
    thread_token = make_token(sys_gettid(), sync_self_process() & FOREIGN);
  }
  return thread_token;
}

static uint32_t mark_of_token(uint64_t token) {
  return (uint32_t)(token >> 32);
}

/* A process that was restored from a checkpoint, or has entered another time
 * namespace, has another birth than it remembers: then the births of others
 * tell nothing either. */
static bool is_birth_as_ever(uint64_t self) {
  uint32_t now;
  return sys_task_mark(sync_number_of(self), &now) == 0 &&
         now == mark_of_token(self);
}

bool sync_has_ended(uint64_t token) {
  uint64_t self = sync_self_process();
  if (((token | self) & FOREIGN) != 0) return false;
  guard_shield();
  int r = sys_task_ended(sync_number_of(token), mark_of_token(token));
  bool ended = r == 1 || (r == SYS_TASK_OTHER && is_birth_as_ever(self));
  guard_unshield();
  return ended;
}
