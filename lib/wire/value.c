/* SPDX-License-Identifier: MIT
 *
 * See value.h. The tag is the value of enum brood_type, which is therefore
 * part of the wire format.
 */
#include "lib/wire/value.h"

#include <limits.h>
#include <string.h>

const char *wire_type_name(enum brood_type type) {
  static const char *const names[] = {
      "none",  "a bool",       "an int64",  "a double",       "a string",
      "bytes", "a descriptor", "a pointer", "a shared object"};
  return (unsigned)type > BROOD_TYPE_OBJECT ? "of no known type" : names[type];
}

static uint64_t bits_of_double(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static double double_of_bits(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static bool is_complete(const brood_value *value) {
  bool bytes =
      value->type == BROOD_TYPE_BYTES || value->type == BROOD_TYPE_OBJECT;
  bool sized =
      value->type == BROOD_TYPE_STRING || (bytes && value->size_bytes > 0);
  return !sized || value->as.data != NULL;
}

bool wire_put_value(struct wire_writer *writer, const brood_value *value,
                    uint32_t descriptor_index) {
  if ((unsigned)value->type > BROOD_TYPE_OBJECT || !is_complete(value)) {
    return false;
  }
  wire_put_u8(writer, (uint8_t)value->type);
  switch (value->type) {
    case BROOD_TYPE_NONE: break;
    case BROOD_TYPE_BOOL: wire_put_u8(writer, value->as.boolean); break;
    case BROOD_TYPE_INT64:
      wire_put_u64(writer, (uint64_t)value->as.int64);
      break;
    case BROOD_TYPE_DOUBLE:
      wire_put_u64(writer, bits_of_double(value->as.real));
      break;
    case BROOD_TYPE_STRING:
      wire_put_blob(writer, value->as.data, value->size_bytes);
      wire_put_u8(writer, 0);
      break;
    case BROOD_TYPE_BYTES:
    case BROOD_TYPE_OBJECT:
      wire_put_blob(writer, value->as.data, value->size_bytes);
      break;
    case BROOD_TYPE_DESCRIPTOR: wire_put_u32(writer, descriptor_index); break;
    case BROOD_TYPE_POINTER:
      wire_put_u64(writer, (uint64_t)(uintptr_t)value->as.data);
      break;
  }
  return true;
}

static int get_descriptor_index(struct wire_reader *reader) {
  uint32_t index = wire_get_u32(reader);
  if (index > INT_MAX) reader->bad = true;
  return (int)index;
}

brood_value wire_get_value(struct wire_reader *reader) {
  uint8_t tag = wire_get_u8(reader);
  brood_value value = {.type = (enum brood_type)tag};
  switch (tag) {
    case BROOD_TYPE_NONE: break;
    case BROOD_TYPE_BOOL: value.as.boolean = wire_get_u8(reader) != 0; break;
    case BROOD_TYPE_INT64:
      value.as.int64 = (int64_t)wire_get_u64(reader);
      break;
    case BROOD_TYPE_DOUBLE:
      value.as.real = double_of_bits(wire_get_u64(reader));
      break;
    case BROOD_TYPE_STRING:
      value.as.data = wire_get_string(reader, &value.size_bytes);
      break;
    case BROOD_TYPE_BYTES:
    case BROOD_TYPE_OBJECT:
      value.as.data = wire_get_blob(reader, &value.size_bytes);
      break;
    case BROOD_TYPE_DESCRIPTOR:
      value.as.descriptor = get_descriptor_index(reader);
      break;
    case BROOD_TYPE_POINTER:
      value.as.data = (const void *)(uintptr_t)wire_get_u64(reader);
      break;
    default: reader->bad = true;
  }
  if (reader->bad) value = (brood_value){.type = BROOD_TYPE_NONE};
  return value;
}
