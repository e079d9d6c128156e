// Any bytes as an item: refused, or what it says of a body lies inside of
// them, and it comes back the same when it is written and read again.
// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "fuzz/check.h"

extern "C" {
#include "lib/wire/item.h"
}

namespace {

bool IsSized(const brood_value &value) {
  return value.type == BROOD_TYPE_STRING || value.type == BROOD_TYPE_BYTES ||
         value.type == BROOD_TYPE_OBJECT;
}

std::vector<uint8_t> Encode(const brood_value &value, const wire_item &like) {
  wire_item item;
  if (like.flags & WIRE_ITEM_OUTSIDE) {
    wire_item_put_outside(&item, value.type, value.size_bytes,
                          like.flags & WIRE_ITEM_LENT);
  } else {
    CHECK(wire_item_put(&item, &value, like.num_fds));
  }
  CHECK(item.size == like.size && item.num_fds == like.num_fds);
  std::vector<uint8_t> bytes(item.head, item.head + WIRE_ITEM_HEAD);
  if (item.size > 0) {
    bytes.insert(bytes.end(), item.body, item.body + item.size);
  }
  return bytes;
}

// Writes it, reads that, writes it again: twice the same bytes. (The first
// bytes may differ: whatever is not 0 is true.)
void CheckComesBack(const brood_value &value, const wire_item &item) {
  std::vector<uint8_t> bytes = Encode(value, item);
  wire_item again;
  brood_value read;
  CHECK(wire_item_get_head(&again, bytes.data()));
  again.body = bytes.data() + WIRE_ITEM_HEAD;
  CHECK(wire_item_get(&again, &read));
  CHECK(read.type == value.type && read.size_bytes == value.size_bytes);
  CHECK(Encode(read, again) == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < WIRE_ITEM_HEAD) return 0;
  wire_item item;
  if (!wire_item_get_head(&item, data)) return 0;
  if (item.size > size - WIRE_ITEM_HEAD) return 0;
  // A copy of exactly this size, so that one byte too many is seen.
  std::unique_ptr<uint8_t[]> body(new uint8_t[item.size]);
  if (item.size > 0) memcpy(body.get(), data + WIRE_ITEM_HEAD, item.size);
  item.body = body.get();
  brood_value value;
  if (!wire_item_get(&item, &value)) return 0;
  if (item.flags & WIRE_ITEM_OUTSIDE) {
    CHECK(value.as.data == nullptr && value.size_bytes <= BROOD_MAX_MESSAGE);
  } else if (IsSized(value)) {
    CHECK(value.as.data == item.body && value.size_bytes == item.size);
  }
  CheckComesBack(value, item);
  return 0;
}
