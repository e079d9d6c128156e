/* SPDX-License-Identifier: MIT
 *
 * The choice of the default context: the number of a start method, or none
 * yet. Fork copies it, and a child then overwrites it with the method that
 * started it.
 */
#ifndef BROOD_STATE_DEFAULT_H
#define BROOD_STATE_DEFAULT_H

#include <stdint.h>

#include "lib/names.h"

#define DEFAULT_NONE UINT32_MAX

uint32_t default_get(void);
void default_set(uint32_t method);

/* default_choose sets it only if nobody has; returns what it was before. */
uint32_t default_choose(uint32_t method);

#endif /* BROOD_STATE_DEFAULT_H */
