/* SPDX-License-Identifier: MIT
 *
 * Bounded reading and writing of little-endian bytes. Errors stick: a caller
 * puts or gets everything and looks at `bad` once, at the end. No system
 * calls, no allocation, no clock.
 */
#ifndef BROOD_WIRE_BYTES_H
#define BROOD_WIRE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/names.h"

/* Eight bytes at once: compilers make one instruction of either, and queues
 * move millions of items a second. */
static inline void wire_put_eight(uint8_t out[8], uint64_t bits) {
  out[0] = (uint8_t)bits;
  out[1] = (uint8_t)(bits >> 8);
  out[2] = (uint8_t)(bits >> 16);
  out[3] = (uint8_t)(bits >> 24);
  out[4] = (uint8_t)(bits >> 32);
  out[5] = (uint8_t)(bits >> 40);
  out[6] = (uint8_t)(bits >> 48);
  out[7] = (uint8_t)(bits >> 56);
}

static inline uint64_t wire_get_eight(const uint8_t at[8]) {
  return (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 |
         (uint64_t)at[3] << 24 | (uint64_t)at[4] << 32 | (uint64_t)at[5] << 40 |
         (uint64_t)at[6] << 48 | (uint64_t)at[7] << 56;
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
uint8_t wire_get_u8(struct wire_reader *reader);
uint32_t wire_get_u32(struct wire_reader *reader);
uint64_t wire_get_u64(struct wire_reader *reader);
const uint8_t *wire_get_blob(struct wire_reader *reader, size_t *out_size);

/* wire_get_string refuses a text without a NUL behind it. That there is none
 * inside is the writer's business: it is no danger to the reader. */
const char *wire_get_string(struct wire_reader *reader, size_t *out_size);

#endif /* BROOD_WIRE_BYTES_H */
