/* SPDX-License-Identifier: MIT
 *
 * See self.h. Both tokens are kept for each thread: a fork writes to the
 * forking thread's own page anyway, and no other thread goes on in the child.
 */
#include "lib/sync/self.h"

#include <stddef.h>

#include "lib/state/guard.h"
#include "lib/sys/proc.h"
#include "lib/sys/task.h"

static _Thread_local uint64_t process_token, thread_token;

static void forget(void) {
  process_token = 0;
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
  if (process_token == 0) process_token = make_token(sys_getpid());
  return process_token;
}

uint64_t sync_self_thread(void) {
  if (thread_token == 0) thread_token = make_token(sys_gettid());
  return thread_token;
}

bool sync_has_ended(uint64_t token) {
  return sys_task_ended((pid_t)(uint32_t)token, (uint32_t)(token >> 32)) == 1;
}
