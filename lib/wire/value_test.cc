// Proves that each type of value comes back as it was, bit for bit, and that a
// broken one reads as none, with the reader marked bad.
// SPDX-License-Identifier: MIT
#include "brood.h"

#include <gtest/gtest.h>

#include <climits>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

extern "C" {
#include "lib/wire/value.h"
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

Bytes Encode(const brood_value &value, uint32_t index = 0) {
  wire_writer count = {};
  EXPECT_TRUE(wire_put_value(&count, &value, index));
  Bytes bytes(count.used);
  wire_writer writer = {
      .data = bytes.data(), .capacity = bytes.size(), .used = 0, .bad = false};
  EXPECT_TRUE(wire_put_value(&writer, &value, index));
  EXPECT_FALSE(writer.bad);
  EXPECT_EQ(writer.used, bytes.size());
  return bytes;
}

brood_value Decode(const Bytes &bytes, bool *out_bad) {
  wire_reader reader = {.at = bytes.data(), .left = bytes.size(), .bad = false};
  brood_value value = wire_get_value(&reader);
  *out_bad = reader.bad || reader.left != 0;
  return value;
}

brood_value RoundTrip(const brood_value &value) {
  bool bad;
  brood_value got = Decode(Encode(value), &bad);
  EXPECT_FALSE(bad);
  EXPECT_EQ(got.type, value.type);
  return got;
}

TEST(Value, NoneAndBool) {
  RoundTrip(Make(BROOD_TYPE_NONE));
  for (bool flag : {false, true}) {
    brood_value value = Make(BROOD_TYPE_BOOL);
    value.as.boolean = flag;
    EXPECT_EQ(RoundTrip(value).as.boolean, flag);
  }
}

TEST(Value, Int64) {
  for (int64_t number : {INT64_C(0), INT64_C(-1), INT64_MAX, INT64_MIN}) {
    brood_value value = Make(BROOD_TYPE_INT64);
    value.as.int64 = number;
    EXPECT_EQ(RoundTrip(value).as.int64, number);
  }
}

TEST(Value, DoubleKeepsEveryBit) {
  using Limits = std::numeric_limits<double>;
  for (double number : {0.0, -0.0, 0.1, Limits::max(), Limits::denorm_min(),
                        Limits::infinity(), std::nan("77")}) {
    brood_value value = Make(BROOD_TYPE_DOUBLE);
    value.as.real = number;
    double got = RoundTrip(value).as.real;
    EXPECT_EQ(memcmp(&got, &number, sizeof got), 0) << number;
  }
}

TEST(Value, TextAndBytes) {
  for (const std::string &text :
       {std::string(), std::string("a"), std::string(70000, 'x')}) {
    for (enum brood_type type : {BROOD_TYPE_STRING, BROOD_TYPE_BYTES}) {
      brood_value value = MakeSized(type, text.data(), text.size());
      Bytes bytes = Encode(value);
      bool bad;
      brood_value got = Decode(bytes, &bad);
      ASSERT_FALSE(bad);
      ASSERT_EQ(got.size_bytes, text.size());
      EXPECT_EQ(memcmp(got.as.data, text.data(), text.size()), 0);
      if (type == BROOD_TYPE_STRING) {
        EXPECT_STREQ((const char *)got.as.data, text.c_str());
      }
    }
  }
  EXPECT_EQ(RoundTrip(MakeSized(BROOD_TYPE_BYTES, nullptr, 0)).size_bytes, 0u);
}

TEST(Value, DescriptorsTravelAsTheirIndex) {
  brood_value value = Make(BROOD_TYPE_DESCRIPTOR);
  value.as.descriptor = 5;
  bool bad;
  brood_value got = Decode(Encode(value, 70000), &bad);
  EXPECT_FALSE(bad);
  EXPECT_EQ(got.type, BROOD_TYPE_DESCRIPTOR);
  EXPECT_EQ(got.as.descriptor, 70000);
  Decode(Encode(value, (uint32_t)INT_MAX + 1), &bad);
  EXPECT_TRUE(bad);
}

TEST(Value, Pointer) {
  int here = 0;
  EXPECT_EQ(RoundTrip(MakeSized(BROOD_TYPE_POINTER, &here, 0)).as.data, &here);
  EXPECT_EQ(RoundTrip(MakeSized(BROOD_TYPE_POINTER, nullptr, 0)).as.data,
            nullptr);
}

TEST(Value, AnIncompleteOneIsRefusedAndNothingWritten) {
  for (const brood_value &value :
       {MakeSized(BROOD_TYPE_STRING, nullptr, 0),
        MakeSized(BROOD_TYPE_BYTES, nullptr, 1),
        MakeSized(BROOD_TYPE_OBJECT, nullptr, 1),
        Make((enum brood_type)(BROOD_TYPE_OBJECT + 1)),
        Make((enum brood_type) - 1)}) {
    wire_writer writer = {};
    EXPECT_FALSE(wire_put_value(&writer, &value, 0));
    EXPECT_EQ(writer.used, 0u);
  }
}

std::vector<Bytes> OneOfEach() {
  return {Encode(Make(BROOD_TYPE_BOOL)),
          Encode(Make(BROOD_TYPE_INT64)),
          Encode(Make(BROOD_TYPE_DOUBLE)),
          Encode(MakeSized(BROOD_TYPE_STRING, "text", 4)),
          Encode(MakeSized(BROOD_TYPE_BYTES, "\1\2\3", 3)),
          Encode(Make(BROOD_TYPE_DESCRIPTOR), 3),
          Encode(MakeSized(BROOD_TYPE_POINTER, "", 0)),
          Encode(MakeSized(BROOD_TYPE_OBJECT, "\1\2\3", 3))};
}

TEST(Value, CutAtEveryLengthIsBadAndReadsAsNone) {
  for (const Bytes &whole : OneOfEach()) {
    for (size_t size = 0; size < whole.size(); size++) {
      bool bad;
      Bytes cut(whole.begin(), whole.begin() + size);
      EXPECT_EQ(Decode(cut, &bad).type, BROOD_TYPE_NONE);
      EXPECT_TRUE(bad) << (int)whole[0] << " cut at " << size;
    }
  }
}

TEST(Value, EveryTagAndEverySizeStaysWithinItsBytes) {
  for (const Bytes &whole : OneOfEach()) {
    for (size_t at = 0; at < whole.size(); at++) {
      for (int byte = 0; byte < 256; byte++) {
        Bytes bytes = whole;
        bytes[at] = (uint8_t)byte;
        bool bad;
        brood_value got = Decode(bytes, &bad);
        if (got.type != BROOD_TYPE_STRING && got.type != BROOD_TYPE_BYTES) {
          continue;
        }
        const uint8_t *data = (const uint8_t *)got.as.data;
        EXPECT_GE(data, bytes.data());
        EXPECT_LE(data + got.size_bytes, bytes.data() + bytes.size());
      }
    }
  }
}

TEST(Value, AnUnknownTagIsBad) {
  for (int tag = BROOD_TYPE_OBJECT + 1; tag < 256; tag++) {
    bool bad;
    EXPECT_EQ(Decode(Bytes(16, (uint8_t)tag), &bad).type, BROOD_TYPE_NONE);
    EXPECT_TRUE(bad);
  }
}

}  // namespace
