/* SPDX-License-Identifier: MIT
 *
 * Whose children orphans become. PID 1 and subreapers get those that the
 * processes below them leave, and a server that should be nobody's child is
 * theirs: a program there that waits until it has no children waits for ever.
 */
#ifndef BROOD_SYS_KEEPER_H
#define BROOD_SYS_KEEPER_H

#include <stdbool.h>

#include "lib/names.h"

/* sys_adopts_orphans: they come to this process. */
bool sys_adopts_orphans(void);

/* sys_keeper_run calls body in another process, which shares this one's memory
 * and waits as the caller's thread would, and returns when body has; or when
 * that process was killed. Orphans of what body started go to it, and it goes
 * with the last of them. A wait does not see it, unless by __WALL or __WCLONE.
 * All signals are blocked there.
 * For one thread at a time. -errno: body was not called. */
int sys_keeper_run(void (*body)(void *data), void *data);

#endif /* BROOD_SYS_KEEPER_H */
