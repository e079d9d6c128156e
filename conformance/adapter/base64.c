/* SPDX-License-Identifier: MIT
 *
 * Bytes as text; see base64.h. Strict: what an encoder would not write is
 * refused, because the runner is such an encoder.
 */
#include "conformance/adapter/base64.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/adapter/memory.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const void *data, size_t size_bytes) {
  const unsigned char *in = data;
  char *text = memory_new(size_bytes / 3 * 4 + 5, 1);
  char *out = text;
  for (size_t i = 0; i < size_bytes; i += 3) {
    size_t n = size_bytes - i < 3 ? size_bytes - i : 3;
    uint32_t group = 0;
    for (size_t k = 0; k < 3; k++) {
      group = group << 8 | (k < n ? in[i + k] : 0);
    }
    for (size_t k = 0; k < 4; k++) {
      *out++ = k <= n ? alphabet[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return text;
}

/* Writes up to three bytes of four characters; returns how many, 0 if the
 * characters are wrong. */
static size_t decode_group(const char *text, unsigned char *out) {
  size_t n = text[3] != '=' ? 3 : text[2] != '=' ? 2 : 1;
  uint32_t group = 0;
  for (size_t k = 0; k < 4; k++) {
    const char *found = k > n ? alphabet : strchr(alphabet, text[k]);
    if (found == NULL || *found == '\0') return 0;
    group = group << 6 | (uint32_t)(found - alphabet);
  }
  for (size_t k = 0; k < n; k++) out[k] = group >> (16 - 8 * k) & 255;
  return n;
}

void *base64_decode(const char *text, size_t *out_size_bytes) {
  size_t length = strlen(text);
  if (length % 4 != 0) return NULL;
  unsigned char *data = memory_new(length / 4 * 3 + 1, 1);
  size_t size = 0;
  for (size_t i = 0; i < length; i += 4) {
    size_t n = decode_group(text + i, data + size);
    if (n == 0 || (n < 3 && i + 4 < length)) {
      free(data);
      return NULL;
    }
    size += n;
  }
  *out_size_bytes = size;
  return data;
}
