// Proves that an item of each type comes back as it was, bit for bit, and that
// a head which no writer writes is refused.
// SPDX-License-Identifier: MIT
#include "brood.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

extern "C" {
#include "lib/wire/item.h"
}

namespace {

using Bytes = std::vector<uint8_t>;

brood_value Make(enum brood_type type) {
  brood_value value = {};
  value.type = type;
  return value;
}

brood_value MakeSized(enum brood_type type, const void *data, size_t size) {
  brood_value value = Make(type);
  value.as.data = data;
  value.size_bytes = size;
  return value;
}

// Head and body, one behind the other.
Bytes Join(const wire_item &item) {
  Bytes bytes(item.head, item.head + WIRE_ITEM_HEAD);
  bytes.insert(bytes.end(), item.body, item.body + item.size);
  return bytes;
}

Bytes Encode(const brood_value &value, uint32_t num_fds = 0) {
  wire_item item;
  EXPECT_TRUE(wire_item_put(&item, &value, num_fds));
  return Join(item);
}

Bytes EncodeOutside(enum brood_type type, uint64_t size, unsigned flags = 0) {
  wire_item item;
  wire_item_put_outside(&item, type, size, flags);
  return Join(item);
}

// False if there is no such item, or its body is not all of the rest.
bool Decode(const Bytes &bytes, brood_value *out, wire_item *out_item) {
  if (bytes.size() < WIRE_ITEM_HEAD) return false;
  if (!wire_item_get_head(out_item, bytes.data())) return false;
  if (out_item->size != bytes.size() - WIRE_ITEM_HEAD) return false;
  out_item->body = bytes.data() + WIRE_ITEM_HEAD;
  return wire_item_get(out_item, out);
}

brood_value RoundTrip(const brood_value &value) {
  static Bytes bytes;
  bytes = Encode(value);
  wire_item item;
  brood_value got = {};
  EXPECT_TRUE(Decode(bytes, &got, &item));
  EXPECT_EQ(got.type, value.type);
  EXPECT_EQ(item.num_fds, 0);
  return got;
}

TEST(Item, NoneAndBool) {
  EXPECT_EQ(Encode(Make(BROOD_TYPE_NONE)), Bytes(8, 0));
  RoundTrip(Make(BROOD_TYPE_NONE));
  for (bool flag : {false, true}) {
    brood_value value = Make(BROOD_TYPE_BOOL);
    value.as.boolean = flag;
    EXPECT_EQ(RoundTrip(value).as.boolean, flag);
  }
}

TEST(Item, Int64) {
  for (int64_t number : {INT64_C(0), INT64_C(-1), INT64_MAX, INT64_MIN,
                         INT64_C(0x0123456789abcdef)}) {
    brood_value value = Make(BROOD_TYPE_INT64);
    value.as.int64 = number;
    EXPECT_EQ(RoundTrip(value).as.int64, number);
  }
}

TEST(Item, DoubleKeepsEveryBit) {
  using Limits = std::numeric_limits<double>;
  for (double number : {0.0, -0.0, 0.1, Limits::max(), Limits::denorm_min(),
                        Limits::infinity(), std::nan("77")}) {
    brood_value value = Make(BROOD_TYPE_DOUBLE);
    value.as.real = number;
    double got = RoundTrip(value).as.real;
    EXPECT_EQ(memcmp(&got, &number, sizeof got), 0) << number;
  }
}

TEST(Item, TextAndBytesAreNotCopied) {
  for (const std::string &text :
       {std::string(), std::string("a"), std::string("a\0b", 3),
        std::string(70000, 'x')}) {
    for (enum brood_type type : {BROOD_TYPE_STRING, BROOD_TYPE_BYTES}) {
      brood_value value = MakeSized(type, text.data(), text.size());
      wire_item item;
      ASSERT_TRUE(wire_item_put(&item, &value, 0));
      EXPECT_EQ(item.body, (const uint8_t *)text.data());
      brood_value got = RoundTrip(value);
      ASSERT_EQ(got.size_bytes, text.size());
      EXPECT_EQ(memcmp(got.as.data, text.data(), text.size()), 0);
    }
  }
  brood_value nothing = MakeSized(BROOD_TYPE_BYTES, nullptr, 0);
  EXPECT_EQ(RoundTrip(nothing).size_bytes, 0u);
}

TEST(Item, DescriptorsAndObjectsSayHowManyGoBeside) {
  wire_item item;
  brood_value got;
  brood_value value = Make(BROOD_TYPE_DESCRIPTOR);
  value.as.descriptor = 5;
  ASSERT_TRUE(Decode(Encode(value, 1), &got, &item));
  EXPECT_EQ(got.type, BROOD_TYPE_DESCRIPTOR);
  EXPECT_EQ(got.as.descriptor, 0);
  EXPECT_EQ(item.num_fds, 1);
  value = MakeSized(BROOD_TYPE_OBJECT, "twenty-four bytes of it.", 24);
  Bytes bytes = Encode(value, 6);
  ASSERT_TRUE(Decode(bytes, &got, &item));
  EXPECT_EQ(got.type, BROOD_TYPE_OBJECT);
  EXPECT_EQ(got.as.data, bytes.data() + WIRE_ITEM_HEAD);
  EXPECT_EQ(got.size_bytes, 24u);
  EXPECT_EQ(item.num_fds, 6);
}

TEST(Item, OutsideHasTheSizeOnly) {
  for (enum brood_type type : {BROOD_TYPE_STRING, BROOD_TYPE_BYTES}) {
    for (uint64_t size :
         {UINT64_C(0), UINT64_C(1) << 20, (uint64_t)BROOD_MAX_MESSAGE}) {
      Bytes bytes = EncodeOutside(type, size);
      EXPECT_EQ(bytes.size(), 16u);
      wire_item item;
      brood_value got;
      ASSERT_TRUE(Decode(bytes, &got, &item));
      EXPECT_EQ(got.type, type);
      EXPECT_EQ(got.as.data, nullptr);
      EXPECT_EQ(got.size_bytes, size);
      EXPECT_EQ(item.flags, WIRE_ITEM_OUTSIDE);
      EXPECT_EQ(item.num_fds, 1);
    }
    wire_item item;
    brood_value got;
    EXPECT_FALSE(
        Decode(EncodeOutside(type, BROOD_MAX_MESSAGE + 1), &got, &item));
    EXPECT_FALSE(Decode(EncodeOutside(type, UINT64_MAX), &got, &item));
    EXPECT_TRUE(Decode(EncodeOutside(type, 5, WIRE_ITEM_LENT), &got, &item));
    EXPECT_EQ(item.flags, WIRE_ITEM_OUTSIDE | WIRE_ITEM_LENT);
    EXPECT_EQ(got.size_bytes, 5u);
  }
}

TEST(Item, WhatDoesNotTravelIsRefused) {
  for (const brood_value &value :
       {MakeSized(BROOD_TYPE_STRING, nullptr, 0),
        MakeSized(BROOD_TYPE_BYTES, nullptr, 1),
        MakeSized(BROOD_TYPE_OBJECT, nullptr, 24),
        MakeSized(BROOD_TYPE_BYTES, "", (size_t)UINT32_MAX + 1),
        MakeSized(BROOD_TYPE_POINTER, "", 0),
        Make((enum brood_type)(BROOD_TYPE_OBJECT + 1)),
        Make((enum brood_type) - 1)}) {
    wire_item item;
    EXPECT_FALSE(wire_item_put(&item, &value, 0)) << (int)value.type;
  }
}

// What a head may say of each type: this, and nothing else.
bool IsPossible(uint32_t size, unsigned type, unsigned flags, unsigned fds) {
  bool text = type == BROOD_TYPE_STRING || type == BROOD_TYPE_BYTES;
  if (flags == WIRE_ITEM_OUTSIDE ||
      flags == (WIRE_ITEM_OUTSIDE | WIRE_ITEM_LENT)) {
    return text && size == 8 && fds == 1;
  }
  if (flags != 0) return false;
  if (text) return fds == 0;
  switch (type) {
    case BROOD_TYPE_NONE: return size == 0 && fds == 0;
    case BROOD_TYPE_BOOL: return size == 1 && fds == 0;
    case BROOD_TYPE_INT64:
    case BROOD_TYPE_DOUBLE: return size == 8 && fds == 0;
    case BROOD_TYPE_DESCRIPTOR: return size == 0 && fds == 1;
    case BROOD_TYPE_OBJECT: return size > 0 && fds > 0;
    default: return false;
  }
}

TEST(Item, EveryOtherHeadIsRefused) {
  int num_possible = 0;
  for (uint32_t size : {0u, 1u, 7u, 8u, 9u, 24u, 0x100u, 0xffffffffu}) {
    for (unsigned type = 0; type < 256; type++) {
      for (unsigned flags : {0u, 1u, 2u, 3u, 0x80u}) {
        for (unsigned fds : {0u, 1u, 2u, 6u, 0x100u, 0xffffu}) {
          uint8_t head[WIRE_ITEM_HEAD] = {
              (uint8_t)size,         (uint8_t)(size >> 8),
              (uint8_t)(size >> 16), (uint8_t)(size >> 24),
              (uint8_t)type,         (uint8_t)flags,
              (uint8_t)fds,          (uint8_t)(fds >> 8)};
          wire_item item;
          bool possible = IsPossible(size, type, flags, fds);
          num_possible += possible;
          ASSERT_EQ(wire_item_get_head(&item, head), possible)
              << size << " " << type << " " << flags << " " << fds;
          if (!possible) continue;
          EXPECT_EQ(item.size, size);
          EXPECT_EQ(item.type, type);
          EXPECT_EQ(item.flags, flags);
          EXPECT_EQ(item.num_fds, fds);
        }
      }
    }
  }
  EXPECT_GT(num_possible, 16);
}

}  // namespace
