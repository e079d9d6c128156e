/* SPDX-License-Identifier: MIT
 *
 * See record.h. The prefix is magic, version, size of the head, size of the
 * arguments, 4 bytes each. Reader and writer are the same program or one
 * beside it on the same machine, so there is one version and no upgrade path.
 */
#include "lib/wire/record.h"

#include <string.h>

enum { RECORD_MAGIC = 0x646f7262 /* "brod" */, RECORD_VERSION = 1 };

void wire_put_texts(struct wire_writer *writer, const char *const *texts) {
  uint32_t count = 0;
  while (texts != NULL && texts[count] != NULL) count++;
  wire_put_u32(writer, count);
  for (uint32_t i = 0; i < count; i++) wire_put_string(writer, texts[i]);
}

struct wire_texts wire_get_texts(struct wire_reader *reader) {
  struct wire_texts texts = {.count = wire_get_u32(reader)};
  texts.reader = *reader;
  size_t ignored;
  for (uint32_t i = 0; i < texts.count && !reader->bad; i++) {
    wire_get_string(reader, &ignored);
  }
  if (reader->bad) texts.count = 0;
  return texts;
}

static void put_record_body(struct wire_writer *writer,
                            const struct wire_record *record) {
  wire_put_u32(writer, record->flags);
  wire_put_u32(writer, record->method);
  wire_put_string(writer, record->name);
  wire_put_string(writer, record->identity);
  wire_put_string(writer, record->target);
  wire_put_string(writer, record->creator_name);
  wire_put_u64(writer, record->creator);
  wire_put_u64(writer, record->home);
  wire_put_blob(writer, record->authkey, record->authkey_size);
  wire_put_u32(writer, record->log_level);
  wire_put_u32(writer, record->log_handlers);
  wire_put_texts(writer, record->argv.texts);
  if (record->flags & WIRE_RECORD_SURROUNDINGS) {
    wire_put_texts(writer, record->environment.texts);
  }
  wire_put_u32(writer, record->num_fds);
}

void wire_record_encode(struct wire_writer *writer,
                        const struct wire_record *record) {
  struct wire_writer count = {0};
  put_record_body(&count, record);
  size_t head_size = WIRE_RECORD_PREFIX + count.used;
  if (head_size > UINT32_MAX || record->args_size > UINT32_MAX) {
    writer->bad = true;
    return;
  }
  wire_put_u32(writer, RECORD_MAGIC);
  wire_put_u32(writer, RECORD_VERSION);
  wire_put_u32(writer, (uint32_t)head_size);
  wire_put_u32(writer, (uint32_t)record->args_size);
  put_record_body(writer, record);
}

/* Reads the prefix; false if it is none. */
static bool get_sizes(struct wire_reader *reader, size_t *out_head,
                      size_t *out_args) {
  uint32_t magic = wire_get_u32(reader);
  uint32_t version = wire_get_u32(reader);
  *out_head = wire_get_u32(reader);
  *out_args = wire_get_u32(reader);
  return !reader->bad && magic == RECORD_MAGIC && version == RECORD_VERSION &&
         *out_head >= WIRE_RECORD_PREFIX;
}

size_t wire_record_size(const uint8_t prefix[WIRE_RECORD_PREFIX]) {
  struct wire_reader reader = {.at = prefix, .left = WIRE_RECORD_PREFIX};
  size_t head, args;
  return get_sizes(&reader, &head, &args) ? head + args : 0;
}

static void get_record_body(struct wire_reader *reader,
                            struct wire_record *record) {
  size_t ignored;
  record->flags = wire_get_u32(reader);
  record->method = wire_get_u32(reader);
  record->name = wire_get_string(reader, &ignored);
  record->identity = wire_get_string(reader, &ignored);
  record->target = wire_get_string(reader, &ignored);
  record->creator_name = wire_get_string(reader, &ignored);
  record->creator = wire_get_u64(reader);
  record->home = wire_get_u64(reader);
  record->authkey = wire_get_blob(reader, &record->authkey_size);
  record->log_level = wire_get_u32(reader);
  record->log_handlers = wire_get_u32(reader);
  record->argv = wire_get_texts(reader);
  record->environment = (struct wire_texts){0};
  if (record->flags & WIRE_RECORD_SURROUNDINGS) {
    record->environment = wire_get_texts(reader);
  }
  record->num_fds = wire_get_u32(reader);
}

uint32_t wire_record_own_fds(const struct wire_record *record) {
  return 1 + ((record->flags & WIRE_RECORD_LIFELINE) != 0) +
         ((record->flags & WIRE_RECORD_SURROUNDINGS) != 0);
}

bool wire_record_decode(struct wire_record *out_record, const uint8_t *data,
                        size_t size, const uint8_t *args) {
  struct wire_reader reader = {.at = data, .left = size};
  size_t head_size, args_size;
  if (!get_sizes(&reader, &head_size, &args_size)) return false;
  if (head_size > size) return false;
  if (args == NULL) {
    if (size - head_size != args_size) return false;
    args = data + head_size;
  }
  reader.left = head_size - WIRE_RECORD_PREFIX;
  get_record_body(&reader, out_record);
  out_record->args = args;
  out_record->args_size = args_size;
  return !reader.bad && reader.left == 0 &&
         out_record->num_fds >= wire_record_own_fds(out_record);
}
