/* SPDX-License-Identifier: MIT */
#include "lib/wire/bytes.h"

void wire_put(struct wire_writer *writer, const void *data, size_t size) {
  if (size == 0) return;
  if (writer->data != NULL) {
    if (size > writer->capacity - writer->used) {
      writer->bad = true;
      return;
    }
    memcpy(writer->data + writer->used, data, size);
  }
  writer->used += size;
}

void wire_put_u8(struct wire_writer *writer, uint8_t value) {
  wire_put(writer, &value, 1);
}

void wire_put_u32(struct wire_writer *writer, uint32_t value) {
  wire_put(writer, &value, sizeof value);
}

void wire_put_u64(struct wire_writer *writer, uint64_t value) {
  wire_put(writer, &value, sizeof value);
}

void wire_put_blob(struct wire_writer *writer, const void *data, size_t size) {
  if (size > UINT32_MAX) {
    writer->bad = true;
    return;
  }
  wire_put_u32(writer, (uint32_t)size);
  wire_put(writer, data, size);
}

void wire_put_string(struct wire_writer *writer, const char *text) {
  wire_put_blob(writer, text, strlen(text));
  wire_put_u8(writer, 0);
}

const uint8_t *wire_get(struct wire_reader *reader, size_t size) {
  if (reader->bad || size > reader->left) {
    reader->bad = true;
    return NULL;
  }
  const uint8_t *data = reader->at;
  reader->at += size;
  reader->left -= size;
  return data;
}

/* A number, 0 if there is none. */
static uint64_t get_number(struct wire_reader *reader, size_t size) {
  uint64_t value = 0;
  const uint8_t *bytes = wire_get(reader, size);
  if (bytes != NULL) memcpy(&value, bytes, size);
  return value;
}

uint32_t wire_get_u32(struct wire_reader *reader) {
  return (uint32_t)get_number(reader, sizeof(uint32_t));
}

uint64_t wire_get_u64(struct wire_reader *reader) {
  return get_number(reader, sizeof(uint64_t));
}

const uint8_t *wire_get_blob(struct wire_reader *reader, size_t *out_size) {
  size_t size = wire_get_u32(reader);
  const uint8_t *data = wire_get(reader, size);
  *out_size = data == NULL ? 0 : size;
  return data;
}

const char *wire_get_string(struct wire_reader *reader) {
  size_t size;
  const uint8_t *text = wire_get_blob(reader, &size);
  const uint8_t *end = wire_get(reader, 1);
  if (end != NULL && *end == 0) return (const char *)text;
  reader->bad = true;
  return "";
}
