// Proves that the setup of a child comes back whole, and that no other bytes,
// be they cut or changed, make its reader leave them.
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

const int kCpus[] = {3, 8191};
const uint32_t kGroups[] = {5, 4000000000u, 7};
const brood_limit kLimits[] = {{7, 100, BROOD_UNLIMITED}, {-1, 0, 1}};
char one[] = "A=b", two[] = "C=";
char *const kEnvironment[] = {one, two, nullptr};
int Prepare() {
  return 0;
}

brood_child_setup Everything() {
  brood_child_setup setup = {};
  setup.flags = BROOD_SETUP_ALL;
  setup.environment = kEnvironment;
  setup.streams[0] = {BROOD_STREAM_NULL, 0};
  setup.streams[2] = {BROOD_STREAM_DESCRIPTOR, 9};
  setup.process_group = -5;
  setup.nice = -20;
  setup.cpus = kCpus;
  setup.num_cpus = 2;
  setup.limits = kLimits;
  setup.num_limits = 2;
  setup.umask = 077;
  setup.groups = kGroups;
  setup.num_groups = 3;
  setup.group_id = 11;
  setup.user_id = 4294967294u;
  setup.directory = "/somewhere";
  setup.prepare = Prepare;
  return setup;
}

Bytes Encode(const brood_child_setup &setup) {
  wire_writer count = {};
  wire_setup_encode(&count, &setup, "Prepare");
  Bytes bytes(count.used);
  wire_writer writer = {
      .data = bytes.data(), .capacity = bytes.size(), .used = 0, .bad = false};
  wire_setup_encode(&writer, &setup, "Prepare");
  EXPECT_FALSE(writer.bad);
  return bytes;
}

TEST(WireSetup, ComesBackWhole) {
  Bytes bytes = Encode(Everything());
  wire_setup got;
  ASSERT_TRUE(wire_setup_decode(&got, bytes.data(), bytes.size()));
  EXPECT_EQ(got.flags, BROOD_SETUP_ALL | WIRE_SETUP_ENVIRONMENT |
                           WIRE_SETUP_DIRECTORY | WIRE_SETUP_PREPARE);
  EXPECT_EQ(got.streams[0], (uint32_t)BROOD_STREAM_NULL);
  EXPECT_EQ(got.streams[1], (uint32_t)BROOD_STREAM_DEFAULT);
  EXPECT_EQ(got.streams[2], (uint32_t)BROOD_STREAM_DESCRIPTOR);
  EXPECT_EQ(got.process_group, -5);
  EXPECT_EQ(got.nice, -20);
  EXPECT_EQ(got.umask, 077u);
  EXPECT_EQ(got.group_id, 11u);
  EXPECT_EQ(got.user_id, 4294967294u);
  EXPECT_STREQ(got.directory, "/somewhere");
  EXPECT_STREQ(got.prepare, "Prepare");
  EXPECT_EQ(got.environment.count, 2u);
  ASSERT_EQ(got.cpus.count, 2u);
  for (int cpu : kCpus) {
    EXPECT_EQ(wire_get_u32(&got.cpus.reader), (uint32_t)cpu);
  }
  ASSERT_EQ(got.groups.count, 3u);
  for (uint32_t group : kGroups) {
    EXPECT_EQ(wire_get_u32(&got.groups.reader), group);
  }
  ASSERT_EQ(got.limits.count, 2u);
  for (const brood_limit &limit : kLimits) {
    EXPECT_EQ((int)wire_get_u32(&got.limits.reader), limit.resource);
    EXPECT_EQ(wire_get_u64(&got.limits.reader), limit.soft);
    EXPECT_EQ(wire_get_u64(&got.limits.reader), limit.hard);
  }
}

TEST(WireSetup, OfNothing) {
  Bytes bytes = Encode({});
  wire_setup got;
  ASSERT_TRUE(wire_setup_decode(&got, bytes.data(), bytes.size()));
  EXPECT_EQ(got.flags, 0u);
  EXPECT_EQ(got.cpus.count + got.groups.count + got.limits.count, 0u);
  EXPECT_EQ(got.environment.count, 0u);
}

TEST(WireSetup, CutOrLongerIsNone) {
  Bytes whole = Encode(Everything());
  wire_setup got;
  for (size_t size = 0; size < whole.size(); size++) {
    Bytes cut(whole.begin(), whole.begin() + size);
    EXPECT_FALSE(wire_setup_decode(&got, cut.data(), cut.size())) << size;
  }
  whole.push_back(0);
  EXPECT_FALSE(wire_setup_decode(&got, whole.data(), whole.size()));
}

TEST(WireSetup, AnyNumberInAnyPlaceIsRefusedOrStaysInside) {
  const Bytes whole = Encode(Everything());
  for (size_t at = 0; at + 4 <= whole.size(); at++) {
    for (uint32_t lie : {0u, 1u, 3u, 5u, 0x7fffffffu, 0xfffffff0u, ~0u,
                         (uint32_t)whole.size()}) {
      Bytes bytes = whole;
      memcpy(&bytes[at], &lie, 4);
      wire_setup got;
      if (!wire_setup_decode(&got, bytes.data(), bytes.size())) continue;
      const uint8_t *end = bytes.data() + bytes.size();
      for (uint32_t kind : got.streams) EXPECT_LE(kind, 3u);
      EXPECT_LE(got.cpus.reader.at + got.cpus.count * 4, end);
      EXPECT_LE(got.groups.reader.at + got.groups.count * 4, end);
      EXPECT_LE(got.limits.reader.at + got.limits.count * 20, end);
      EXPECT_LT((const uint8_t *)got.directory + strlen(got.directory), end);
    }
  }
}

}  // namespace
