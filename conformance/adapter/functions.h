/* SPDX-License-Identifier: MIT
 *
 * The functions that processes run, by the names of the protocol.
 */
#ifndef BROOD_ADAPTER_FUNCTIONS_H
#define BROOD_ADAPTER_FUNCTIONS_H

#include "brood.h"

/* functions_find returns a function of the table, or NULL. */
brood_target functions_find(const char *name);

#endif /* BROOD_ADAPTER_FUNCTIONS_H */
