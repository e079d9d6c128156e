/* SPDX-License-Identifier: MIT
 *
 * See item.h: items that are not text.
 */
#include "lib/queue/item.h"

void item_write(struct ring *ring, uint64_t tail, const struct pack *pack) {
  uint32_t at = mark_units(tail);
  ring_write_unit(ring, at++, pack->head);
  if (pack->num_fds > 0) {
    ring_write(ring, at++, &ring->courier_id, sizeof ring->courier_id);
  }
  if (pack->size > 0) ring_write(ring, at, pack->body, pack->size);
}

uint32_t item_write_number(struct ring *ring, uint64_t tail,
                           const brood_value *value) {
  if ((unsigned)value->type > BROOD_TYPE_DOUBLE) return 0;
  uint8_t bytes[WIRE_HEAD + MARK_UNIT];
  struct wire_writer writer = {.data = bytes, .capacity = sizeof bytes};
  wire_put_value(&writer, value, 0);
  size_t size = writer.used - WIRE_HEAD;
  uint32_t units = item_units(size, 0);
  if (ring_room(ring, tail, units) < 0) return 0;
  ring_write_unit(ring, mark_units(tail), bytes);
  if (size > 0) ring_write(ring, mark_units(tail) + 1, bytes + WIRE_HEAD, size);
  return units;
}

int item_read_number(const struct ring *ring, uint64_t mark, uint64_t readable,
                     brood_value *out_value) {
  uint8_t bytes[WIRE_HEAD], body[MARK_UNIT];
  struct wire_head head;
  ring_read_unit(ring, mark_units(mark), bytes);
  if (!wire_get_head(&head, bytes)) return -EBADMSG;
  if (head.type > BROOD_TYPE_DOUBLE) return 0;
  uint32_t units = item_units(head.size, 0);
  if (units > mark_units(readable) - mark_units(mark)) return -EBADMSG;
  ring_read(ring, mark_units(mark) + 1, body, head.size);
  return wire_get_value(&head, body, out_value) ? (int)units : -EBADMSG;
}
