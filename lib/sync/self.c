/* SPDX-License-Identifier: MIT
 *
 * See self.h. A token is made once and stays as it is, even if /proc could not
 * be read: what was taken with it must be given back with it, by any thread.
 */
#include "lib/sync/self.h"

#include <stdatomic.h>

#include "lib/state/guard.h"
#include "lib/sync/quick.h"
#include "lib/sys/proc.h"
#include "lib/sys/task.h"

_Atomic uint64_t sync_self_process_token;
static _Thread_local uint64_t thread_token;

/* In the child of a fork only the forking thread goes on. */
static void forget(void) {
  atomic_store_explicit(&sync_self_process_token, 0, memory_order_relaxed);
  thread_token = 0;
}

__attribute__((constructor)) static void watch_forks(void) {
  guard_at_fork(forget);
}

static uint64_t make_token(pid_t task) {
  uint32_t birth;
  if (sys_task_birth(task, &birth) < 0) birth = 0;
  return (uint64_t)birth << 32 | (uint32_t)task;
}

uint64_t sync_self_process(void) {
  uint64_t token = sync_quick_token();
  if (token != 0) return token;
  uint64_t mine = make_token(sys_getpid());
  bool first = atomic_compare_exchange_strong_explicit(
      &sync_self_process_token, &token, mine, memory_order_relaxed,
      memory_order_relaxed);
  return first ? mine : token;
}

uint64_t sync_self_thread(void) {
  if (thread_token == 0) thread_token = make_token(sys_gettid());
  return thread_token;
}

bool sync_has_ended(uint64_t token) {
  return sys_task_ended((pid_t)(uint32_t)token, (uint32_t)(token >> 32)) == 1;
}
