// Any bytes as a row of values: each one read lies inside of them, and comes
// back the same when it is written and read again.
// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "fuzz/check.h"

extern "C" {
#include "lib/wire/value.h"
}

namespace {

bool IsSized(const brood_value &value) {
  return value.type == BROOD_TYPE_STRING || value.type == BROOD_TYPE_BYTES;
}

uint32_t IndexOf(const brood_value &value) {
  return value.type == BROOD_TYPE_DESCRIPTOR ? (uint32_t)value.as.descriptor
                                             : 0;
}

std::vector<uint8_t> Encode(const brood_value &value) {
  std::vector<uint8_t> bytes(32 + value.size_bytes);
  wire_writer writer = {
      .data = bytes.data(), .capacity = bytes.size(), .used = 0, .bad = false};
  CHECK(wire_put_value(&writer, &value, IndexOf(value)));
  CHECK(!writer.bad);
  bytes.resize(writer.used);
  return bytes;
}

void CheckComesBack(const brood_value &value) {
  std::vector<uint8_t> bytes = Encode(value);
  wire_reader reader = {.at = bytes.data(), .left = bytes.size(), .bad = false};
  brood_value again = wire_get_value(&reader);
  CHECK(!reader.bad);
  CHECK(reader.left == 0);
  CHECK(again.type == value.type);
  CHECK(again.size_bytes == value.size_bytes);
  CHECK(Encode(again) == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  wire_reader reader = {.at = data, .left = size, .bad = false};
  while (reader.left > 0 && !reader.bad) {
    brood_value value = wire_get_value(&reader);
    CHECK(!reader.bad || value.type == BROOD_TYPE_NONE);
    if (reader.bad) break;
    if (IsSized(value)) {
      const uint8_t *at = (const uint8_t *)value.as.data;
      CHECK(at >= data && at + value.size_bytes <= data + size);
    }
    CheckComesBack(value);
  }
  return 0;
}
