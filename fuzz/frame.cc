// Any bytes as what a relay reads from its stream, and as the packets of a
// handshake: a frame's head is refused, or small and all of it is there; a body
// is marked inside of itself; and no noise proves a key.
// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "brood.h"
#include "fuzz/check.h"

extern "C" {
#include "lib/net/frame.h"
#include "lib/net/handshake.h"
}

namespace {

bool IsCall(uint8_t type, const std::vector<uint8_t> &body) {
  alignas(8) uint8_t head[64];
  return frame_get_call(type, body.data(), body.size(), (call_head *)head);
}

void CheckFrame(const uint8_t *data, size_t size) {
  frame frame;
  if (size < FRAME_HEAD || !frame_get_head(&frame, data)) return;
  CHECK(frame.num_ends <= FRAME_MAX_ENDS && frame.channel != 0);
  CHECK(frame.size <= BROOD_MAX_MESSAGE);
  CHECK(frame.size <= FRAME_INSIDE || frame.type >= BROOD_TYPE_STRING);
  CHECK(memcmp(&frame, data, FRAME_HEAD) == 0);
  size_t begin = FRAME_HEAD + frame.num_ends * (size_t)FRAME_END;
  if (begin > size) return;
  // A copy of exactly this size, so that one byte too many is seen.
  std::vector<uint8_t> body(data + begin, data + size);
  std::vector<uint8_t> before = body;
  bool is_call = IsCall(frame.type, body);
  frame_mark(frame.type, body.data(), body.size(), 0x5a5a5a5a);
  size_t num_changed = 0;
  for (size_t i = 0; i < body.size(); i++) num_changed += body[i] != before[i];
  CHECK(num_changed <= (is_call ? sizeof(uint64_t) : 0));
  CHECK(IsCall(frame.type, body) == is_call);
  is_accepted = true;
}

void CheckHandshake(const uint8_t *data, size_t size) {
  static const net_key key = {"kestrel", 7};
  handshake shake;
  if (size < sizeof shake) return;
  memcpy(&shake, data, sizeof shake);
  CHECK(!handshake_check(&shake, &key));
  CHECK(handshake_conclude(&shake, &key) < 0);
  if (handshake_prove(&shake, &key, 42) < 0) return;
  CHECK(handshake_check(&shake, &key));
  CHECK(handshake_conclude(&shake, &key) < 0);
  is_accepted = true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  CheckFrame(data, size);
  CheckHandshake(data, size);
  return 0;
}
