/* SPDX-License-Identifier: MIT
 *
 * Memory that is always there. An adapter without memory could not even say
 * so, hence it ends; nothing here returns NULL.
 */
#pragma once

#include <stddef.h>

/* memory_must returns `memory`, or ends the process if it is NULL. For what
 * cJSON and the C library allocate. */
void *memory_must(void *memory);

/* memory_new returns `count` zeroed elements; to be freed by free. */
void *memory_new(size_t count, size_t size_bytes);

/* memory_text returns a copy of a text; to be freed by free. */
char *memory_text(const char *text);

/* memory_pattern returns the bytes of os.blob(n, seed): the i-th is i + seed
 * modulo 251, a prime, so that a part in the wrong place is seen. */
unsigned char *memory_pattern(size_t size_bytes, unsigned seed);

/* memory_keep takes memory that is never to be freed: it stays reachable. */
void memory_keep(void *memory);
