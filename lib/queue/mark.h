/* SPDX-License-Identifier: MIT
 *
 * A place in a ring, as one word, so that one store commits an item:
 *
 *   bits 63..32   units of 8 bytes, counted from the first ever
 *   bits 31..0    items likewise; the half that others sleep on
 *
 * Both wrap; only differences mean something.
 */
#ifndef BROOD_QUEUE_MARK_H
#define BROOD_QUEUE_MARK_H

#include <stddef.h>
#include <stdint.h>

enum { MARK_UNIT = 8 };

static inline uint32_t mark_items(uint64_t mark) {
  return (uint32_t)mark;
}

static inline uint32_t mark_units(uint64_t mark) {
  return (uint32_t)(mark >> 32);
}

/* mark_plus does not let one half run over into the other. */
static inline uint64_t mark_plus(uint64_t mark, uint32_t items,
                                 uint32_t units) {
  return (uint64_t)(mark_units(mark) + units) << 32 |
         (uint32_t)(mark_items(mark) + items);
}

static inline uint32_t mark_units_of(size_t size) {
  return (uint32_t)((size + MARK_UNIT - 1) / MARK_UNIT);
}

#endif /* BROOD_QUEUE_MARK_H */
