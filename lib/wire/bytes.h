/* SPDX-License-Identifier: MIT
 *
 * Bounded reading and writing of bytes. Errors stick: a caller puts or gets
 * everything and looks at `bad` once, at the end. No system calls, no
 * allocation, no clock. Numbers are in the order of the machine, which writer
 * and reader share.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/names.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the low half of a number must come first"
#endif

/* Eight bytes at once: compilers make one instruction of either, and queues
 * move millions of items a second. */
static inline void wire_put_eight(uint8_t out[8], uint64_t bits) {
  memcpy(out, &bits, sizeof bits);
}

static inline uint64_t wire_get_eight(const uint8_t at[8]) {
  uint64_t bits;
  memcpy(&bits, at, sizeof bits);
  return bits;
}

/* A writer with data NULL only counts: used is what would be needed. */
struct wire_writer {
  uint8_t *data;
  size_t capacity;
  size_t used;
  bool bad;
};

void wire_put(struct wire_writer *writer, const void *data, size_t size);
void wire_put_u8(struct wire_writer *writer, uint8_t value);
void wire_put_u32(struct wire_writer *writer, uint32_t value);
void wire_put_u64(struct wire_writer *writer, uint64_t value);

/* A blob is its size and its bytes; a string is a blob with a NUL behind it
 * that its size does not count. */
void wire_put_blob(struct wire_writer *writer, const void *data, size_t size);
void wire_put_string(struct wire_writer *writer, const char *text);

struct wire_reader {
  const uint8_t *at;
  size_t left;
  bool bad;
};

/* After an error every getter returns 0, NULL or "". What blobs and strings
 * return points into the reader's bytes. */
const uint8_t *wire_get(struct wire_reader *reader, size_t size);
uint32_t wire_get_u32(struct wire_reader *reader);
uint64_t wire_get_u64(struct wire_reader *reader);
const uint8_t *wire_get_blob(struct wire_reader *reader, size_t *out_size);

/* wire_get_string refuses a text without a NUL behind it. That there is none
 * inside is the writer's business: it is no danger to the reader. */
const char *wire_get_string(struct wire_reader *reader);
