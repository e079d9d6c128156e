// Proves that values of each type, nested or not, come back as they were, bit
// for bit, and that what no writer writes is refused: other heads, cut bytes,
// tuples that are too deep or lie about what is in them.
// SPDX-License-Identifier: MIT
#include "brood.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <deque>
#include <limits>
#include <random>
#include <string>
#include <vector>

extern "C" {
#include "lib/wire/value.h"
}

namespace {

using Bytes = std::vector<uint8_t>;
using Values = std::vector<brood_value>;

brood_value Make(enum brood_type type) {
  brood_value value = {};
  value.type = type;
  return value;
}

brood_value MakeInt64(int64_t number) {
  brood_value value = Make(BROOD_TYPE_INT64);
  value.as.int64 = number;
  return value;
}

brood_value MakeSized(enum brood_type type, const void *data, size_t size) {
  brood_value value = Make(type);
  value.as.data = data;
  value.size_bytes = size;
  return value;
}

brood_value MakeString(const char *text) {
  return MakeSized(BROOD_TYPE_STRING, text, strlen(text));
}

brood_value MakeTuple(const Values &items) {
  brood_value value = Make(BROOD_TYPE_TUPLE);
  value.as.items = items.data();
  value.num_items = items.size();
  return value;
}

// What a packer does, without objects to look up.
struct Writing {
  wire_writer writer;
  uint32_t num_values = 0, num_fds = 0;

  void Put(const brood_value &value) {
    if (value.type != BROOD_TYPE_TUPLE) {
      uint32_t fds = value.type == BROOD_TYPE_DESCRIPTOR ? 1
                     : value.type == BROOD_TYPE_OBJECT   ? 3
                                                         : 0;
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

// Head and body, as in a tuple.
Bytes Encode(const brood_value &value, uint32_t *out_num_fds = nullptr) {
  Writing count = {};
  count.Put(value);
  Bytes bytes(count.writer.used);
  Writing writing = {};
  writing.writer.data = bytes.data();
  writing.writer.capacity = bytes.size();
  writing.Put(value);
  EXPECT_FALSE(writing.writer.bad);
  EXPECT_EQ(writing.writer.used, bytes.size());
  if (out_num_fds != nullptr) *out_num_fds = writing.num_fds;
  return bytes;
}

// A tuple as it was read.
struct Reading {
  bool Read(const Bytes &whole, uint32_t num_fds, bool has_pointers = true,
            int depth = 0) {
    bytes = whole;
    uint32_t num_values;
    wire_head head;
    if (bytes.size() < WIRE_HEAD + WIRE_COUNTS ||
        !wire_get_head(&head, bytes.data()) || head.type != BROOD_TYPE_TUPLE ||
        head.flags != 0 || head.size != bytes.size() - WIRE_HEAD ||
        head.num_fds != num_fds ||
        !wire_get_counts(bytes.data() + WIRE_HEAD, head.size, &num_values)) {
      return false;
    }
    values.assign(num_values, brood_value());
    wire_values into = {};
    into.values = values.data();
    into.num_values = num_values;
    into.num_fds = num_fds;
    into.has_pointers = has_pointers;
    into.depth = depth;
    return wire_get_tuple(&into, bytes.data() + WIRE_HEAD, head.size, &tuple);
  }

  Bytes bytes;
  Values values;
  brood_value tuple;
};

// next_fd: the index of the next descriptor in the table.
void ExpectSame(const brood_value &got, const brood_value &sent,
                uint32_t *next_fd) {
  ASSERT_EQ(got.type, sent.type);
  switch (sent.type) {
    case BROOD_TYPE_BOOL: EXPECT_EQ(got.as.boolean, sent.as.boolean); break;
    case BROOD_TYPE_INT64:
    case BROOD_TYPE_DOUBLE:
    case BROOD_TYPE_POINTER: EXPECT_EQ(memcmp(&got.as, &sent.as, 8), 0); break;
    case BROOD_TYPE_STRING:
      EXPECT_EQ(((const char *)got.as.data)[sent.size_bytes], '\0');
      [[fallthrough]];
    case BROOD_TYPE_BYTES:
    case BROOD_TYPE_OBJECT:
      ASSERT_EQ(got.size_bytes, sent.size_bytes);
      if (sent.size_bytes > 0) {
        EXPECT_EQ(memcmp(got.as.data, sent.as.data, sent.size_bytes), 0);
      }
      *next_fd += sent.type == BROOD_TYPE_OBJECT ? 3 : 0;
      break;
    case BROOD_TYPE_DESCRIPTOR:
      EXPECT_EQ(got.as.descriptor, (int)(*next_fd)++);
      break;
    case BROOD_TYPE_TUPLE:
      ASSERT_EQ(got.num_items, sent.num_items);
      for (size_t i = 0; i < sent.num_items; i++) {
        ExpectSame(got.as.items[i], sent.as.items[i], next_fd);
      }
      break;
    default: break;
  }
}

void ExpectComesBack(const brood_value &tuple) {
  uint32_t num_fds, next_fd = 0;
  Bytes bytes = Encode(tuple, &num_fds);
  Reading reading;
  ASSERT_TRUE(reading.Read(bytes, num_fds));
  ExpectSame(reading.tuple, tuple, &next_fd);
  EXPECT_EQ(next_fd, num_fds);
}

Values OneOfEach() {
  static const Values inner = {MakeInt64(1), MakeString("in"),
                               Make(BROOD_TYPE_DESCRIPTOR)};
  brood_value real = Make(BROOD_TYPE_DOUBLE), yes = Make(BROOD_TYPE_BOOL);
  real.as.real = std::nan("77");
  yes.as.boolean = true;
  return {Make(BROOD_TYPE_NONE),
          yes,
          MakeInt64(INT64_MIN),
          real,
          MakeString(""),
          MakeString("text"),
          MakeSized(BROOD_TYPE_BYTES, nullptr, 0),
          MakeSized(BROOD_TYPE_BYTES, "\1\0\3", 3),
          Make(BROOD_TYPE_DESCRIPTOR),
          MakeSized(BROOD_TYPE_POINTER, "", 0),
          MakeSized(BROOD_TYPE_OBJECT, "twenty-four bytes of it.", 24),
          MakeTuple({}),
          MakeTuple(inner),
          Make(BROOD_TYPE_DESCRIPTOR)};
}

TEST(Value, OfEachTypeComesBackInATuple) {
  for (const brood_value &value : OneOfEach()) {
    ExpectComesBack(MakeTuple({value}));
  }
  ExpectComesBack(MakeTuple(OneOfEach()));
  ExpectComesBack(MakeTuple({}));
  std::string large(70000, 'x');
  ExpectComesBack(MakeTuple({MakeString(large.c_str())}));
}

TEST(Value, NumbersKeepEveryBit) {
  Values values;
  for (int64_t number : {INT64_C(0), INT64_C(-1), INT64_MAX, INT64_MIN,
                         INT64_C(0x0123456789abcdef)}) {
    values.push_back(MakeInt64(number));
  }
  using Limits = std::numeric_limits<double>;
  for (double number : {0.0, -0.0, 0.1, Limits::max(), Limits::denorm_min(),
                        Limits::infinity(), std::nan("77")}) {
    values.push_back(Make(BROOD_TYPE_DOUBLE));
    values.back().as.real = number;
  }
  ExpectComesBack(MakeTuple(values));
}

// By itself, as a message has it.
TEST(Value, OfEachTypeComesBackAlone) {
  for (const brood_value &value : OneOfEach()) {
    Bytes bytes = Encode(value);
    wire_head head;
    bool travels = value.type != BROOD_TYPE_POINTER;
    ASSERT_EQ(wire_get_head(&head, bytes.data()), travels);
    if (!travels || value.type == BROOD_TYPE_TUPLE) continue;
    if (value.type == BROOD_TYPE_STRING) head.size--; /* has no NUL there */
    brood_value got;
    uint32_t next_fd = 0;
    ASSERT_TRUE(wire_get_value(&head, bytes.data() + WIRE_HEAD, &got));
    ExpectSame(got, value, &next_fd);
  }
}

// Items of the tuples that are made lie in *storage.
brood_value RandomValue(std::mt19937 *random, int depth,
                        std::deque<Values> *storage) {
  static const Values leaves = OneOfEach();
  if (depth == BROOD_MAX_DEPTH || (*random)() % 3 != 0) {
    return leaves[(*random)() % 11];
  }
  Values items;
  for (uint32_t count = (*random)() % 6; count > 0; count--) {
    items.push_back(RandomValue(random, depth + 1, storage));
  }
  storage->push_back(items);
  return MakeTuple(storage->back());
}

TEST(Value, AnyNestedOnesComeBack) {
  std::mt19937 random(1);
  for (int i = 0; i < 2000 && !HasFailure(); i++) {
    std::deque<Values> storage;
    Values items;
    for (int j = 0; j < 5; j++) {
      items.push_back(RandomValue(&random, 1, &storage));
    }
    ExpectComesBack(MakeTuple(items));
  }
}

TEST(Value, TuplesHaveAMaximumOfDepth) {
  for (int deep : {31, 32, 33}) {
    std::deque<Values> storage(1);
    brood_value value = MakeTuple(storage.back());
    for (int i = 1; i < deep; i++) {
      storage.push_back({value});
      value = MakeTuple(storage.back());
    }
    Reading reading;
    Bytes bytes = Encode(value);
    EXPECT_EQ(reading.Read(bytes, 0), deep <= 32);
    // What it lies in is no value of the user's.
    EXPECT_EQ(reading.Read(bytes, 0, true, -1), deep <= 33);
  }
}

TEST(Value, CutAtEveryLengthIsRefused) {
  uint32_t num_fds;
  Bytes whole = Encode(MakeTuple(OneOfEach()), &num_fds);
  for (size_t size = 0; size < whole.size(); size++) {
    Reading reading;
    Bytes cut(whole.begin(), whole.begin() + size);
    EXPECT_FALSE(reading.Read(cut, num_fds)) << size;
    if (size < WIRE_HEAD) continue;
    // Likewise with a head that knows.
    uint32_t left = (uint32_t)(size - WIRE_HEAD);
    for (int i = 0; i < 4; i++) cut[i] = (uint8_t)(left >> (8 * i));
    EXPECT_FALSE(reading.Read(cut, num_fds)) << size;
  }
  whole.push_back(0);
  whole[0]++;
  Reading reading;
  EXPECT_FALSE(reading.Read(whole, num_fds)) << "one more";
}

TEST(Value, CountsThatLieAreRefused) {
  Values inner = {MakeInt64(1), MakeInt64(2)};
  Bytes whole = Encode(MakeTuple({MakeTuple(inner), MakeInt64(3)}));
  Reading reading;
  ASSERT_TRUE(reading.Read(whole, 0));
  // The outer numbers of items and values, and the inner ones.
  for (size_t at : {8, 12, 24, 28}) {
    for (uint32_t number : {0u, 1u, 2u, 3u, 4u, 5u, 6u, 0xffffffffu}) {
      Bytes lie = whole;
      memcpy(&lie[at], &number, sizeof number);
      EXPECT_EQ(reading.Read(lie, 0), lie == whole) << at << " " << number;
    }
  }
}

TEST(Value, DescriptorsThatAreNotThereAreRefused) {
  uint32_t num_fds;
  Values inner = {Make(BROOD_TYPE_DESCRIPTOR)};
  Bytes whole = Encode(
      MakeTuple({MakeTuple(inner), Make(BROOD_TYPE_DESCRIPTOR)}), &num_fds);
  ASSERT_EQ(num_fds, 2u);
  Reading reading;
  EXPECT_TRUE(reading.Read(whole, 2));
  EXPECT_EQ(reading.tuple.as.items[0].as.items[0].as.descriptor, 0);
  EXPECT_EQ(reading.tuple.as.items[1].as.descriptor, 1);
  for (uint8_t lie : {0, 1, 3}) {
    whole[6] = lie;
    EXPECT_FALSE(reading.Read(whole, lie));
  }
  whole[6] = 2;
  whole[22] = 0; /* the inner tuple's */
  EXPECT_FALSE(reading.Read(whole, 2));
}

TEST(Value, WhatATupleOfAMessageMayNotHave) {
  Reading reading;
  Bytes bytes = Encode(MakeTuple({MakeSized(BROOD_TYPE_POINTER, "", 0)}));
  EXPECT_TRUE(reading.Read(bytes, 0, true));
  EXPECT_FALSE(reading.Read(bytes, 0, false)) << "a pointer";
  bytes = Encode(MakeTuple({MakeString("text")}));
  bytes.back() = 'x';
  EXPECT_FALSE(reading.Read(bytes, 0)) << "a string without a NUL";
  bytes = Encode(MakeTuple({MakeSized(BROOD_TYPE_BYTES, "", 0)}));
  bytes[20] = BROOD_TYPE_STRING;
  EXPECT_FALSE(reading.Read(bytes, 0)) << "a string of nothing";
  for (uint8_t flags : {1, 2, 3, 0x80}) {
    bytes = Encode(MakeTuple({MakeInt64(5)}));
    bytes[21] = flags;
    EXPECT_FALSE(reading.Read(bytes, 0)) << "outside";
  }
}

TEST(Value, EveryByteChangedStaysInside) {
  uint32_t num_fds;
  Bytes whole = Encode(MakeTuple(OneOfEach()), &num_fds);
  for (size_t at = 0; at < whole.size(); at++) {
    for (int byte = 0; byte < 256; byte++) {
      Bytes bytes = whole;
      bytes[at] = (uint8_t)byte;
      Reading reading;
      if (!reading.Read(bytes, num_fds)) continue;
      const uint8_t *begin = reading.bytes.data();
      for (const brood_value &value : reading.values) {
        if (value.type != BROOD_TYPE_STRING && value.type != BROOD_TYPE_BYTES) {
          continue;
        }
        const uint8_t *data = (const uint8_t *)value.as.data;
        EXPECT_GE(data, begin);
        EXPECT_LE(data + value.size_bytes, begin + bytes.size());
      }
    }
  }
}

TEST(Value, TooLargeForAHeadIsBad) {
  for (enum brood_type type : {BROOD_TYPE_BYTES, BROOD_TYPE_STRING}) {
    brood_value value = MakeSized(type, "", UINT32_MAX);
    wire_writer writer = {};
    wire_put_value(&writer, &value, 0);
    EXPECT_EQ(writer.bad, type == BROOD_TYPE_STRING);
    value.size_bytes++;
    wire_put_value(&writer, &value, 0);
    EXPECT_TRUE(writer.bad);
  }
}

TEST(Value, OutsideHasTheSizeOnly) {
  auto read = [](enum brood_type type, uint64_t size, brood_value *out) {
    wire_head head = {
        .size = 8, .type = (uint8_t)type, .flags = WIRE_OUTSIDE, .num_fds = 1};
    uint8_t body[8];
    wire_put_eight(body, size);
    return wire_get_value(&head, body, out);
  };
  for (enum brood_type type :
       {BROOD_TYPE_STRING, BROOD_TYPE_BYTES, BROOD_TYPE_TUPLE}) {
    brood_value got;
    for (uint64_t size :
         {UINT64_C(0), UINT64_C(1) << 20, (uint64_t)BROOD_MAX_MESSAGE}) {
      ASSERT_TRUE(read(type, size, &got));
      EXPECT_EQ(got.type, type);
      EXPECT_EQ(got.as.data, nullptr);
      EXPECT_EQ(got.size_bytes, size);
    }
    EXPECT_FALSE(read(type, (uint64_t)BROOD_MAX_MESSAGE + 1, &got));
    EXPECT_FALSE(read(type, UINT64_MAX, &got));
  }
}

// What the head of a message may say of each type: this, and nothing else.
bool IsPossible(uint32_t size, unsigned type, unsigned flags, unsigned fds) {
  bool text = type == BROOD_TYPE_STRING || type == BROOD_TYPE_BYTES;
  bool tuple = type == BROOD_TYPE_TUPLE;
  if (flags == WIRE_OUTSIDE || flags == (WIRE_OUTSIDE | WIRE_LENT)) {
    return size == 8 && ((text && fds == 1) || (tuple && fds > 0));
  }
  if (flags != 0) return false;
  if (text) return fds == 0;
  if (tuple) return size >= 8;
  switch (type) {
    case BROOD_TYPE_NONE: return size == 0 && fds == 0;
    case BROOD_TYPE_BOOL: return size == 1 && fds == 0;
    case BROOD_TYPE_INT64:
    case BROOD_TYPE_DOUBLE: return size == 8 && fds == 0;
    case BROOD_TYPE_DESCRIPTOR: return size == 0 && fds == 1;
    case BROOD_TYPE_OBJECT: return size > 0 && fds > 0 && fds <= 6;
    default: return false;
  }
}

TEST(Value, EveryOtherHeadIsRefused) {
  int num_possible = 0;
  for (uint32_t size : {0u, 1u, 7u, 8u, 9u, 24u, 0x100u, 0xffffffffu}) {
    for (unsigned type = 0; type < 256; type++) {
      for (unsigned flags : {0u, 1u, 2u, 3u, 0x80u}) {
        for (unsigned fds : {0u, 1u, 2u, 6u, 7u, 0x100u, 0xffffu}) {
          uint8_t bytes[WIRE_HEAD] = {
              (uint8_t)size,         (uint8_t)(size >> 8),
              (uint8_t)(size >> 16), (uint8_t)(size >> 24),
              (uint8_t)type,         (uint8_t)flags,
              (uint8_t)fds,          (uint8_t)(fds >> 8)};
          wire_head head;
          bool possible = IsPossible(size, type, flags, fds);
          num_possible += possible;
          ASSERT_EQ(wire_get_head(&head, bytes), possible)
              << size << " " << type << " " << flags << " " << fds;
          if (!possible) continue;
          EXPECT_EQ(head.size, size);
          EXPECT_EQ(head.type, type);
          EXPECT_EQ(head.flags, flags);
          EXPECT_EQ(head.num_fds, fds);
        }
      }
    }
  }
  EXPECT_GT(num_possible, 16);
}

}  // namespace
