/* SPDX-License-Identifier: MIT
 *
 * What relays say to each other through a stream: pure bytes, what a fuzzer
 * feeds with noise. A frame is a head, the numbers of the channels that are
 * opened by it, and a body.
 *
 *   struct frame, as it lies in memory
 *   u64 for each descriptor beside the message: the channel whose end it is, 0
 *   for one that cannot travel
 *   the body of the message, as lib/wire has it
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/names.h"

enum {
  FRAME_HEAD = 24,
  FRAME_END = 8,          /* a channel's number */
  FRAME_MAX_ENDS = 253,   /* a message whose body is beside it has one less */
  FRAME_INSIDE = 96 << 10 /* a larger body is in a memfd, on either host */
};

enum frame_kind {
  FRAME_MESSAGE = 1,
  FRAME_CLOSE /* the channel's end has been closed */
};

struct frame {
  uint64_t size; /* of the body */
  uint64_t channel;
  uint16_t num_ends;
  uint8_t kind;
  uint8_t type; /* of the value: enum brood_type */
  uint32_t zero;
};

/* frame_get_head: false if it is no head, or is of more than there may be. */
bool frame_get_head(struct frame *out, const uint8_t head[FRAME_HEAD]);

/* frame_get_call finds the head of a call to a manager's server at the
 * beginning of a message's body; false if there is none. */
struct call_head;
bool frame_get_call(uint8_t type, const uint8_t *body, size_t size,
                    struct call_head *out);

/* frame_mark has a call come from a process and thread of another host, which
 * are nobody's here; salt is the host's number. */
void frame_mark(uint8_t type, uint8_t *body, size_t size, uint32_t salt);
