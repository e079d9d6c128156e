/* SPDX-License-Identifier: MIT
 *
 * Names of functions, for processes that do not share memory.
 */
#ifndef BROOD_START_REGISTRY_H
#define BROOD_START_REGISTRY_H

#include "brood.h"

/* registry_target_name writes the name of a registered target. Sets and
 * returns an error if there is none, or if it names another function too. */
int registry_target_name(brood_target target, const char **out_name);

/* registry_target returns the function of a name, or NULL. */
brood_target registry_target(const char *name);

/* registry_preload returns the function of a name, or NULL. */
brood_preload registry_preload(const char *name);

#endif /* BROOD_START_REGISTRY_H */
