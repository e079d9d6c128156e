/* SPDX-License-Identifier: MIT
 *
 * What pools run, by the names of the protocol.
 */
#ifndef BROOD_ADAPTER_TASKS_H
#define BROOD_ADAPTER_TASKS_H

#include "brood.h"

/* tasks_find returns a function of the protocol as a pool takes it, or NULL. */
brood_task tasks_find(const char *name);

/* square, which callbacks give as well. */
int tasks_square(const brood_args *args);

/* Those of tasks_ending.c: they end their worker, or have a limit. */
brood_task tasks_find_ending(const char *name);

#endif /* BROOD_ADAPTER_TASKS_H */
