// Any bytes as a message: refused, or what it has of text lies inside of them,
// tuples nest no deeper than they may, and it comes back the same when it is
// written and read again.
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

using Bytes = std::vector<uint8_t>;

bool IsSized(const brood_value &value) {
  return value.type == BROOD_TYPE_STRING || value.type == BROOD_TYPE_BYTES ||
         value.type == BROOD_TYPE_OBJECT;
}

// How many descriptors objects had is not in a value that was read: none here.
struct Writing {
  wire_writer writer;
  uint32_t num_values, num_fds;

  void Put(const brood_value &value) {
    if (value.type != BROOD_TYPE_TUPLE) {
      uint32_t fds = value.type == BROOD_TYPE_DESCRIPTOR;
      num_fds += fds;
      wire_put_value(&writer, &value, fds);
      return;
    }
    uint32_t values_before = num_values, fds_before = num_fds;
    size_t begin = wire_begin_tuple(&writer);
    for (size_t i = 0; i < value.num_items; i++) Put(value.as.items[i]);
    num_values += (uint32_t)value.num_items;
    wire_end_tuple(&writer, begin, (uint32_t)value.num_items,
                   num_values - values_before, num_fds - fds_before);
  }
};

Bytes Encode(const brood_value &value, uint32_t *out_num_fds) {
  Writing count = {};
  count.Put(value);
  Bytes bytes(count.writer.used);
  Writing writing = {};
  writing.writer.data = bytes.data();
  writing.writer.capacity = bytes.size();
  writing.Put(value);
  CHECK(!writing.writer.bad && writing.writer.used == bytes.size());
  *out_num_fds = writing.num_fds;
  return bytes;
}

// Has an array of exactly the size that is needed.
bool Decode(const uint8_t *body, size_t size, uint32_t num_fds,
            bool has_pointers, std::vector<brood_value> *values,
            brood_value *out) {
  uint32_t num_values;
  if (size < WIRE_COUNTS || !wire_get_counts(body, size, &num_values)) {
    return false;
  }
  CHECK(num_values <= size / WIRE_HEAD);
  *values = std::vector<brood_value>(num_values);
  wire_values into = {};
  into.values = values->data();
  into.num_values = num_values;
  into.num_fds = num_fds;
  into.has_pointers = has_pointers;
  return wire_get_tuple(&into, body, size, out);
}

void CheckInside(const brood_value &value, const uint8_t *body, size_t size,
                 uint32_t num_fds, int depth) {
  CHECK(depth <= BROOD_MAX_DEPTH);
  CHECK(value.type <= BROOD_TYPE_TUPLE);
  if (value.type == BROOD_TYPE_DESCRIPTOR) {
    CHECK((uint32_t)value.as.descriptor < num_fds);
  }
  if (IsSized(value)) {
    const uint8_t *at = (const uint8_t *)value.as.data;
    size_t end = value.type == BROOD_TYPE_STRING;
    CHECK(at >= body && at + value.size_bytes + end <= body + size);
    if (end) CHECK(at[value.size_bytes] == 0);
  }
  if (value.type != BROOD_TYPE_TUPLE) return;
  for (size_t i = 0; i < value.num_items; i++) {
    CheckInside(value.as.items[i], body, size, num_fds, depth + 1);
  }
}

bool CheckTuple(const uint8_t *body, size_t size, uint32_t num_fds) {
  std::vector<brood_value> values, again;
  brood_value tuple, read;
  bool travels = Decode(body, size, num_fds, false, &values, &tuple);
  if (!Decode(body, size, num_fds, true, &values, &tuple)) {
    CHECK(!travels);
    return false;
  }
  CheckInside(tuple, body, size, num_fds, 0);
  // Twice the same bytes. (The first may differ: whatever is not 0 is true.)
  Bytes bytes = Encode(tuple, &num_fds);
  CHECK(Decode(bytes.data() + WIRE_HEAD, bytes.size() - WIRE_HEAD, num_fds,
               true, &again, &read));
  CHECK(again.size() == values.size());
  CHECK(Encode(read, &num_fds) == bytes);
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  wire_head head;
  if (size < WIRE_HEAD || !wire_get_head(&head, data)) return 0;
  if (head.size > size - WIRE_HEAD) return 0;
  // A copy of exactly this size, so that one byte too many is seen.
  Bytes body(data + WIRE_HEAD, data + WIRE_HEAD + head.size);
  brood_value value;
  if (!wire_get_value(&head, body.data(), &value)) return 0;
  if (head.flags & WIRE_OUTSIDE) {
    CHECK(value.as.data == nullptr && value.size_bytes <= BROOD_MAX_MESSAGE);
  } else if (value.type == BROOD_TYPE_TUPLE) {
    CHECK(value.size_bytes == body.size());
    if (!CheckTuple(body.data(), body.size(), head.num_fds)) return 0;
  } else if (IsSized(value)) {
    CHECK(value.as.data == body.data() && value.size_bytes == body.size());
  }
  is_accepted = true;
  return 0;
}
