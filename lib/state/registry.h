/* SPDX-License-Identifier: MIT
 *
 * Names of functions, for processes that do not share memory.
 */
#ifndef BROOD_STATE_REGISTRY_H
#define BROOD_STATE_REGISTRY_H

#include "brood.h"
#include "lib/names.h"

/* registry_target_name writes the name of a registered target. Sets and
 * returns an error if there is none, or if it names another function too. */
int registry_target_name(brood_target target, const char **out_name);

/* registry_target returns the function of a name, or NULL. */
brood_target registry_target(const char *name);

/* registry_callable returns the function of a name, or NULL. */
brood_callable registry_callable(const char *name);

/* registry_callable_name returns the name of a registered one, or NULL if it
 * has none of its own. */
const char *registry_callable_name(brood_callable function);

#endif /* BROOD_STATE_REGISTRY_H */
