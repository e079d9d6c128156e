/* SPDX-License-Identifier: MIT */
#include "lib/state/guard.h"

#include <pthread.h>

#include "lib/sys/clock.h"
#include "lib/sys/fd.h"
#include "lib/sys/futex.h"
#include "lib/sys/proc.h"

/* The mutex: the number of the thread that has it, and whether others sleep. A
 * pthread_mutex_t would not tell a handler whether it interrupted the thread
 * that has it, or one that waits for it. */
#define SLEEP (UINT32_C(1) << 31)
static _Atomic uint32_t holder;

/* This thread's; a fork copies them to the thread that goes on. */
static _Thread_local int depth, cancel_state;
static _Thread_local uint32_t number;
static _Thread_local int num_nested; /* how often it has the mutex once more */

/* A signal handler may shield and unshield anywhere in these. */
void guard_shield(void) {
  int before;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
  if (depth++ == 0) cancel_state = before;
}

void guard_unshield(void) {
  int before = cancel_state;
  if (--depth == 0) pthread_setcancelstate(before, &(int){0});
}

bool guard_is_shielded(void) {
  return depth > 0;
}

struct guard_state guard_open(bool to_cancel) {
  guard_shield();
  struct guard_state before = {depth, cancel_state};
  depth = 0;
  if (to_cancel) pthread_setcancelstate(cancel_state, &(int){0});
  return before;
}

void guard_shut(struct guard_state before) {
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &(int){0});
  depth = before.depth;
  cancel_state = before.cancel_state;
  guard_unshield();
}

/* A start holds signals, and each fork in it or elsewhere. */
static _Thread_local sigset_t held_signals;
static _Thread_local int num_holds;

static void hold_signals(void) {
  if (num_holds == 0) sys_signals_block(&held_signals);
  num_holds++;
}

static void let_signals_go(void) {
  if (--num_holds == 0) sys_signals_unblock(&held_signals);
}

void guard_hold_signals(void) {
  guard_shield();
  hold_signals();
}

void guard_release_signals(void) {
  let_signals_go();
  guard_unshield();
}

int guard_poll(struct pollfd *polls, size_t num_polls, int64_t soon_ns) {
  int r = sys_poll_soon(polls, num_polls, sys_clock_ns() + soon_ns);
  if (r != 0) return r;
  if (num_holds > 0) sys_signals_unblock(&held_signals);
  r = sys_poll(polls, num_polls, SYS_CLOCK_NEVER);
  if (num_holds > 0) sys_signals_block(&(sigset_t){0});
  return r;
}

void guard_release_all(void) {
  while (depth > 1) guard_unshield();
  if (num_holds > 0) guard_release_signals();
}

const sigset_t *guard_held_signals(void) {
  return num_holds > 0 ? &held_signals : NULL;
}

/* A handler may interrupt these anywhere: one step takes the mutex and says who
 * has it, and only the first of those that have it gives it back. */
static void lock_mutex(void) {
  if (number == 0) number = (uint32_t)sys_gettid();
  uint32_t seen = 0, mine = number;
  if ((atomic_load(&holder) & ~SLEEP) == number) {
    num_nested++;
    return;
  }
  while (!atomic_compare_exchange_strong(&holder, &seen, mine)) {
    mine = number | SLEEP; /* others may sleep behind this one */
    if ((seen & SLEEP) != 0 ||
        atomic_compare_exchange_strong(&holder, &seen, seen | SLEEP)) {
      sys_futex_wait(&holder, seen | SLEEP, SYS_CLOCK_NEVER);
    }
    seen = 0;
  }
}

static void unlock_mutex(void) {
  if (num_nested > 0) {
    num_nested--;
  } else if (atomic_exchange(&holder, 0) & SLEEP) {
    sys_futex_wake(&holder, 1);
  }
}

void guard_lock(void) {
  guard_shield();
  lock_mutex();
}

void guard_unlock(void) {
  unlock_mutex();
  guard_unshield();
}

/* --------------------------------------------------------------- Unwinding */

/* An unwinder that is told that there is no return address takes the frame for
 * the first of all. Without such tables it stops of itself. */
#if defined(__GCC_HAVE_DWARF2_CFI_ASM) && defined(__x86_64__)
#define NO_FRAME_BEHIND() __asm__ volatile(".cfi_undefined rip")
#elif defined(__GCC_HAVE_DWARF2_CFI_ASM) && defined(__aarch64__)
#define NO_FRAME_BEHIND() __asm__ volatile(".cfi_undefined x30")
#else
#define NO_FRAME_BEHIND() ((void)0)
#endif

__attribute__((noinline)) int guard_call(int (*function)(void *argument),
                                         void *argument) {
  NO_FRAME_BEHIND();
  int r = function(argument);
  __asm__ volatile("" : "+r"(r)); /* no tail call: this frame is the point */
  return r;
}

/* ---------------------------------------------------------------- Forks -- */

static void (*forgets[8])(void); /* room for each GUARD_AT_FORK there is */
static int num_forgets;

/* A handler that ran here and called exit would wait for the mutex for ever:
 * signals wait until the fork is over. A fork in a handler that interrupted a
 * holder of the mutex goes through. No thread is cancelled in a fork. */
static void before_fork(void) {
  hold_signals();
  lock_mutex();
}

static void leave_fork(void) {
  unlock_mutex();
  let_signals_go();
}

/* No call into a library that the child has not used yet: each costs it a page
 * fault, and every fork of the program comes by here. */
static void put_right(void) {
  for (int i = 0; i < num_forgets; i++) forgets[i]();
  number = (uint32_t)sys_gettid();
  atomic_store(&holder, num_nested > 0 ? number : 0);
  if (num_nested > 0) num_nested--;
  let_signals_go();
}

void guard_at_fork(void (*forget)(void)) {
  if (num_forgets == 0) pthread_atfork(before_fork, leave_fork, put_right);
  forgets[num_forgets++] = forget;
}
