/* SPDX-License-Identifier: MIT
 *
 * See item.h: what is not text.
 */
#include "lib/comm/item.h"

void item_write(struct comm_ring *ring, uint64_t tail,
                const struct wire_item *item) {
  uint32_t at = mark_units(tail);
  ring_write_unit(ring, at++, item->head);
  if (item->num_fds > 0) {
    ring_write(ring, at++, &ring->courier_id, sizeof ring->courier_id);
  }
  if (item->size > 0) ring_write(ring, at, item->body, item->size);
}

uint32_t item_write_number(struct comm_ring *ring, uint64_t tail,
                           const brood_value *value) {
  struct wire_item item;
  if ((unsigned)value->type > BROOD_TYPE_DOUBLE ||
      !wire_item_put(&item, value, 0)) {
    return 0;
  }
  uint32_t units = item_units(item.size, 0);
  if (ring_room(ring, tail, units) < 0) return 0;
  item_write(ring, tail, &item);
  return units;
}

int item_read_number(const struct comm_ring *ring, uint64_t mark,
                     uint64_t readable, brood_value *out_value) {
  uint8_t head[WIRE_ITEM_HEAD], body[WIRE_ITEM_SMALL];
  struct wire_item item;
  ring_read_unit(ring, mark_units(mark), head);
  if (!wire_item_get_head(&item, head)) return -EBADMSG;
  if (item.type > BROOD_TYPE_DOUBLE) return 0;
  uint32_t units = item_units(item.size, 0);
  if (units > mark_units(readable) - mark_units(mark)) return -EBADMSG;
  ring_read(ring, mark_units(mark) + 1, body, item.size);
  item.body = body;
  return wire_item_get(&item, out_value) ? (int)units : -EBADMSG;
}
