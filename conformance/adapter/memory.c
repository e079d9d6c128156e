/* SPDX-License-Identifier: MIT
 *
 * Allocation that ends the process instead of failing; see memory.h. The exit
 * code is EX_OSERR's, so that a report does not take it for a clause's own.
 */
#include "conformance/adapter/memory.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *memory_must(void *memory) {
  if (memory == NULL) {
    fputs("adapter: out of memory\n", stderr);
    _exit(71);
  }
  return memory;
}

void *memory_new(size_t count, size_t size_bytes) {
  /* calloc(0) may answer NULL without being out of memory. */
  return memory_must(calloc(count > 0 ? count : 1, size_bytes));
}

char *memory_text(const char *text) {
  return memory_must(strdup(text));
}

unsigned char *memory_pattern(size_t size_bytes, unsigned seed) {
  enum { PERIOD = 251 };
  unsigned char *data = memory_new(size_bytes, 1);
  for (size_t i = 0; i < size_bytes && i < PERIOD; i++) {
    data[i] = (unsigned char)((i + seed) % PERIOD);
  }
  /* Each copy puts all that is there behind itself. */
  for (size_t done = PERIOD; done < size_bytes; done *= 2) {
    size_t left = size_bytes - done;
    memcpy(data + done, data, left < done ? left : done);
  }
  return data;
}

struct kept {
  struct kept *next;
  void *memory;
};

void memory_keep(void *memory) {
  static _Atomic(struct kept *) first;
  struct kept *kept = memory_new(1, sizeof *kept);
  kept->memory = memory;
  kept->next = atomic_load(&first);
  while (!atomic_compare_exchange_weak(&first, &kept->next, kept)) continue;
}
