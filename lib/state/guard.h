/* SPDX-License-Identifier: MIT
 *
 * The one mutex of this process's own state: its children, its settings, its
 * pidfd and key. Held for moments, never across a call that waits. A fork, by
 * whomever, waits for it: so the child finds everything whole, and forgets what
 * belonged to the parent. And what must not happen to a thread inside of the
 * library: to be cancelled while it holds something, or to run the end of the
 * process, or a fork, in a signal handler as if it held nothing.
 */
#pragma once

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/names.h"

/* guard_lock nests, within a thread. */
void guard_lock(void);
void guard_unlock(void);

/* GUARD_AT_FORK(function) beside one has it called in the child of every fork,
 * with the mutex held. */
void guard_at_fork(void (*forget)(void));
#define GUARD_AT_FORK(forget)                                       \
  __attribute__((constructor)) static void forget##_at_fork(void) { \
    guard_at_fork(forget);                                          \
  }

/* guard_shield keeps the calling thread from being cancelled until
 * guard_unshield; they nest. guard_lock shields too. */
void guard_shield(void);
void guard_unshield(void);

/* guard_is_shielded: is this thread inside of the library, with a lock or a
 * descriptor in its hands? Then this is a signal handler. */
bool guard_is_shielded(void);

/* guard_hold_signals has this thread's signals wait, and shields it, until
 * guard_release_signals, as a handler could not do what it wants.
 * guard_held_signals returns which are to wait in a process that is made
 * meanwhile, NULL outside. */
void guard_hold_signals(void);
void guard_release_signals(void);
const sigset_t *guard_held_signals(void);

/* guard_poll is sys_poll_soon, and if nothing has happened so soon sys_poll
 * without a deadline, where signals come. */
int guard_poll(struct pollfd *polls, size_t num_polls, int64_t soon_ns);

/* guard_release_all ends all of it, in a child that was forked inside. */
void guard_release_all(void);

/* guard_open has the thread count as outside of the library until guard_shut,
 * with what guard_open returned: for a function of the program's. It cannot be
 * cancelled meanwhile, also where calls open it again; or it can, for a call
 * that waits: the caller has a cleanup handler. */
struct guard_state {
  int depth, cancel_state;
};
struct guard_state guard_open(bool to_cancel);
void guard_shut(struct guard_state before);

/* guard_call calls a function of the program's, out of which no C++ exception
 * and no end of the thread unwinds: the frames behind it are another's, or hold
 * something. An exception ends the process by std::terminate. */
int guard_call(int (*function)(void *argument), void *argument);
