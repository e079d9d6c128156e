/* SPDX-License-Identifier: MIT
 *
 * One end of a pipe as this process has it: what a brood_connection is. It lies
 * in this process's own memory, but behind a block, so that it is recognised as
 * other objects are. What goes through it is lib/pipe's business.
 *
 * All functions here may be called from any thread. After a fork the child has
 * copies of all ends and of their descriptors.
 */
#pragma once

#include "brood.h"
#include "lib/names.h"
#include "lib/share/block.h"
#include "lib/sys/fd.h"
#include "lib/sys/sock.h"
#include "lib/wire/value.h"

/* The other flag bits of an end are those of brood_connection_new. */
enum { END_BOTH = BROOD_READABLE | BROOD_WRITABLE };

/* A message as it came. */
struct end_packet {
  struct end_packet *next;
  uint32_t num_forks; /* when it was kept */
  size_t size;        /* head and body; 0: there is none */
  uint8_t *body;      /* from malloc, or NULL */
  int fds[SYS_SOCK_MAX_FDS];
  size_t num_fds;
  struct sys_kept files[SYS_SOCK_MAX_FDS]; /* the same, while it is kept */
  uint8_t head[WIRE_HEAD];
};

struct brood_connection {
  struct brood_connection *next; /* in the list */
  _Atomic uint64_t calls;
  _Atomic int fd;       /* -1: closed */
  struct sys_kept file; /* the same, to be closed if it is still this file */
  _Atomic uint32_t flags;
  _Atomic bool was_reset;  /* the kernel said so, before all was read */
  _Atomic bool is_busy;    /* its last wait was a short one */
  bool is_argument;        /* lives as long as the process */
  bool is_made_for_pack;   /* a proxy under way */
  bool has_answers_only;   /* none comes before others had the processor */
  struct end_packet *kept; /* received, but given to nobody; guarded */
  _Atomic bool has_kept;
  struct end_packet *_Atomic spare; /* for the next message */
};

/* end_make makes one of a descriptor, which it takes; 0 or -errno. */
int end_make(int fd, unsigned flags, struct brood_connection **out);

/* end_find returns the end that a pointer is, or NULL if it is none, or has
 * been freed. end_of finds it by its descriptor. */
struct brood_connection *end_find(const void *pointer);
struct brood_connection *end_of(int fd);

/* end_enter and end_leave are around each use of the descriptor, which stays
 * open meanwhile: if it were closed by another thread, its number could soon be
 * that of another file. False, and nothing to leave, if it is closed. */
bool end_enter(struct brood_connection *end);
void end_leave(struct brood_connection *end);

/* end_is_closed: by end_close, perhaps with calls still in it. */
bool end_is_closed(const struct brood_connection *end);

/* end_close closes it, or has the last call in it do so. */
void end_close(struct brood_connection *end);

/* end_free closes it and gives its memory back, when nobody holds it any more
 * (share_hold, end_release). Of an argument it only does the first. */
void end_free(struct brood_connection *end);

void end_release(struct share_block *block);

/* end_is_block tells a held block that is one of these from those in arenas. */
static inline bool end_is_block(const struct share_block *block) {
  return block->offset == 0; /* where an arena has its head */
}

/* end_is_closed_block: is it one of these that is closed? */
static inline bool end_is_closed_block(struct share_block *block) {
  return end_is_block(block) && end_is_closed(share_object_of(block));
}

/* end_packet_free closes what goes with it. */
void end_packet_free(struct end_packet *packet);

/* end_keep puts a message aside that has been received but could not be given
 * to anybody; end_kept returns the oldest such, or NULL. If it takes it, what
 * the program has closed of its descriptors is -1. In a fork's child there is
 * none: it is the parent's. */
void end_keep(struct brood_connection *end, struct end_packet *packet);
struct end_packet *end_kept(struct brood_connection *end, bool takes);
