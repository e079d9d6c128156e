/* SPDX-License-Identifier: MIT
 *
 * A value becomes bytes and descriptors, and these a value again, whatever for:
 * arguments of a process, what pipes and queues carry, a copy. lib/wire has the
 * bytes; here is what has to be known of the objects among the values. An arena
 * is in the table of descriptors once, however many objects lie in it, if they
 * lie in few.
 */
#pragma once

#include "brood.h"
#include "lib/names.h"
#include "lib/share/arena.h"
#include "lib/share/object.h"
#include "lib/wire/value.h"

/* What stands for an object: such an entry for itself, and one for its lock if
 * that lies in another arena. */
struct pack_entry {
  uint32_t first_fd; /* in the table; more follow it */
  uint32_t kind;     /* as in its arena_name */
  uint64_t id, offset;
};
enum { PACK_OBJECT = SHARE_MAX_BLOCKS * sizeof(struct pack_entry) };

/* What a value is packed for decides what is refused, and what happens to the
 * objects in it until pack_discard: they are held, also by a process that is
 * killed meanwhile, and connections are not closed, but those for a process.
 * Pointers may not be sent. */
enum pack_use { PACK_TO_SEND, PACK_FOR_PROCESS, PACK_TO_COPY };

/* A packed value. It does not move: head and body may point into it. */
struct pack {
  const uint8_t *head; /* WIRE_HEAD bytes */
  const uint8_t *body; /* may be the value's own */
  size_t size;         /* of the body */
  int *fds;            /* borrowed; there is room for one more */
  struct share_block **held;
  uint32_t num_fds, num_held, num_values;
  enum pack_use use;
  bool has_pointer;
  uint64_t holder;     /* this process: a fork's child does not hold them */
  void *memory;        /* of a large tuple: all of the above */
  uint8_t small[1280]; /* of others, which most are, with one object at most */
  int few_fds[WIRE_MAX_OBJECT_FDS + 1];
  struct share_block *few_held[SHARE_MAX_BLOCKS];
};

/* pack_value packs a value, which is borrowed until pack_discard; sets and
 * returns an error if it, or something in it, cannot be packed: there is
 * nothing to discard then. For a process the value is the tuple of its
 * arguments. */
int pack_value(struct pack *out, const brood_value *value, enum pack_use use);
void pack_discard(struct pack *pack, bool was_sent);

/* pack_hold_nothing: what this process gives to others somebody else holds. A
 * hold of a process that is killed stays for ever. */
void pack_hold_nothing(void);

/* unpack_values has objects and descriptors, as they were read, be what they
 * are here: all of them or none. In the table it puts -1 for each descriptor
 * that was taken. -EBADMSG: there are no such; or another -errno. After -ENOMEM
 * all is in the table again. A connection that a fork's child has under this
 * number already is that one. Objects stay until unpack_forget. */
int unpack_values(brood_value *values, size_t num_values, int *fds,
                  size_t num_fds);

/* unpack_forget closes and gives back what is in a value that was unpacked; its
 * memory stays. */
void unpack_forget(const brood_value *value);

/* unpack_keep has an object that was unpacked stay for good. */
void unpack_keep(const void *object);

/* unpack_tuple does all for a tuple, which points to its memory: an array for
 * this number of values, with the body behind it. */
int unpack_tuple(brood_value *tuple, uint32_t num_values, size_t body_size,
                 int *fds, size_t num_fds, bool has_pointers);
