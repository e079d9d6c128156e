/* SPDX-License-Identifier: MIT
 *
 * See fault.h. The countdown is atomic because several threads may run into
 * it; exactly one of them gets the fault.
 */
#include "lib/sys/fault.h"

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

static atomic_int countdown;
static atomic_int injected_errno;
static const char *_Atomic only_wrapper;

void sys_fault_arm(int nth, int error_number) {
  atomic_store_explicit(&injected_errno, error_number, memory_order_relaxed);
  /* Partner: the acquire in sys_fault, which then reads injected_errno. */
  atomic_store_explicit(&countdown, nth, memory_order_release);
}

void sys_fault_only(const char *wrapper) {
  atomic_store_explicit(&only_wrapper, wrapper, memory_order_release);
}

int sys_fault_left(void) {
  int left = atomic_load_explicit(&countdown, memory_order_relaxed);
  return left > 0 ? left : 0;
}

int sys_fault(const char *wrapper) {
  int left = atomic_load_explicit(&countdown, memory_order_acquire);
  if (left <= 0 && left != SYS_FAULT_ALL) return 0;
  const char *only = atomic_load_explicit(&only_wrapper, memory_order_acquire);
  if (only != NULL && strcmp(only, wrapper) != 0) return 0;
  if (left != SYS_FAULT_ALL &&
      atomic_fetch_sub_explicit(&countdown, 1, memory_order_relaxed) != 1) {
    return 0;
  }
  return -atomic_load_explicit(&injected_errno, memory_order_relaxed);
}
