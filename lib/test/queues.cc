// See queues.h.
// SPDX-License-Identifier: MIT
#include "lib/test/queues.h"

#include <cstring>

#include "lib/test/targets.h"

std::string Queue::Get(int64_t timeout_ns) {
  brood_value value;
  int r = brood_queue_get(queue_, &value, timeout_ns);
  return r < 0 ? brood_error_name(r) : TextOf(&value);
}

int64_t Queue::Number(int64_t timeout_ns) {
  brood_value value = brood_none();
  EXPECT_WORKS(brood_queue_get(queue_, &value, timeout_ns));
  EXPECT_EQ(value.type, BROOD_TYPE_INT64);
  return value.type == BROOD_TYPE_INT64 ? value.as.int64 : -1;
}

static std::string TextIn(const brood_value &value) {
  const char *data = static_cast<const char *>(value.as.data);
  std::string text;
  switch (value.type) {
    case BROOD_TYPE_NONE: return "none";
    case BROOD_TYPE_BOOL: return value.as.boolean ? "true" : "false";
    case BROOD_TYPE_INT64: return std::to_string(value.as.int64);
    case BROOD_TYPE_DOUBLE: return std::to_string(value.as.real);
    case BROOD_TYPE_STRING:
      EXPECT_EQ(strlen(data), value.size_bytes);
      return data;
    case BROOD_TYPE_BYTES: return "b" + std::string(data, value.size_bytes);
    case BROOD_TYPE_DESCRIPTOR: return "descriptor";
    case BROOD_TYPE_POINTER: return "pointer";
    case BROOD_TYPE_OBJECT: return "object";
    case BROOD_TYPE_TUPLE:
      for (size_t i = 0; i < value.num_items; i++) {
        text += (i > 0 ? ", " : "") + TextIn(value.as.items[i]);
      }
      return "(" + text + ")";
  }
  return "no type";
}

std::string TextOf(brood_value *value) {
  std::string text = TextIn(*value);
  brood_value_clear(value);
  return text;
}

// The byte of a pattern at an offset: no period fits into a page.
static char Byte(size_t offset, uint32_t seed) {
  return static_cast<char>((offset % 251) * 31 + offset / 4096 + seed * 7);
}

std::vector<char> Pattern(size_t size, uint32_t seed) {
  std::vector<char> bytes(size);
  for (size_t i = 0; i < size; i++) bytes[i] = Byte(i, seed);
  return bytes;
}

bool IsPattern(brood_value *value, size_t size, uint32_t seed) {
  bool same = value->type == BROOD_TYPE_BYTES && value->size_bytes == size;
  const char *data = static_cast<const char *>(value->as.data);
  for (size_t i = 0; same && i < size; i++) same = data[i] == Byte(i, seed);
  brood_value_clear(value);
  return same;
}

brood_queue *QueueAt(const brood_args *args, size_t index) {
  brood_queue *queue = nullptr;
  queue = ObjectAt<brood_queue>(args, index);
  return queue;
}
