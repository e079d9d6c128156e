/* SPDX-License-Identifier: MIT
 *
 * The launch record: all that a new process has to know, whichever way it was
 * started. It has two parts: the head, made for each start, and the arguments,
 * encoded once when the process was made and appended as they are. A setup, in
 * the head, is encoded likewise.
 */
#pragma once

#include "brood.h"
#include "lib/names.h"
#include "lib/wire/bytes.h"

/* The library's own. A shared library that was replaced while its program runs
 * is how there can be two. */
enum {
  WIRE_RECORD_VERSION =
      BROOD_VERSION_MAJOR << 16 | BROOD_VERSION_MINOR << 8 | BROOD_VERSION_PATCH
};

enum {
  WIRE_RECORD_DAEMON = 1u << 0,       /* the daemon flag */
  WIRE_RECORD_LIFELINE = 1u << 1,     /* a lifeline is in the table */
  WIRE_RECORD_SURROUNDINGS = 1u << 2, /* directory, environment */
  WIRE_RECORD_SETUP = 1u << 3         /* a struct wire_setup */
};

/* The table of descriptors that goes with a record begins with these; the
 * arguments' own follow. */
enum {
  WIRE_RECORD_FD_CREATOR = 0, /* a pidfd of the creator */
  WIRE_RECORD_FD_LIFELINE = 1 /* only with WIRE_RECORD_LIFELINE */
  /* with WIRE_RECORD_SETUP: where its outcome is told, and the streams */
  /* with WIRE_RECORD_SURROUNDINGS, the last one: the working directory */
};

enum { WIRE_SETUP_MAX_FDS = 4 };

/* Several strings; as an input they come from `texts`, ended by NULL. After
 * decoding they are read one by one with wire_get_string from a copy of
 * `reader`, which has been checked to hold `count` of them. */
struct wire_texts {
  const char *const *texts;
  struct wire_reader reader;
  uint32_t count;
};

void wire_put_texts(struct wire_writer *writer, const char *const *texts);
struct wire_texts wire_get_texts(struct wire_reader *reader);

/* The numbers come first, and travel as they lie here. */
struct wire_record {
  uint32_t flags;
  uint32_t method; /* number of the one that starts it */
  uint32_t log_level;
  uint32_t log_handlers;
  uint32_t setup_fds;
  uint32_t num_fds;     /* the whole table */
  uint64_t creator;     /* token */
  uint64_t home;        /* of the tree of processes: lib/sync/self.h */
  const char *name;     /* of the process */
  const char *identity; /* "1:2", "" in main */
  const char *target;   /* "": nothing to run, or fork has it in memory */
  const char *creator_name;
  const void *authkey;
  size_t authkey_size;
  struct wire_texts argv;
  struct wire_texts environment;
  const void *setup;
  size_t setup_size;
  const uint8_t *args;
  size_t args_size;
};

/* wire_record_own_fds returns how many descriptors of the table are the
 * record's own, wire_record_first_setup_fd where the setup's begin. */
uint32_t wire_record_own_fds(const struct wire_record *record);
uint32_t wire_record_first_setup_fd(const struct wire_record *record);

/* wire_record_encode writes the head; the caller appends args. */
void wire_record_encode(struct wire_writer *writer,
                        const struct wire_record *record);

/* wire_record_decode reads head and arguments that lie one behind the other,
 * or, if args is not NULL, apart. What it writes points into them. False, and
 * nothing of what was written is of use, if they are no record. */
bool wire_record_decode(struct wire_record *out_record, const uint8_t *data,
                        size_t size, const uint8_t *args);

/* ---------------------------------------------------------------- Setup -- */

/* Beside those of brood_child_setup: what is there. */
enum {
  WIRE_SETUP_ENVIRONMENT = 1u << 16,
  WIRE_SETUP_DIRECTORY = 1u << 17,
  WIRE_SETUP_PREPARE = 1u << 18
};

/* Several numbers, or limits, which are to be read from a copy of `reader`: it
 * has been checked to hold so many. */
struct wire_list {
  struct wire_reader reader;
  uint32_t count;
};

/* The setup of a child: brood_child_setup as bytes. Its descriptors are in the
 * record's table. The numbers come first, and travel as they lie here. */
struct wire_setup {
  uint32_t flags;
  uint32_t streams[3]; /* enum brood_stream_kind */
  int32_t process_group;
  int32_t nice;
  uint32_t umask;
  uint32_t group_id;
  uint32_t user_id;
  struct wire_list cpus;   /* u32 */
  struct wire_list groups; /* u32 */
  struct wire_list limits; /* u32, u64, u64 */
  struct wire_texts environment;
  const char *directory;
  const char *prepare; /* "": of a fork, which has it in memory */
};

/* wire_setup_encode writes one, with the name of its prepare.
 * wire_setup_decode: false if the bytes are no setup. */
void wire_setup_encode(struct wire_writer *writer,
                       const brood_child_setup *setup, const char *prepare);
bool wire_setup_decode(struct wire_setup *out_setup, const void *data,
                       size_t size);

/* wire_stream_travels: a stream of this kind has a descriptor in the table. */
static inline bool wire_stream_travels(uint32_t kind) {
  return kind == BROOD_STREAM_INHERIT || kind == BROOD_STREAM_DESCRIPTOR;
}
