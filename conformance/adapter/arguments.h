/* SPDX-License-Identifier: MIT
 *
 * The arguments of a process: from the wire to the library in the creator,
 * and back to values in the agent. Order, number and type survive.
 */
#ifndef BROOD_ADAPTER_ARGUMENTS_H
#define BROOD_ADAPTER_ARGUMENTS_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "brood.h"
#include "conformance/adapter/call.h"
#include "conformance/adapter/value.h"

/* Arguments for brood_process_new. All zero is none. */
struct arguments {
  brood_value *values;
  void **buffers; /* what values[i] borrows, or NULL */
  size_t count;
};

/* arguments_read appends the items of a list. Handles of descriptors become
 * descriptors, those of shared objects objects; those of others become
 * pointers, which only a fork can take. What the library has no type for is a
 * TypeError. */
int arguments_read(struct call *call, const cJSON *list,
                   struct arguments *arguments);

void arguments_clear(struct arguments *arguments);

/* arguments_value returns an argument that this process received. */
struct value arguments_value(const brood_args *args, size_t index);

#endif /* BROOD_ADAPTER_ARGUMENTS_H */
