/* SPDX-License-Identifier: MIT
 *
 * Who holds or waits: a process or thread as one number that no other will
 * ever have on this machine, so that others find out when it has been killed.
 *
 *   bits 63..32   when it began, in ticks since the machine did; 0: unknown
 *   bits 31..30   0, for the words that tokens are put into
 *   bits 29..0    pid or thread id
 */
#ifndef BROOD_SYNC_SELF_H
#define BROOD_SYNC_SELF_H

#include <stdbool.h>
#include <stdint.h>

/* sync_self_process and sync_self_thread return the caller's tokens, never 0.
 * The first call reads /proc, later ones make no system call. */
uint64_t sync_self_process(void);
uint64_t sync_self_thread(void);

/* sync_has_ended asks whether a token's process or thread is no more. */
bool sync_has_ended(uint64_t token);

#endif /* BROOD_SYNC_SELF_H */
