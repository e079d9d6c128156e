// Any bytes as the contents of a launch record: whatever its texts and numbers
// are, it is written and read back the same, and cut anywhere it is refused.
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

// Takes pieces off the front of the input; empty ones when there is no more.
class Input {
 public:
  Input(const uint8_t *data, size_t size) : at_(data), left_(size) {
  }

  uint32_t Number() {
    uint32_t number = 0;
    for (int i = 0; i < 4; i++) number = number << 8 | Byte();
    return number;
  }

  std::string Bytes() {
    size_t size = Byte();
    if (size > left_) size = left_;
    std::string bytes((const char *)at_, size);
    at_ += size;
    left_ -= size;
    return bytes;
  }

  std::string Text() {
    return Bytes().c_str();
  }

  std::vector<std::string> Texts() {
    std::vector<std::string> texts;
    for (int count = Byte() % 8; count > 0; count--) texts.push_back(Text());
    return texts;
  }

 private:
  uint8_t Byte() {
    if (left_ == 0) return 0;
    left_--;
    return *at_++;
  }

  const uint8_t *at_;
  size_t left_;
};

std::vector<const char *> Pointers(const std::vector<std::string> &texts) {
  std::vector<const char *> pointers;
  for (const std::string &text : texts) pointers.push_back(text.c_str());
  pointers.push_back(nullptr);
  return pointers;
}

void CheckSame(const wire_texts &got, const std::vector<std::string> &sent) {
  CHECK(got.count == sent.size());
  wire_reader reader = got.reader;
  for (const std::string &expected : sent) {
    CHECK(expected == wire_get_string(&reader));
  }
}

std::vector<uint8_t> Encode(const wire_record &record,
                            const std::string &args) {
  wire_writer count = {};
  wire_record_encode(&count, &record);
  std::vector<uint8_t> bytes(count.used);
  wire_writer writer = {
      .data = bytes.data(), .capacity = bytes.size(), .used = 0, .bad = false};
  wire_record_encode(&writer, &record);
  CHECK(!writer.bad && writer.used == bytes.size());
  bytes.insert(bytes.end(), args.begin(), args.end());
  return bytes;
}

void CheckCutIsRefused(const std::vector<uint8_t> &bytes) {
  size_t step = 1 + bytes.size() / 16;
  for (size_t size = 0; size < bytes.size(); size += step) {
    std::vector<uint8_t> cut(bytes.begin(), bytes.begin() + size);
    wire_record record;
    CHECK(!wire_record_decode(&record, cut.data(), cut.size(), nullptr));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Input input(data, size);
  std::string texts[4];
  wire_record sent = {};
  sent.flags = input.Number();
  for (std::string &text : texts) text = input.Text();
  std::string authkey = input.Bytes();
  std::string args = input.Bytes();
  std::vector<std::string> argv = input.Texts();
  std::vector<std::string> environment = input.Texts();
  std::vector<const char *> argv_pointers = Pointers(argv);
  std::vector<const char *> environment_pointers = Pointers(environment);
  sent.method = input.Number();
  sent.name = texts[0].c_str();
  sent.identity = texts[1].c_str();
  sent.target = texts[2].c_str();
  sent.creator_name = texts[3].c_str();
  sent.creator = input.Number();
  sent.home = input.Number();
  sent.authkey = authkey.data();
  sent.authkey_size = authkey.size();
  sent.argv.texts = argv_pointers.data();
  sent.environment.texts = environment_pointers.data();
  sent.setup = authkey.data();
  sent.setup_size = authkey.size();
  sent.setup_fds = input.Number() % (WIRE_SETUP_MAX_FDS + 1);
  sent.num_fds = input.Number() | 7; /* room for its own */
  sent.log_level = input.Number();
  sent.log_handlers = input.Number();
  sent.args_size = args.size();

  std::vector<uint8_t> bytes = Encode(sent, args);
  wire_record got;
  CHECK(wire_record_decode(&got, bytes.data(), bytes.size(), nullptr));
  CHECK(got.flags == sent.flags);
  CHECK(got.method == sent.method);
  const char *const got_texts[] = {got.name, got.identity, got.target,
                                   got.creator_name};
  for (int i = 0; i < 4; i++) CHECK(texts[i] == got_texts[i]);
  CHECK(got.creator == sent.creator);
  CHECK(got.home == sent.home);
  CHECK(std::string((const char *)got.authkey, got.authkey_size) == authkey);
  CHECK(std::string((const char *)got.args, got.args_size) == args);
  CheckSame(got.argv, argv);
  if (sent.flags & WIRE_RECORD_SURROUNDINGS)
    CheckSame(got.environment, environment);
  if (sent.flags & WIRE_RECORD_SETUP) {
    CHECK(std::string((const char *)got.setup, got.setup_size) == authkey);
    CHECK(got.setup_fds == sent.setup_fds);
  }
  CHECK(got.num_fds == sent.num_fds);
  CHECK(got.log_level == sent.log_level);
  CHECK(got.log_handlers == sent.log_handlers);
  CheckCutIsRefused(bytes);
  is_accepted = true;
  return 0;
}
