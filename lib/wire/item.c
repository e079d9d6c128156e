/* SPDX-License-Identifier: MIT
 *
 * See item.h. That a string has no NUL inside is the writer's business: it is
 * no danger to the reader.
 */
#include "lib/wire/item.h"

#include <string.h>

static bool is_text(uint8_t type) {
  return type == BROOD_TYPE_STRING || type == BROOD_TYPE_BYTES;
}

/* Writes the head for what the other members say. */
static void put_head(struct wire_item *item) {
  wire_put_eight(item->head, wire_item_head(item->size, item->type, item->flags,
                                            item->num_fds));
}

/* The body is the lowest bytes of a number. */
static void put_small(struct wire_item *item, uint64_t bits, uint32_t size) {
  wire_put_eight(item->small, bits);
  item->body = item->small;
  item->size = size;
}

static bool put_bytes(struct wire_item *item, const brood_value *value) {
  if (value->size_bytes > UINT32_MAX) return false;
  item->body = value->as.data;
  item->size = (uint32_t)value->size_bytes;
  if (value->as.data != NULL) return true;
  return value->type == BROOD_TYPE_BYTES && value->size_bytes == 0;
}

static bool put_item_body(struct wire_item *item, const brood_value *value) {
  uint64_t bits;
  switch (value->type) {
    case BROOD_TYPE_NONE:
    case BROOD_TYPE_DESCRIPTOR: put_small(item, 0, 0); return true;
    case BROOD_TYPE_BOOL: put_small(item, value->as.boolean, 1); return true;
    case BROOD_TYPE_INT64:
      put_small(item, (uint64_t)value->as.int64, 8);
      return true;
    case BROOD_TYPE_DOUBLE:
      memcpy(&bits, &value->as.real, sizeof bits);
      put_small(item, bits, 8);
      return true;
    case BROOD_TYPE_STRING:
    case BROOD_TYPE_BYTES:
    case BROOD_TYPE_OBJECT: return put_bytes(item, value);
    default: return false;
  }
}

bool wire_item_put(struct wire_item *out, const brood_value *value,
                   uint32_t num_fds) {
  out->type = (uint8_t)value->type;
  out->flags = 0;
  out->num_fds = (uint16_t)num_fds;
  if (!put_item_body(out, value)) return false;
  put_head(out);
  return true;
}

void wire_item_put_outside(struct wire_item *out, enum brood_type type,
                           uint64_t size, unsigned flags) {
  out->type = (uint8_t)type;
  out->flags = (uint8_t)(WIRE_ITEM_OUTSIDE | flags);
  out->num_fds = 1;
  put_small(out, size, 8);
  put_head(out);
}

/* Do size and number of descriptors suit the type? */
static bool is_possible(const struct wire_item *item) {
  if (item->flags != 0) {
    return (item->flags & ~WIRE_ITEM_LENT) == WIRE_ITEM_OUTSIDE &&
           is_text(item->type) && item->size == 8 && item->num_fds == 1;
  }
  uint32_t size = item->size, num_fds = item->num_fds;
  switch (item->type) {
    case BROOD_TYPE_NONE: return size == 0 && num_fds == 0;
    case BROOD_TYPE_BOOL: return size == 1 && num_fds == 0;
    case BROOD_TYPE_INT64:
    case BROOD_TYPE_DOUBLE: return size == 8 && num_fds == 0;
    case BROOD_TYPE_STRING:
    case BROOD_TYPE_BYTES: return num_fds == 0;
    case BROOD_TYPE_DESCRIPTOR: return size == 0 && num_fds == 1;
    case BROOD_TYPE_OBJECT: return size > 0 && num_fds > 0;
    default: return false;
  }
}

bool wire_item_get_head(struct wire_item *out,
                        const uint8_t head[WIRE_ITEM_HEAD]) {
  uint64_t bits = wire_get_eight(head);
  out->size = (uint32_t)bits;
  out->type = (uint8_t)(bits >> 32);
  out->flags = (uint8_t)(bits >> 40);
  out->num_fds = (uint16_t)(bits >> 48);
  out->body = NULL;
  return is_possible(out);
}

bool wire_item_get(const struct wire_item *item, brood_value *out) {
  if (!is_possible(item)) return false;
  uint64_t number = item->size == 8 ? wire_get_eight(item->body) : 0;
  brood_value value = {.type = (enum brood_type)item->type};
  switch (value.type) {
    case BROOD_TYPE_BOOL: value.as.boolean = *item->body != 0; break;
    case BROOD_TYPE_INT64: value.as.int64 = (int64_t)number; break;
    case BROOD_TYPE_DOUBLE:
      memcpy(&value.as.real, &number, sizeof number);
      break;
    case BROOD_TYPE_STRING:
    case BROOD_TYPE_BYTES:
    case BROOD_TYPE_OBJECT:
      value.as.data = item->body;
      value.size_bytes = item->size;
      break;
    default: break;
  }
  if (item->flags != 0) {
    if (number > BROOD_MAX_MESSAGE) return false;
    value.as.data = NULL;
    value.size_bytes = (size_t)number;
  }
  *out = value;
  return true;
}
