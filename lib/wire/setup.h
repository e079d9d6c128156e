/* SPDX-License-Identifier: MIT
 *
 * The setup of a child, as the launch record carries it: brood_child_setup as
 * bytes. Its descriptors are in the record's table.
 */
#pragma once

#include "brood.h"
#include "lib/names.h"
#include "lib/wire/bytes.h"
#include "lib/wire/record.h"

/* Beside those of brood_child_setup: what is there. */
enum {
  WIRE_SETUP_ENVIRONMENT = 1u << 16,
  WIRE_SETUP_DIRECTORY = 1u << 17,
  WIRE_SETUP_PREPARE = 1u << 18
};

/* Several numbers, or limits, which are to be read from a copy of `reader`: it
 * has been checked to hold so many. */
struct wire_list {
  struct wire_reader reader;
  uint32_t count;
};

struct wire_setup {
  uint32_t flags;
  uint32_t streams[3]; /* enum brood_stream_kind */
  int32_t process_group;
  int32_t nice;
  uint32_t umask;
  uint32_t group_id;
  uint32_t user_id;
  struct wire_list cpus;   /* u32 */
  struct wire_list groups; /* u32 */
  struct wire_list limits; /* u32, u64, u64 */
  struct wire_texts environment;
  const char *directory;
  const char *prepare; /* "": of a fork, which has it in memory */
};

/* wire_setup_encode writes one, with the name of its prepare. */
void wire_setup_encode(struct wire_writer *writer,
                       const brood_child_setup *setup, const char *prepare);

/* wire_setup_decode: false if the bytes are no setup. */
bool wire_setup_decode(struct wire_setup *out_setup, const void *data,
                       size_t size);

/* wire_stream_travels: a stream of this kind has a descriptor in the table. */
static inline bool wire_stream_travels(uint32_t kind) {
  return kind == BROOD_STREAM_INHERIT || kind == BROOD_STREAM_DESCRIPTOR;
}
