/* SPDX-License-Identifier: MIT
 *
 * See setup.h. All members are always there, in the order below.
 */
#include "lib/wire/setup.h"

enum { LIMIT_SIZE = 4 + 8 + 8 };

static uint32_t all_flags(const brood_child_setup *setup) {
  return setup->flags |
         (setup->environment != NULL ? WIRE_SETUP_ENVIRONMENT : 0) |
         (setup->directory != NULL ? WIRE_SETUP_DIRECTORY : 0) |
         (setup->prepare != NULL ? WIRE_SETUP_PREPARE : 0);
}

void wire_setup_encode(struct wire_writer *writer,
                       const brood_child_setup *setup, const char *prepare) {
  wire_put_u32(writer, all_flags(setup));
  for (int i = 0; i < 3; i++) {
    wire_put_u32(writer, (uint32_t)setup->streams[i].kind);
  }
  wire_put_u32(writer, (uint32_t)setup->process_group);
  wire_put_u32(writer, (uint32_t)setup->nice);
  wire_put_u32(writer, setup->umask);
  wire_put_u32(writer, setup->group_id);
  wire_put_u32(writer, setup->user_id);
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
  size_t ignored;
  out_setup->flags = wire_get_u32(&reader);
  for (int i = 0; i < 3; i++) {
    out_setup->streams[i] = wire_get_u32(&reader);
    if (out_setup->streams[i] > BROOD_STREAM_DESCRIPTOR) return false;
  }
  out_setup->process_group = (int32_t)wire_get_u32(&reader);
  out_setup->nice = (int32_t)wire_get_u32(&reader);
  out_setup->umask = wire_get_u32(&reader);
  out_setup->group_id = wire_get_u32(&reader);
  out_setup->user_id = wire_get_u32(&reader);
  out_setup->cpus = get_list(&reader, sizeof(uint32_t));
  out_setup->groups = get_list(&reader, sizeof(uint32_t));
  out_setup->limits = get_list(&reader, LIMIT_SIZE);
  out_setup->environment = wire_get_texts(&reader);
  out_setup->directory = wire_get_string(&reader, &ignored);
  out_setup->prepare = wire_get_string(&reader, &ignored);
  return !reader.bad && reader.left == 0;
}
