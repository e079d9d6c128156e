/* SPDX-License-Identifier: MIT
 *
 * Who holds or waits: a process or thread as one number that no other will
 * ever have on this machine, so that others find out when it has been killed,
 * or has replaced its program by exec.
 *
 *   bits 63..32   its mark (lib/sys/proc.h), 0 if that was not to be had; of a
 *                 foreign one a random number
 *   bits 31..30   0, for the words that tokens are put into
 *   bit 29        foreign
 *   bits 28..0    pid or thread id
 *
 * A process is foreign if its PID or time namespace is not that of the first
 * process of the tree: numbers and times there mean something else, or if
 * there was no /proc to find that out. Nobody judges a foreign one dead, and a
 * foreign one judges nobody.
 */
#ifndef BROOD_SYNC_SELF_H
#define BROOD_SYNC_SELF_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/names.h"

/* sync_self_process and sync_self_thread return the caller's tokens, never 0.
 * The first call reads /proc, later ones make no system call. */
uint64_t sync_self_process(void);
uint64_t sync_self_thread(void);

/* sync_number_of returns a token's pid or thread id. */
static inline pid_t sync_number_of(uint64_t token) {
  return (pid_t)(token & ((UINT32_C(1) << 29) - 1));
}

/* sync_has_ended asks whether a token's process or thread is known to be no
 * more. */
bool sync_has_ended(uint64_t token);

/* sync_home returns what makes a process foreign that has another, 0 if it is
 * not known; sync_set_home is for a process that was told by its creator. */
uint64_t sync_home(void);
void sync_set_home(uint64_t home);

#endif /* BROOD_SYNC_SELF_H */
