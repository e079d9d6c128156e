/* SPDX-License-Identifier: MIT
 *
 * The functions that processes run, by the names of the protocol.
 */
#ifndef BROOD_ADAPTER_FUNCTIONS_H
#define BROOD_ADAPTER_FUNCTIONS_H

#include "brood.h"

/* functions_find returns a function of the table, or NULL. */
brood_target functions_find(const char *name);

/* functions_find_task returns the same function for a pool, if its value is
 * null there; or NULL. */
brood_task functions_find_task(const char *name);

#endif /* BROOD_ADAPTER_FUNCTIONS_H */
