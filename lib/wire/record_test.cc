// Proves that a launch record comes back whole, and that no other bytes, be
// they cut, changed or lying about sizes, make the reader leave them.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

extern "C" {
#include "lib/wire/record.h"
}

namespace {

using Bytes = std::vector<uint8_t>;

const char *const kArgv[] = {"program", "", "--flag=x", nullptr};
const char *const kEnvironment[] = {"HOME=/", "EMPTY=", nullptr};
const char kArgs[] = "five!";

wire_record Record(uint32_t flags) {
  wire_record record = {};
  record.flags = flags;
  record.method = 1;
  record.name = "SpawnProcess-1:2";
  record.identity = "1:2";
  record.target = "worker";
  record.creator_name = "MainProcess";
  record.creator = 4321;
  record.home = 8765;
  record.authkey = "\0key";
  record.authkey_size = 4;
  record.log_level = 20;
  record.log_handlers = 2;
  record.argv.texts = kArgv;
  record.environment.texts = kEnvironment;
  record.setup = "setup";
  record.setup_size = 5;
  record.setup_fds = 2;
  record.num_fds = 5;
  record.args_size = 5;
  return record;
}

Bytes Encode(const wire_record &record, bool with_args = true) {
  wire_writer count = {};
  wire_record_encode(&count, &record);
  Bytes bytes(count.used);
  wire_writer writer = {
      .data = bytes.data(), .capacity = bytes.size(), .used = 0, .bad = false};
  wire_record_encode(&writer, &record);
  EXPECT_FALSE(writer.bad);
  EXPECT_EQ(writer.used, bytes.size());
  if (with_args) bytes.insert(bytes.end(), kArgs, kArgs + record.args_size);
  return bytes;
}

constexpr uint32_t kEverything = WIRE_RECORD_DAEMON | WIRE_RECORD_LIFELINE |
                                 WIRE_RECORD_SURROUNDINGS | WIRE_RECORD_SETUP;

std::vector<std::string> Texts(const wire_texts &texts) {
  std::vector<std::string> list;
  wire_reader reader = texts.reader;
  for (uint32_t i = 0; i < texts.count; i++) {
    list.push_back(wire_get_string(&reader));
  }
  return list;
}

void ExpectSame(const wire_record &got, const wire_record &sent) {
  EXPECT_EQ(got.flags, sent.flags);
  EXPECT_EQ(got.method, sent.method);
  EXPECT_STREQ(got.name, sent.name);
  EXPECT_STREQ(got.identity, sent.identity);
  EXPECT_STREQ(got.target, sent.target);
  EXPECT_STREQ(got.creator_name, sent.creator_name);
  EXPECT_EQ(got.creator, sent.creator);
  EXPECT_EQ(got.home, sent.home);
  ASSERT_EQ(got.authkey_size, sent.authkey_size);
  EXPECT_EQ(memcmp(got.authkey, sent.authkey, sent.authkey_size), 0);
  EXPECT_EQ(got.log_level, sent.log_level);
  EXPECT_EQ(got.log_handlers, sent.log_handlers);
  EXPECT_EQ(got.num_fds, sent.num_fds);
  EXPECT_EQ(got.args_size, sent.args_size);
}

TEST(Record, ComesBackWhole) {
  wire_record sent = Record(kEverything);
  Bytes bytes = Encode(sent);
  wire_record got;
  ASSERT_TRUE(wire_record_decode(&got, bytes.data(), bytes.size(), nullptr));
  ExpectSame(got, sent);
  EXPECT_EQ(Texts(got.argv),
            (std::vector<std::string>{"program", "", "--flag=x"}));
  EXPECT_EQ(Texts(got.environment),
            (std::vector<std::string>{"HOME=/", "EMPTY="}));
  EXPECT_EQ(memcmp(got.args, kArgs, 5), 0);
  ASSERT_EQ(got.setup_size, 5u);
  EXPECT_EQ(memcmp(got.setup, "setup", 5), 0);
  EXPECT_EQ(got.setup_fds, 2u);
}

TEST(Record, LeavesOutWhatItsFlagsDoNotName) {
  wire_record sent = Record(0);
  sent.argv.texts = nullptr;
  Bytes bytes = Encode(sent);
  wire_record got;
  ASSERT_TRUE(wire_record_decode(&got, bytes.data(), bytes.size(), nullptr));
  ExpectSame(got, sent);
  EXPECT_EQ(got.argv.count, 0u);
  EXPECT_EQ(got.environment.count, 0u);
}

TEST(Record, ArgumentsMayLieApart) {
  Bytes bytes = Encode(Record(0), false);
  const uint8_t *args = (const uint8_t *)kArgs;
  wire_record got;
  ASSERT_TRUE(wire_record_decode(&got, bytes.data(), bytes.size(), args));
  EXPECT_EQ(got.args, args);
  EXPECT_EQ(got.args_size, 5u);
}

TEST(Record, ItsOwnDescriptorsMustFitIntoTheTable) {
  struct {
    uint32_t flags, own_fds;
  } kinds[] = {{0, 1},
               {WIRE_RECORD_LIFELINE, 2},
               {WIRE_RECORD_SURROUNDINGS, 2},
               {WIRE_RECORD_SETUP, 3},
               {kEverything, 5}};
  for (const auto &kind : kinds) {
    wire_record sent = Record(kind.flags);
    EXPECT_EQ(wire_record_own_fds(&sent), kind.own_fds);
    for (sent.num_fds = 0; sent.num_fds < 6; sent.num_fds++) {
      Bytes bytes = Encode(sent);
      wire_record got;
      EXPECT_EQ(wire_record_decode(&got, bytes.data(), bytes.size(), nullptr),
                sent.num_fds >= kind.own_fds);
    }
  }
}

TEST(Record, ASetupHasFewDescriptors) {
  wire_record sent = Record(kEverything);
  sent.num_fds = UINT32_MAX;
  for (uint32_t count : {WIRE_SETUP_MAX_FDS + 1u, UINT32_MAX, UINT32_MAX - 2}) {
    sent.setup_fds = count;
    Bytes bytes = Encode(sent);
    wire_record got;
    EXPECT_FALSE(wire_record_decode(&got, bytes.data(), bytes.size(), nullptr));
  }
}

TEST(Record, CutAtEveryLengthIsNone) {
  Bytes whole = Encode(Record(kEverything));
  for (size_t size = 0; size < whole.size(); size++) {
    Bytes cut(whole.begin(), whole.begin() + size);
    wire_record got;
    EXPECT_FALSE(wire_record_decode(&got, cut.data(), cut.size(), nullptr))
        << "cut at " << size;
  }
  whole.push_back(0);
  wire_record got;
  EXPECT_FALSE(wire_record_decode(&got, whole.data(), whole.size(), nullptr));
}

bool IsInside(const Bytes &bytes, const void *data, size_t size) {
  const uint8_t *at = (const uint8_t *)data;
  return at >= bytes.data() && at + size <= bytes.data() + bytes.size();
}

bool TextsAreInside(const Bytes &bytes, const wire_texts &texts) {
  wire_reader reader = texts.reader;
  for (uint32_t i = 0; i < texts.count; i++) {
    const char *text = wire_get_string(&reader);
    if (!IsInside(bytes, text, strlen(text) + 1)) return false;
  }
  return true;
}

// Everything that a decoded record points to lies in the bytes it came from.
bool StaysInside(const Bytes &bytes, const wire_record &record) {
  for (const char *text :
       {record.name, record.identity, record.target, record.creator_name}) {
    if (!IsInside(bytes, text, strlen(text) + 1)) return false;
  }
  return IsInside(bytes, record.authkey, record.authkey_size) &&
         IsInside(bytes, record.args, record.args_size) &&
         ((record.flags & WIRE_RECORD_SETUP) == 0 ||
          IsInside(bytes, record.setup, record.setup_size)) &&
         TextsAreInside(bytes, record.argv) &&
         TextsAreInside(bytes, record.environment);
}

TEST(Record, EveryChangedByteIsRefusedOrStaysInside) {
  const Bytes whole = Encode(Record(kEverything));
  for (size_t at = 0; at < whole.size(); at++) {
    for (int change = 1; change < 256; change++) {
      Bytes bytes = whole;
      bytes[at] ^= (uint8_t)change;
      wire_record got;
      if (!wire_record_decode(&got, bytes.data(), bytes.size(), nullptr)) {
        continue;
      }
      EXPECT_GE(at, 16u) << "a broken prefix was accepted";
      EXPECT_TRUE(StaysInside(bytes, got)) << "byte " << at;
      EXPECT_GE(got.num_fds, wire_record_own_fds(&got));
    }
  }
}

TEST(Record, AnyNumberInAnyPlaceIsRefusedOrStaysInside) {
  const Bytes whole = Encode(Record(kEverything));
  for (size_t at = 0; at + 4 <= whole.size(); at++) {
    for (uint32_t lie : {0u, 1u, 0x7fffffffu, 0x80000000u, 0xfffffff0u,
                         0xffffffffu, (uint32_t)whole.size()}) {
      Bytes bytes = whole;
      memcpy(&bytes[at], &lie, 4);
      wire_record got;
      if (wire_record_decode(&got, bytes.data(), bytes.size(), nullptr)) {
        EXPECT_TRUE(StaysInside(bytes, got)) << lie << " at " << at;
      }
    }
  }
}

TEST(Record, ABrokenPrefixIsRefused) {
  Bytes bytes = Encode(Record(0));
  wire_record got;
  EXPECT_TRUE(wire_record_decode(&got, bytes.data(), bytes.size(), nullptr));
  for (size_t at = 0; at < 8; at++) {
    Bytes broken = bytes;
    broken[at] ^= 1;
    EXPECT_FALSE(
        wire_record_decode(&got, broken.data(), broken.size(), nullptr))
        << "byte " << at;
  }
  Bytes small = bytes;
  memset(&small[8], 0, 4);
  small[8] = 15;
  EXPECT_FALSE(wire_record_decode(&got, small.data(), small.size(), nullptr));
}

TEST(Record, ArgumentsOverTheMaximumAreRefused) {
  wire_record record = Record(0);
  record.args_size = (size_t)UINT32_MAX + 1;
  wire_writer count = {};
  wire_record_encode(&count, &record);
  EXPECT_TRUE(count.bad);
}

TEST(Record, AListOfManyTextsThatIsShortIsBad) {
  Bytes bytes = {0xff, 0xff, 0xff, 0xff, 'a', 0, 'b', 0};
  wire_reader reader = {.at = bytes.data(), .left = bytes.size(), .bad = false};
  EXPECT_EQ(wire_get_texts(&reader).count, 0u);
  EXPECT_TRUE(reader.bad);
}

}  // namespace
