/* SPDX-License-Identifier: MIT
 *
 * What pipes and queues carry: an item is a head of fixed size and a body, and
 * some descriptors go beside it. A body that is too large to lie with its head
 * is outside, in a memfd: the item then has its size instead, and the memfd as
 * its descriptor.
 *
 *   head    u32 bytes of the body, u8 type (enum brood_type), u8 flags, u16
 *           number of descriptors
 *   body    none, a descriptor: nothing   bool: 1 byte   int64, double: 8
 *           string (without a NUL), bytes: themselves
 *           object: what lib/share makes of it   outside: the size as u64
 */
#ifndef BROOD_WIRE_ITEM_H
#define BROOD_WIRE_ITEM_H

#include "brood.h"
#include "lib/names.h"
#include "lib/wire/bytes.h"

enum { WIRE_ITEM_HEAD = 8, WIRE_ITEM_SMALL = 8 };

enum {
  WIRE_ITEM_OUTSIDE = 1u << 0,
  WIRE_ITEM_LENT = 1u << 1 /* and the memfd is to be given back */
};

/* wire_item_head returns what a head is as a number. */
static inline uint64_t wire_item_head(uint32_t size, uint8_t type,
                                      uint8_t flags, uint16_t num_fds) {
  return size | (uint64_t)type << 32 | (uint64_t)flags << 40 |
         (uint64_t)num_fds << 48;
}

/* wire_item_is_text: a string or bytes inside, and nothing beside them, which
 * most items are; the low half is the size. */
static inline bool wire_item_is_text(uint64_t head) {
  uint32_t all_but_size = (uint32_t)(head >> 32);
  return all_but_size == BROOD_TYPE_STRING || all_but_size == BROOD_TYPE_BYTES;
}

/* Of an item that is written, body may point to small: it does not move. */
struct wire_item {
  uint32_t size; /* of the body */
  uint8_t type;
  uint8_t flags;
  uint16_t num_fds;
  const uint8_t *body;
  uint8_t head[WIRE_ITEM_HEAD];
  uint8_t small[WIRE_ITEM_SMALL];
};

/* wire_item_put writes head and body; the body of a string, bytes or an object
 * (of which the value has the bytes that stand for it) stays where it is. False
 * if the value has no type that travels, is NULL, or is too large to be
 * inside. */
bool wire_item_put(struct wire_item *out, const brood_value *value,
                   uint32_t num_fds);

/* wire_item_put_outside does so for a string or bytes in a memfd; flags may
 * have WIRE_ITEM_LENT. */
void wire_item_put_outside(struct wire_item *out, enum brood_type type,
                           uint64_t size, unsigned flags);

/* wire_item_get_head reads all but the body; false, and nothing of what was
 * written is of use, if there is no such item. */
bool wire_item_get_head(struct wire_item *out,
                        const uint8_t head[WIRE_ITEM_HEAD]);

/* wire_item_get reads what has such a head, and size bytes at body. Strings,
 * bytes and objects point to the body, or if that is outside to NULL; a string
 * has no NUL behind it. A descriptor is 0, the index of its only one. */
bool wire_item_get(const struct wire_item *item, brood_value *out);

#endif /* BROOD_WIRE_ITEM_H */
