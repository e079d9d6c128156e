/* SPDX-License-Identifier: MIT
 *
 * How an item lies in a ring: its head; if it has descriptors, their number in
 * the courier; its body. An item is light if it is text, bytes or a number, all
 * of it in the ring: nearly all are.
 *
 * The courier is the socket pair that goes with the queue's arena. There the
 * descriptors of items wait, each message with a number that the item has too.
 */
#ifndef BROOD_QUEUE_ITEM_H
#define BROOD_QUEUE_ITEM_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "brood.h"
#include "lib/names.h"
#include "lib/queue/ring.h"
#include "lib/share/pack.h"
#include "lib/wire/value.h"

_Static_assert((int)WIRE_HEAD == (int)MARK_UNIT, "a head is one unit");

static inline uint32_t item_units(size_t body_size, size_t num_fds) {
  return 1 + (num_fds > 0) + mark_units_of(body_size);
}

/* item_write writes where there is room for it. */
void item_write(struct ring *ring, uint64_t tail, const struct pack *pack);

/* --------------------------------------------------------- The courier -- */

/* courier_put sends descriptors under a number that is higher than all before.
 * -EAGAIN: too many wait already. With put_lock held. */
int courier_put(const struct share_block *block, uint32_t number,
                const int *fds, size_t num_fds);

/* courier_look writes copies of those under a number, and leaves them where
 * they are; lower numbers, whose items were never committed, are thrown away.
 * -EBADMSG: there is no such number. With get_lock held. */
int courier_look(const struct share_block *block, uint32_t number, int *out_fds,
                 size_t num_fds);

/* courier_clear throws all away, there being no item that has any. With both
 * locks held. */
void courier_clear(const struct share_block *block);

/* courier_drop throws the first away, its item having been got. */
void courier_drop(const struct share_block *block);

/* ---------------------------------------------------------- Light ones -- */

uint32_t item_write_number(struct ring *ring, uint64_t tail,
                           const brood_value *value);
int item_read_number(const struct ring *ring, uint64_t mark, uint64_t readable,
                     brood_value *out_value);

static inline bool item_is_text(const brood_value *value) {
  if (value->type == BROOD_TYPE_BYTES) return value->as.data != NULL;
  return value->type == BROOD_TYPE_STRING && value->as.data != NULL &&
         memchr(value->as.data, 0, value->size_bytes) == NULL;
}

/* item_write_light writes a value and returns its units; 0 if it is not light,
 * is wrong, or has no room. With put_lock held. */
static inline uint32_t item_write_light(struct ring *ring, uint64_t tail,
                                        const brood_value *value) {
  const size_t size = value->size_bytes;
  if (size > BROOD_MAX_ITEM) return 0;
  if (!item_is_text(value)) return item_write_number(ring, tail, value);
  uint32_t units = item_units(size, 0);
  if (ring_room(ring, tail, units) < 0) return 0;
  uint8_t head[WIRE_HEAD];
  wire_put_eight(
      head, wire_head_bits((struct wire_head){.size = (uint32_t)size,
                                              .type = (uint8_t)value->type}));
  ring_write_unit(ring, mark_units(tail), head);
  ring_write(ring, mark_units(tail) + 1, value->as.data, size);
  return units;
}

/* item_read_light reads the item at a mark and returns how many units it has; 0
 * if it is not light; -ENOMEM; -EBADMSG if its bytes are not all readable. With
 * get_lock held. */
static inline int item_read_light(const struct ring *ring, uint64_t mark,
                                  uint64_t readable, brood_value *out_value) {
  uint8_t bytes[WIRE_HEAD];
  ring_read_unit(ring, mark_units(mark), bytes);
  const uint64_t head = wire_get_eight(bytes);
  if (!wire_head_is_text(head)) {
    return item_read_number(ring, mark, readable, out_value);
  }
  const uint32_t size = (uint32_t)head;
  if (size > BROOD_MAX_ITEM ||
      item_units(size, 0) > mark_units(readable) - mark_units(mark)) {
    return -EBADMSG;
  }
  char *data = malloc((size_t)size + 1);
  if (data == NULL) return -ENOMEM;
  ring_read(ring, mark_units(mark) + 1, data, size);
  data[size] = '\0';
  *out_value = (brood_value){.type = (enum brood_type)(head >> 32),
                             .as.data = data,
                             .size_bytes = size};
  return (int)item_units(size, 0);
}

#endif /* BROOD_QUEUE_ITEM_H */
