/* SPDX-License-Identifier: MIT
 *
 * See value.h. A tuple is read in one pass, which only believes of its numbers
 * what the bytes have room for: each value takes at least a head. That a string
 * has no NUL inside is the writer's business: it is no danger to the reader.
 */
#include "lib/wire/value.h"

_Static_assert(sizeof((brood_value){0}.as) == 8, "a number is all of it");
_Static_assert(sizeof(struct wire_head) == WIRE_HEAD, "it travels as it lies");

const char *wire_type_name(enum brood_type type) {
  static const char *const names[] = {
      "none",  "a bool",       "an int64",  "a double",        "a string",
      "bytes", "a descriptor", "a pointer", "a shared object", "a tuple"};
  return (unsigned)type > BROOD_TYPE_TUPLE ? "of no known type" : names[type];
}

/* ------------------------------------------------------------- Writing -- */

/* Bytes of the body. */
static size_t size_of_body(const brood_value *value) {
  switch (value->type) {
    case BROOD_TYPE_BOOL: return 1;
    case BROOD_TYPE_INT64:
    case BROOD_TYPE_DOUBLE:
    case BROOD_TYPE_POINTER: return 8;
    case BROOD_TYPE_STRING: return value->size_bytes + 1;
    case BROOD_TYPE_BYTES:
    case BROOD_TYPE_OBJECT: return value->size_bytes;
    default: return 0;
  }
}

void wire_put_value(struct wire_writer *writer, const brood_value *value,
                    uint32_t num_fds) {
  size_t size = size_of_body(value);
  if (size > UINT32_MAX) {
    writer->bad = true;
    return;
  }
  struct wire_head head = {.size = (uint32_t)size,
                           .type = (uint8_t)value->type,
                           .num_fds = (uint16_t)num_fds};
  wire_put_u64(writer, wire_head_bits(head));
  bool is_string = value->type == BROOD_TYPE_STRING;
  bool has_data = is_string || value->type == BROOD_TYPE_BYTES ||
                  value->type == BROOD_TYPE_OBJECT;
  /* As it is: a number, or nothing. */
  wire_put(writer, has_data ? value->as.data : &value->as, size - is_string);
  if (is_string) wire_put_u8(writer, 0);
}

size_t wire_begin_tuple(struct wire_writer *writer) {
  static const uint8_t nothing[WIRE_HEAD + WIRE_COUNTS];
  size_t begin = writer->used;
  wire_put(writer, nothing, sizeof nothing);
  return begin;
}

void wire_end_tuple(struct wire_writer *writer, size_t begin,
                    uint32_t num_items, uint32_t num_values, uint32_t num_fds) {
  if (writer->data == NULL || writer->bad) return;
  struct wire_head head = {.size = (uint32_t)(writer->used - begin - WIRE_HEAD),
                           .type = BROOD_TYPE_TUPLE,
                           .num_fds = (uint16_t)num_fds};
  uint8_t *at = writer->data + begin;
  wire_put_eight(at, wire_head_bits(head));
  wire_put_eight(at + WIRE_HEAD, num_items | (uint64_t)num_values << 32);
}

/* ------------------------------------------------------------- Reading -- */

/* Do size and number of descriptors suit the type? */
static bool is_possible(const struct wire_head *head) {
  uint32_t size = head->size, num_fds = head->num_fds;
  switch (head->type) {
    case BROOD_TYPE_NONE: return size == 0 && num_fds == 0;
    case BROOD_TYPE_BOOL: return size == 1 && num_fds == 0;
    case BROOD_TYPE_INT64:
    case BROOD_TYPE_DOUBLE:
    case BROOD_TYPE_POINTER: return size == 8 && num_fds == 0;
    case BROOD_TYPE_STRING:
    case BROOD_TYPE_BYTES: return num_fds == 0;
    case BROOD_TYPE_DESCRIPTOR: return size == 0 && num_fds == 1;
    case BROOD_TYPE_OBJECT: return size > 0 && num_fds <= WIRE_MAX_OBJECT_FDS;
    case BROOD_TYPE_TUPLE: return size >= WIRE_COUNTS;
    default: return false;
  }
}

static bool is_possible_outside(const struct wire_head *head) {
  bool text = head->type == BROOD_TYPE_STRING || head->type == BROOD_TYPE_BYTES;
  bool tuple = head->type == BROOD_TYPE_TUPLE;
  return (head->flags & ~WIRE_LENT) == WIRE_OUTSIDE && head->size == 8 &&
         ((text && head->num_fds == 1) || (tuple && head->num_fds >= 1));
}

bool wire_get_head(struct wire_head *out, const uint8_t bytes[WIRE_HEAD]) {
  memcpy(out, bytes, sizeof *out);
  if (out->flags != 0) return is_possible_outside(out);
  if (out->type == BROOD_TYPE_POINTER) return false;
  if (out->type == BROOD_TYPE_OBJECT && out->num_fds == 0) return false;
  return is_possible(out);
}

/* Of one that is no tuple, and possible. */
static void get_inside(const struct wire_head *head, const uint8_t *body,
                       brood_value *out) {
  *out = (brood_value){.type = (enum brood_type)head->type};
  switch (out->type) {
    case BROOD_TYPE_BOOL: out->as.boolean = *body != 0; break;
    case BROOD_TYPE_INT64:
    case BROOD_TYPE_DOUBLE:
    case BROOD_TYPE_POINTER: memcpy(&out->as, body, head->size); break;
    case BROOD_TYPE_STRING:
    case BROOD_TYPE_BYTES:
    case BROOD_TYPE_OBJECT:
      out->as.data = body;
      out->size_bytes = head->size;
      break;
    default: break;
  }
}

bool wire_get_value(const struct wire_head *head, const uint8_t *body,
                    brood_value *out) {
  if (head->flags == 0 && head->type != BROOD_TYPE_TUPLE) {
    get_inside(head, body, out);
    return true;
  }
  uint64_t size = head->flags == 0 ? head->size : wire_get_eight(body);
  if (size > BROOD_MAX_MESSAGE) return false;
  *out = (brood_value){.type = (enum brood_type)head->type,
                       .size_bytes = (size_t)size};
  return true;
}

bool wire_get_counts(const uint8_t bytes[WIRE_COUNTS], size_t size,
                     uint32_t *out_num_values) {
  uint64_t counts = wire_get_eight(bytes);
  *out_num_values = (uint32_t)(counts >> 32);
  return *out_num_values <= (size - WIRE_COUNTS) / WIRE_HEAD;
}

static bool get_tuple_items(struct wire_values *values,
                            struct wire_reader *reader, int depth,
                            brood_value *out);

static bool get_item(struct wire_values *values, struct wire_reader *reader,
                     int depth, brood_value *out) {
  const uint8_t *bytes = wire_get(reader, WIRE_HEAD);
  if (bytes == NULL) return false;
  struct wire_head head;
  memcpy(&head, bytes, sizeof head);
  const uint8_t *body = wire_get(reader, head.size);
  if (body == NULL || head.flags != 0 || !is_possible(&head)) return false;
  if (head.type == BROOD_TYPE_TUPLE) {
    struct wire_reader inside = {.at = body, .left = head.size};
    uint32_t fds_before = values->used_fds;
    return get_tuple_items(values, &inside, depth + 1, out) &&
           values->used_fds - fds_before == head.num_fds;
  }
  get_inside(&head, body, out);
  if (head.type == BROOD_TYPE_POINTER) return values->has_pointers;
  if (head.type == BROOD_TYPE_DESCRIPTOR) {
    out->as.descriptor = (int)values->used_fds;
  }
  values->used_fds += head.num_fds;
  if (head.type != BROOD_TYPE_STRING) return true;
  out->size_bytes--;
  return head.size > 0 && body[head.size - 1] == '\0';
}

static bool get_tuple_items(struct wire_values *values,
                            struct wire_reader *reader, int depth,
                            brood_value *out) {
  uint32_t num_items = wire_get_u32(reader);
  uint32_t num_values = wire_get_u32(reader);
  uint32_t before = values->used_values;
  if (reader->bad || depth > BROOD_MAX_DEPTH || num_items > num_values ||
      num_values > values->num_values - before) {
    return false;
  }
  brood_value *items = values->values + before;
  values->used_values += num_items;
  for (uint32_t i = 0; i < num_items; i++) {
    if (!get_item(values, reader, depth, &items[i])) return false;
  }
  *out = (brood_value){
      .type = BROOD_TYPE_TUPLE, .as.items = items, .num_items = num_items};
  return reader->left == 0 && values->used_values - before == num_values;
}

bool wire_get_tuple(struct wire_values *values, const uint8_t *body,
                    size_t size, brood_value *out) {
  struct wire_reader reader = {.at = body, .left = size};
  return get_tuple_items(values, &reader, values->depth + 1, out) &&
         values->used_values == values->num_values &&
         values->used_fds == values->num_fds;
}
