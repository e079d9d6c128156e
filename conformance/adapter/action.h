/* SPDX-License-Identifier: MIT
 *
 * The actions of barriers, by the names of the protocol.
 */
#pragma once

#include "brood.h"

/* action_find returns an action, or NULL. */
brood_callable action_find(const char *name);
