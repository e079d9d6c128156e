/* SPDX-License-Identifier: MIT
 *
 * Contexts as the rest of this room sees them.
 */
#ifndef BROOD_START_CONTEXT_H
#define BROOD_START_CONTEXT_H

#include "brood.h"
#include "lib/start/method.h"

struct brood_context {
  const struct start_method *method;
};

/* context_default returns the default context and fixes it. */
const brood_context *context_default(void);

/* A context as a number in the launch record, and back; NULL if there is no
 * such context. */
uint32_t context_number(const brood_context *context);
const brood_context *context_by_number(uint32_t number);

/* context_set_default chooses without asking, for a new process. */
void context_set_default(const brood_context *context);

#endif /* BROOD_START_CONTEXT_H */
