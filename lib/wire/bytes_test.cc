// Proves that what is put is got, that nothing is read or written outside of
// the bytes given, and that the first error sticks.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

extern "C" {
#include "lib/wire/bytes.h"
}

namespace {

using Bytes = std::vector<uint8_t>;

// Each test gets memory of exactly its size, so that AddressSanitizer sees one
// byte too many.
wire_reader Reader(const Bytes &bytes) {
  return {.at = bytes.data(), .left = bytes.size(), .bad = false};
}

wire_writer Writer(Bytes &bytes) {
  return {
      .data = bytes.data(), .capacity = bytes.size(), .used = 0, .bad = false};
}

void PutEverything(wire_writer *writer) {
  wire_put_u8(writer, 0xfe);
  wire_put_u32(writer, 0x01020304);
  wire_put_u64(writer, UINT64_C(0xfedcba9876543210));
  wire_put_blob(writer, "a\0b", 3);
  wire_put_blob(writer, nullptr, 0);
  wire_put_string(writer, "text");
  wire_put_string(writer, "");
}

constexpr size_t kEverything = 1 + 4 + 8 + (4 + 3) + 4 + (4 + 4 + 1) + (4 + 1);

void GetEverything(wire_reader *reader) {
  size_t size;
  EXPECT_EQ(*wire_get(reader, 1), 0xfe);
  EXPECT_EQ(wire_get_u32(reader), 0x01020304u);
  EXPECT_EQ(wire_get_u64(reader), UINT64_C(0xfedcba9876543210));
  const uint8_t *blob = wire_get_blob(reader, &size);
  EXPECT_EQ(std::string((const char *)blob, size), std::string("a\0b", 3));
  wire_get_blob(reader, &size);
  EXPECT_EQ(size, 0u);
  size_t left = reader->left;
  EXPECT_STREQ(wire_get_string(reader), "text");
  EXPECT_EQ(left - reader->left, 4u + 4 + 1);
  EXPECT_STREQ(wire_get_string(reader), "");
}

TEST(Bytes, WhatIsPutIsGot) {
  Bytes bytes(kEverything);
  wire_writer writer = Writer(bytes);
  PutEverything(&writer);
  EXPECT_FALSE(writer.bad);
  EXPECT_EQ(writer.used, kEverything);
  wire_reader reader = Reader(bytes);
  GetEverything(&reader);
  EXPECT_FALSE(reader.bad);
  EXPECT_EQ(reader.left, 0u);
}

TEST(Bytes, NumbersAreLittleEndian) {
  Bytes bytes(12);
  wire_writer writer = Writer(bytes);
  wire_put_u32(&writer, 0x04030201);
  wire_put_u64(&writer, UINT64_C(0x0c0b0a0908070605));
  EXPECT_EQ(bytes, (Bytes{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}));
}

TEST(Bytes, AWriterWithoutMemoryCounts) {
  wire_writer writer = {};
  PutEverything(&writer);
  EXPECT_FALSE(writer.bad);
  EXPECT_EQ(writer.used, kEverything);
}

TEST(Bytes, AWriterOfAnySmallerSizeIsBad) {
  for (size_t size = 1; size < kEverything; size++) {
    Bytes bytes(size);
    wire_writer writer = Writer(bytes);
    PutEverything(&writer);
    EXPECT_TRUE(writer.bad) << size;
    EXPECT_LE(writer.used, size);
  }
}

TEST(Bytes, AReaderOfAnySmallerSizeIsBadAndAnswersNothing) {
  Bytes whole(kEverything);
  wire_writer writer = Writer(whole);
  PutEverything(&writer);
  for (size_t size = 0; size < kEverything; size++) {
    Bytes bytes(whole.begin(), whole.begin() + size);
    wire_reader reader = Reader(bytes);
    size_t got = 99;
    wire_get(&reader, 1);
    wire_get_u32(&reader);
    wire_get_u64(&reader);
    wire_get_blob(&reader, &got);
    wire_get_blob(&reader, &got);
    wire_get_string(&reader);
    EXPECT_STREQ(wire_get_string(&reader), "");
    EXPECT_TRUE(reader.bad) << size;
    EXPECT_EQ(wire_get_blob(&reader, &got), nullptr);
    EXPECT_EQ(got, 0u);
  }
}

TEST(Bytes, AfterAnErrorEveryGetterAnswersNothing) {
  Bytes bytes(64, 0x11);
  wire_reader reader = Reader(bytes);
  size_t size = 99;
  EXPECT_EQ(wire_get(&reader, 65), nullptr);
  EXPECT_TRUE(reader.bad);
  EXPECT_EQ(wire_get(&reader, 1), nullptr);
  EXPECT_EQ(wire_get_u32(&reader), 0u);
  EXPECT_EQ(wire_get_u64(&reader), 0u);
  EXPECT_EQ(wire_get(&reader, 0), nullptr);
  EXPECT_EQ(wire_get_blob(&reader, &size), nullptr);
  EXPECT_EQ(size, 0u);
  EXPECT_STREQ(wire_get_string(&reader), "");
}

TEST(Bytes, HalfANumberIsNone) {
  Bytes bytes(7, 0xff);
  wire_reader reader = Reader(bytes);
  EXPECT_EQ(wire_get_u64(&reader), 0u);
  EXPECT_TRUE(reader.bad);
}

TEST(Bytes, ASizeThatLiesIsBad) {
  for (uint32_t lie : {4u, 5u, 0x7fffffffu, 0x80000000u, 0xffffffffu}) {
    Bytes bytes(4 + 3);
    wire_writer writer = Writer(bytes);
    wire_put_u32(&writer, lie);
    size_t size = 99;
    wire_reader reader = Reader(bytes);
    EXPECT_EQ(wire_get_blob(&reader, &size), nullptr) << lie;
    EXPECT_EQ(size, 0u);
    EXPECT_TRUE(reader.bad);
    reader = Reader(bytes);
    EXPECT_STREQ(wire_get_string(&reader), "") << lie;
    EXPECT_TRUE(reader.bad);
  }
}

TEST(Bytes, AStringNeedsItsNul) {
  Bytes bytes = {2, 0, 0, 0, 'a', 'b', 'c'};
  wire_reader reader = Reader(bytes);
  EXPECT_STREQ(wire_get_string(&reader), "");
  EXPECT_TRUE(reader.bad);
}

TEST(Bytes, ABlobOverTheMaximumIsRefusedUnread) {
  Bytes bytes(64);
  wire_writer writer = Writer(bytes);
  wire_put_blob(&writer, bytes.data(), (size_t)UINT32_MAX + 1);
  EXPECT_TRUE(writer.bad);
  EXPECT_EQ(writer.used, 0u);
}

}  // namespace
