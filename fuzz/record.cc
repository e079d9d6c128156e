// Any bytes as a launch record: refused, or everything that it points to lies
// inside of them and it comes back the same when it is written again.
// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "fuzz/check.h"

extern "C" {
#include "lib/wire/record.h"
}

namespace {

const uint8_t *begin;
const uint8_t *end;

void CheckInside(const void *data, size_t size) {
  const uint8_t *at = (const uint8_t *)data;
  CHECK(at >= begin && at <= end && size <= (size_t)(end - at));
}

void CheckText(const char *text) {
  CheckInside(text, 1);
  CHECK(memchr(text, 0, (size_t)(end - (const uint8_t *)text)) != nullptr);
}

// The texts as an encoder wants them.
std::vector<const char *> CheckTexts(const wire_texts &texts) {
  std::vector<const char *> list;
  wire_reader reader = texts.reader;
  for (uint32_t i = 0; i < texts.count; i++) {
    const char *text = wire_get_string(&reader);
    CheckText(text);
    list.push_back(text);
  }
  list.push_back(nullptr);
  return list;
}

std::vector<uint8_t> Encode(const wire_record &record) {
  wire_writer count = {};
  wire_record_encode(&count, &record);
  CHECK(!count.bad);
  std::vector<uint8_t> bytes(count.used);
  wire_writer writer = {
      .data = bytes.data(), .capacity = bytes.size(), .used = 0, .bad = false};
  wire_record_encode(&writer, &record);
  CHECK(!writer.bad && writer.used == bytes.size());
  return bytes;
}

// Writes it, reads that, writes it again: twice the same bytes. (The first
// bytes may differ: a text may have had a NUL inside.)
void CheckComesBack(wire_record record) {
  std::vector<const char *> argv = CheckTexts(record.argv);
  std::vector<const char *> environment = CheckTexts(record.environment);
  record.argv.texts = argv.data();
  record.environment.texts = environment.data();
  std::vector<uint8_t> bytes = Encode(record);
  wire_record again;
  CHECK(wire_record_decode(&again, bytes.data(), bytes.size(), record.args));
  CHECK(again.args_size == record.args_size);
  again.argv.texts = argv.data();
  again.environment.texts = environment.data();
  CHECK(Encode(again) == bytes);
}

// What a child reads of its setup.
void CheckSetup(const wire_record &record) {
  CheckInside(record.setup, record.setup_size);
  CHECK(record.setup_fds <= WIRE_SETUP_MAX_FDS);
  wire_setup setup;
  if (!wire_setup_decode(&setup, record.setup, record.setup_size)) return;
  for (uint32_t kind : setup.streams) CHECK(kind <= BROOD_STREAM_DESCRIPTOR);
  CheckText(setup.directory);
  CheckText(setup.prepare);
  CheckTexts(setup.environment);
  for (wire_list list : {setup.cpus, setup.groups, setup.limits}) {
    size_t each = list.reader.at == setup.limits.reader.at ? 20 : 4;
    if (list.count == 0) continue;
    CheckInside(list.reader.at, list.count * each);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // The corpus is of any version, to be read as this one.
  std::vector<uint8_t> bytes(data, data + size);
  uint32_t version = WIRE_RECORD_VERSION;
  if (size >= 8) memcpy(bytes.data() + 4, &version, sizeof version);
  begin = bytes.data();
  end = begin + size;
  wire_record record;
  if (!wire_record_decode(&record, begin, size, nullptr)) return 0;
  CHECK(record.num_fds >= wire_record_own_fds(&record));
  for (const char *text :
       {record.name, record.identity, record.target, record.creator_name}) {
    CheckText(text);
  }
  CheckInside(record.authkey, record.authkey_size);
  CheckInside(record.args, record.args_size);
  if (record.flags & WIRE_RECORD_SETUP) CheckSetup(record);
  CheckComesBack(record);
  is_accepted = true;
  return 0;
}
