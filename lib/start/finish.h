/* SPDX-License-Identifier: MIT
 *
 * What the end of a process owes its children.
 */
#ifndef BROOD_START_FINISH_H
#define BROOD_START_FINISH_H

#include "lib/names.h"

/* finish_children terminates the daemonic ones, then joins all. */
void finish_children(void);

/* finish_at_exit has exit() do so; called before the first child starts. */
void finish_at_exit(void);

#endif /* BROOD_START_FINISH_H */
