/* SPDX-License-Identifier: MIT
 *
 * The functions that processes and pools run, by the names of the protocol.
 */
#pragma once

#include "brood.h"

struct function {
  const char *name; /* NULL: the end of a table */
  brood_target target;
  brood_task task; /* NULL: no pool can run it */
};

/* Functions without a value, functions with one, and functions that end their
 * worker or have a limit. */
extern const struct function functions_plain[];
extern const struct function functions_valued[];
extern const struct function functions_ending[];
extern const struct function functions_far[]; /* of managers */

/* Each returns a function of these tables, or NULL. */
brood_target functions_find(const char *name);
brood_task functions_find_task(const char *name);

/* square, which callbacks give as well. */
int functions_square(const brood_args *args);
