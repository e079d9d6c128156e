/* SPDX-License-Identifier: MIT
 *
 * See record.h. The prefix is magic, version, size of the head, size of the
 * arguments, 4 bytes each. Reader and writer are the same program or one
 * beside it on the same machine, so there is no upgrade path.
 */
#include "lib/wire/record.h"

enum { RECORD_MAGIC = 0x646f7262 /* "brod" */ };
enum { PREFIX_SIZE = 16, NUMBERS_SIZE = offsetof(struct wire_record, name) };

void wire_put_texts(struct wire_writer *writer, const char *const *texts) {
  uint32_t count = 0;
  while (texts != NULL && texts[count] != NULL) count++;
  wire_put_u32(writer, count);
  for (uint32_t i = 0; i < count; i++) wire_put_string(writer, texts[i]);
}

struct wire_texts wire_get_texts(struct wire_reader *reader) {
  struct wire_texts texts = {.count = wire_get_u32(reader)};
  texts.reader = *reader;
  for (uint32_t i = 0; i < texts.count && !reader->bad; i++) {
    wire_get_string(reader);
  }
  if (reader->bad) texts.count = 0;
  return texts;
}

void wire_record_encode(struct wire_writer *writer,
                        const struct wire_record *record) {
  size_t begin = writer->used;
  uint32_t prefix[PREFIX_SIZE / 4] = {RECORD_MAGIC, WIRE_RECORD_VERSION};
  wire_put(writer, prefix, sizeof prefix); /* and the sizes, at the end */
  wire_put(writer, record, NUMBERS_SIZE);
  wire_put_string(writer, record->name);
  wire_put_string(writer, record->identity);
  wire_put_string(writer, record->target);
  wire_put_string(writer, record->creator_name);
  wire_put_blob(writer, record->authkey, record->authkey_size);
  wire_put_texts(writer, record->argv.texts);
  if (record->flags & WIRE_RECORD_SURROUNDINGS) {
    wire_put_texts(writer, record->environment.texts);
  }
  if (record->flags & WIRE_RECORD_SETUP) {
    wire_put_blob(writer, record->setup, record->setup_size);
  }
  size_t head_size = writer->used - begin;
  if (head_size > UINT32_MAX || record->args_size > UINT32_MAX) {
    writer->bad = true;
  }
  prefix[2] = (uint32_t)head_size;
  prefix[3] = (uint32_t)record->args_size;
  if (writer->data != NULL && !writer->bad) {
    memcpy(writer->data + begin, prefix, sizeof prefix);
  }
}

uint32_t wire_record_own_fds(const struct wire_record *record) {
  bool has_setup = (record->flags & WIRE_RECORD_SETUP) != 0;
  return wire_record_first_setup_fd(record) +
         (has_setup ? record->setup_fds : 0) +
         ((record->flags & WIRE_RECORD_SURROUNDINGS) != 0);
}

uint32_t wire_record_first_setup_fd(const struct wire_record *record) {
  return 1 + ((record->flags & WIRE_RECORD_LIFELINE) != 0);
}

bool wire_record_decode(struct wire_record *out_record, const uint8_t *data,
                        size_t size, const uint8_t *args) {
  struct wire_reader reader = {.at = data, .left = size};
  uint32_t magic = wire_get_u32(&reader);
  uint32_t version = wire_get_u32(&reader);
  size_t head_size = wire_get_u32(&reader);
  out_record->args_size = wire_get_u32(&reader);
  if (magic != RECORD_MAGIC || version != WIRE_RECORD_VERSION ||
      head_size < PREFIX_SIZE || head_size > size ||
      (args == NULL && size - head_size != out_record->args_size)) {
    return false;
  }
  out_record->args = args == NULL ? data + head_size : args;
  reader.left = head_size - PREFIX_SIZE;
  const uint8_t *numbers = wire_get(&reader, NUMBERS_SIZE);
  if (numbers == NULL) return false;
  memcpy(out_record, numbers, NUMBERS_SIZE);
  out_record->name = wire_get_string(&reader);
  out_record->identity = wire_get_string(&reader);
  out_record->target = wire_get_string(&reader);
  out_record->creator_name = wire_get_string(&reader);
  out_record->authkey = wire_get_blob(&reader, &out_record->authkey_size);
  out_record->argv = wire_get_texts(&reader);
  out_record->environment = (struct wire_texts){0};
  if (out_record->flags & WIRE_RECORD_SURROUNDINGS) {
    out_record->environment = wire_get_texts(&reader);
  }
  if (out_record->flags & WIRE_RECORD_SETUP) {
    out_record->setup = wire_get_blob(&reader, &out_record->setup_size);
  }
  return !reader.bad && reader.left == 0 &&
         out_record->setup_fds <= WIRE_SETUP_MAX_FDS &&
         out_record->num_fds >= wire_record_own_fds(out_record);
}

/* ---------------------------------------------------------------- Setup -- */

enum {
  SETUP_NUMBERS_SIZE = offsetof(struct wire_setup, user_id) + sizeof(uint32_t),
  LIMIT_SIZE = 4 + 8 + 8
};

void wire_setup_encode(struct wire_writer *writer,
                       const brood_child_setup *setup, const char *prepare) {
  const struct wire_setup numbers = {
      .flags = setup->flags |
               (setup->environment != NULL ? WIRE_SETUP_ENVIRONMENT : 0) |
               (setup->directory != NULL ? WIRE_SETUP_DIRECTORY : 0) |
               (setup->prepare != NULL ? WIRE_SETUP_PREPARE : 0),
      .streams = {setup->streams[0].kind, setup->streams[1].kind,
                  setup->streams[2].kind},
      .process_group = setup->process_group,
      .nice = setup->nice,
      .umask = setup->umask,
      .group_id = setup->group_id,
      .user_id = setup->user_id};
  wire_put(writer, &numbers, SETUP_NUMBERS_SIZE);
  wire_put_blob(writer, setup->cpus, setup->num_cpus * sizeof(uint32_t));
  wire_put_blob(writer, setup->groups, setup->num_groups * sizeof(uint32_t));
  wire_put_u32(writer, (uint32_t)(setup->num_limits * LIMIT_SIZE));
  for (size_t i = 0; i < setup->num_limits; i++) {
    wire_put_u32(writer, (uint32_t)setup->limits[i].resource);
    wire_put_u64(writer, setup->limits[i].soft);
    wire_put_u64(writer, setup->limits[i].hard);
  }
  wire_put_texts(writer, (const char *const *)setup->environment);
  wire_put_string(writer, setup->directory == NULL ? "" : setup->directory);
  wire_put_string(writer, prepare);
}

static struct wire_list get_list(struct wire_reader *reader, size_t each) {
  struct wire_list list = {0};
  list.reader.at = wire_get_blob(reader, &list.reader.left);
  list.count = (uint32_t)(list.reader.left / each);
  if (list.reader.left % each != 0) reader->bad = true;
  return list;
}

bool wire_setup_decode(struct wire_setup *out_setup, const void *data,
                       size_t size) {
  struct wire_reader reader = {.at = data, .left = size};
  const uint8_t *numbers = wire_get(&reader, SETUP_NUMBERS_SIZE);
  if (numbers == NULL) return false;
  memcpy(out_setup, numbers, SETUP_NUMBERS_SIZE);
  for (int i = 0; i < 3; i++) {
    if (out_setup->streams[i] > BROOD_STREAM_DESCRIPTOR) return false;
  }
  out_setup->cpus = get_list(&reader, sizeof(uint32_t));
  out_setup->groups = get_list(&reader, sizeof(uint32_t));
  out_setup->limits = get_list(&reader, LIMIT_SIZE);
  out_setup->environment = wire_get_texts(&reader);
  out_setup->directory = wire_get_string(&reader);
  out_setup->prepare = wire_get_string(&reader);
  return !reader.bad && reader.left == 0;
}
