/* SPDX-License-Identifier: MIT
 *
 * The actions of barriers, by the names of the protocol.
 */
#ifndef BROOD_ADAPTER_ACTION_H
#define BROOD_ADAPTER_ACTION_H

#include "brood.h"

/* action_find returns an action, or NULL. */
brood_callable action_find(const char *name);

#endif /* BROOD_ADAPTER_ACTION_H */
