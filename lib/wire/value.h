/* SPDX-License-Identifier: MIT
 *
 * A value as bytes: what a launch record has of the arguments, and what pipes
 * and queues carry. Some descriptors go beside the bytes, in a table.
 *
 *   head    u32 bytes of the body, u8 type (enum brood_type), u8 flags, u16
 *           number of descriptors
 *   body    none, a descriptor: nothing   bool: 1 byte
 *           int64, double, pointer: 8     bytes: themselves
 *           string: itself, and inside of a tuple a NUL
 *           object: what lib/share makes of it
 *           tuple: u32 number of items, u32 number of all values inside at
 *           whatever depth, then the items, each with head and body
 *
 * A value's descriptors are the next ones in the table that no value before it
 * has; objects may refer to earlier ones besides. A body that is too large to
 * lie with its head is outside, in a memfd, which is the last in the table: the
 * value then has the size of its body, 8 bytes, instead.
 */
#pragma once

#include "brood.h"
#include "lib/names.h"
#include "lib/wire/bytes.h"

enum {
  WIRE_HEAD = 8,
  WIRE_COUNTS = 8,          /* what a tuple's body begins with */
  WIRE_MAX_OBJECT_FDS = 6,  /* that one object may have */
  WIRE_MAX_FDS = UINT16_MAX /* that a value may have */
};

enum {
  WIRE_OUTSIDE = 1u << 0,
  WIRE_LENT = 1u << 1 /* and the memfd is to be given back */
};

struct wire_head {
  uint32_t size; /* of the body */
  uint8_t type;
  uint8_t flags;
  uint16_t num_fds;
};

/* wire_head_bits returns what a head is as a number. */
static inline uint64_t wire_head_bits(struct wire_head head) {
  return head.size | (uint64_t)head.type << 32 | (uint64_t)head.flags << 40 |
         (uint64_t)head.num_fds << 48;
}

/* wire_head_is_text: a string or bytes inside, and nothing beside them, which
 * most values are; the low half is the size. */
static inline bool wire_head_is_text(uint64_t head) {
  uint32_t all_but_size = (uint32_t)(head >> 32);
  return all_but_size == BROOD_TYPE_STRING || all_but_size == BROOD_TYPE_BYTES;
}

/* wire_type_name returns "a string", and so on. */
const char *wire_type_name(enum brood_type type);

/* ------------------------------------------------------------- Writing -- */

/* wire_put_value writes one value, as it lies in a tuple, that is no tuple
 * itself, is right, and has so many descriptors; an object has the bytes that
 * stand for it. bad: its body is too large for a head. */
void wire_put_value(struct wire_writer *writer, const brood_value *value,
                    uint32_t num_fds);

/* A tuple is begun, its items are written, and it is ended, when its head can
 * be filled in; in between belongs what wire_begin_tuple returned. */
size_t wire_begin_tuple(struct wire_writer *writer);
void wire_end_tuple(struct wire_writer *writer, size_t begin,
                    uint32_t num_items, uint32_t num_values, uint32_t num_fds);

/* ------------------------------------------------------------- Reading -- */

/* wire_get_head reads the head of a message: false, and nothing of what was
 * written is of use, if there is no such value. */
bool wire_get_head(struct wire_head *out, const uint8_t bytes[WIRE_HEAD]);

/* wire_get_value reads what has such a head and this body. Text and objects
 * point to the body; what is outside, and a tuple, only has the size of its
 * body. A descriptor is 0, its index in the table. */
bool wire_get_value(const struct wire_head *head, const uint8_t *body,
                    brood_value *out);

/* wire_get_counts writes how many values a tuple's body of this size has, by
 * the numbers that it begins with. */
bool wire_get_counts(const uint8_t bytes[WIRE_COUNTS], size_t size,
                     uint32_t *out_num_values);

/* Where a tuple is read to: values has room for num_values. */
struct wire_values {
  brood_value *values;
  uint32_t num_values;
  uint32_t num_fds;  /* in the table */
  bool has_pointers; /* they mean something */
  int depth;         /* of what the tuple lies in: 0, or -1 if it is no value */
  uint32_t used_values, used_fds;
};

/* wire_get_tuple reads a tuple with this body, which has to have exactly so
 * many values and descriptors. Strings, bytes and objects point into the body,
 * a string with a NUL behind it; tuples point into the array; a descriptor is
 * its index in the table. False if it is no such tuple. */
bool wire_get_tuple(struct wire_values *values, const uint8_t *body,
                    size_t size, brood_value *out);
