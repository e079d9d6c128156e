/* SPDX-License-Identifier: MIT
 *
 * How an object becomes bytes and descriptors in a launch record or a message,
 * and an object again: one entry for itself, and one for its lock if that lies
 * in another arena. A connection, which lies in no arena, is its descriptor and
 * its flags.
 */
#ifndef BROOD_SHARE_HANDLE_H
#define BROOD_SHARE_HANDLE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/names.h"
#include "lib/share/block.h"

enum { SHARE_MAX_HANDLES = 2, SHARE_HANDLE_SIZE = 24, SHARE_MAX_FDS = 3 };

struct share_handle {
  struct share_block *block;
  uint32_t kind;
  uint64_t arena;         /* or a connection's flags */
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

/* share_decode writes the object that such bytes are about; -EBADMSG if they
 * are about none, another -errno if it cannot be had. In the table it puts -1
 * for each descriptor that it has taken. A connection that a fork's child has
 * under this number already is that one. It stays until share_forget. */
int share_decode(void **out_object, const uint8_t *data, size_t size, int *fds,
                 size_t num_fds);

/* share_forget takes a decoded object back, share_keep has it stay for good. */
void share_forget(const void *object);
void share_keep(const void *object);

/* share_hold and share_release change the number of holds. */
void share_hold(struct share_block *block);
void share_release(struct share_block *block);

/* share_is_open: false of a block that is held if it is a connection which has
 * been closed. */
bool share_is_open(const struct share_block *block);

#endif /* BROOD_SHARE_HANDLE_H */
