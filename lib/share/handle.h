/* SPDX-License-Identifier: MIT
 *
 * How an object becomes bytes and descriptors in a launch record, and an object
 * again: one entry for itself, and one for its lock if that lies in another
 * arena.
 */
#ifndef BROOD_SHARE_HANDLE_H
#define BROOD_SHARE_HANDLE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/share/block.h"

enum { SHARE_MAX_HANDLES = 2, SHARE_HANDLE_SIZE = 24, SHARE_MAX_FDS = 3 };

struct share_handle {
  struct share_block *block;
  uint32_t kind;
  uint64_t arena;
  int fds[SHARE_MAX_FDS]; /* the arena's: borrowed */
  uint32_t num_fds;
};

/* share_handles writes what is to be told of an object; returns how many, 0 if
 * it is none. */
size_t share_handles(const void *object,
                     struct share_handle out[SHARE_MAX_HANDLES]);

/* share_encode writes one as bytes; fd_index says where in the table its
 * descriptors will be, one after the other. */
void share_encode(uint8_t out[SHARE_HANDLE_SIZE],
                  const struct share_handle *handle, uint32_t fd_index);

/* share_decode returns the object that such bytes are about, or NULL. In the
 * table it puts -1 for each descriptor that it has taken. */
void *share_decode(const uint8_t *data, size_t size, int *fds, size_t num_fds);

#endif /* BROOD_SHARE_HANDLE_H */
