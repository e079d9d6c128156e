/* SPDX-License-Identifier: MIT
 *
 * Contexts as the rest of this room sees them.
 */
#ifndef BROOD_START_CONTEXT_H
#define BROOD_START_CONTEXT_H

#include "brood.h"
#include "lib/names.h"
#include "lib/start/method.h"

struct brood_context {
  const struct start_method *method;
};

/* context_default returns the default context and fixes it. */
const brood_context *context_default(void);

/* context_number is a context's number in the launch record, and as the
 * default. */
uint32_t context_number(const brood_context *context);

#endif /* BROOD_START_CONTEXT_H */
