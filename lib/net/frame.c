/* SPDX-License-Identifier: MIT
 *
 * See frame.h.
 */
#include "lib/net/frame.h"

#include <string.h>

#include "lib/manager/call.h"
#include "lib/wire/bytes.h"
#include "lib/wire/value.h"

_Static_assert(sizeof(struct frame) == FRAME_HEAD, "no byte in between");

bool frame_get_head(struct frame *out, const uint8_t head[FRAME_HEAD]) {
  memcpy(out, head, sizeof *out);
  bool may_be_large = out->type == BROOD_TYPE_STRING ||
                      out->type == BROOD_TYPE_BYTES ||
                      out->type == BROOD_TYPE_TUPLE;
  uint64_t most = may_be_large ? BROOD_MAX_MESSAGE : FRAME_INSIDE;
  if (out->zero != 0 || out->channel == 0 || out->size > most) return false;
  if (out->kind == FRAME_CLOSE) {
    return out->size == 0 && out->num_ends == 0 && out->type == 0;
  }
  return out->kind == FRAME_MESSAGE && out->num_ends <= FRAME_MAX_ENDS;
}

/* A call is its head as bytes, or a tuple that begins so. SIZE_MAX: neither. */
static size_t offset_of_call(uint8_t type, const uint8_t *body, size_t size) {
  enum { INSIDE_TUPLE = WIRE_COUNTS + WIRE_HEAD };
  struct wire_head head;
  if (type == BROOD_TYPE_BYTES && size == sizeof(struct call_head)) return 0;
  bool is_call = type == BROOD_TYPE_TUPLE &&
                 size >= INSIDE_TUPLE + sizeof(struct call_head) &&
                 wire_get_head(&head, body + WIRE_COUNTS) &&
                 head.type == BROOD_TYPE_BYTES &&
                 head.size == sizeof(struct call_head);
  return is_call ? INSIDE_TUPLE : SIZE_MAX;
}

bool frame_get_call(uint8_t type, const uint8_t *body, size_t size,
                    struct call_head *out) {
  size_t offset = offset_of_call(type, body, size);
  if (offset == SIZE_MAX) return false;
  memcpy(out, body + offset, sizeof *out);
  return true;
}

/* A token as lib/sync has it: foreign ones, nobody takes for dead. */
#define FOREIGN (UINT64_C(1) << 29)

void frame_mark(uint8_t type, uint8_t *body, size_t size, uint32_t salt) {
  struct call_head call;
  if (!frame_get_call(type, body, size, &call)) return;
  call.thread = (call.thread ^ (uint64_t)salt << 32) | FOREIGN;
  memcpy(body + offset_of_call(type, body, size), &call, sizeof call);
}
