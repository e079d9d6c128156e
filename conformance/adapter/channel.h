/* SPDX-License-Identifier: MIT
 *
 * Whatever carries values, seen as one thing: connections and queues of all
 * kinds.
 */
#pragma once

#include "brood.h"
#include "conformance/adapter/value.h"

/* Each calls the object's own function, which waits for as long as it takes,
 * and returns what it returns. */
int channel_put(const struct value *value, brood_value item);
int channel_get(const struct value *value, brood_value *out_item);
