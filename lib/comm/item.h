/* SPDX-License-Identifier: MIT
 *
 * How an item lies in a ring: its head; if it has descriptors, their number in
 * the courier; its body.
 */
#ifndef BROOD_COMM_ITEM_H
#define BROOD_COMM_ITEM_H

#include "lib/comm/mark.h"
#include "lib/wire/item.h"

_Static_assert((int)WIRE_ITEM_HEAD == (int)MARK_UNIT, "a head is one unit");

static inline uint32_t item_units(size_t body_size, size_t num_fds) {
  return 1 + (num_fds > 0) + mark_units_of(body_size);
}

#endif /* BROOD_COMM_ITEM_H */
