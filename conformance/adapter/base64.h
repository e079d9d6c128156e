/* SPDX-License-Identifier: MIT
 *
 * Bytes as text (RFC 4648, section 4).
 */
#pragma once

#include <stddef.h>

/* base64_encode returns the text of some bytes; to be freed by free. */
char *base64_encode(const void *data, size_t size_bytes);

/* base64_decode returns the bytes of a text, to be freed by free, or NULL if
 * the text is no base 64. */
void *base64_decode(const char *text, size_t *out_size_bytes);
