// Proves that whatever is sent arrives as what it was, that each object is
// recognised, and that what arrived is given back once by whoever has to.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <string>

extern "C" {
#include "conformance/adapter/arguments.h"
#include "conformance/adapter/object.h"
}
#include "conformance/adapter/wire_test.h"

namespace {

class Arguments : public Call {
 protected:
  Arguments() {
    call_.handles = &handles_;
  }
  ~Arguments() override {
    arguments_clear(&read_);
  }
  // An empty text, or the type of the error.
  std::string ReadOne(const char *json) {
    args_ = Parse(json);
    int r = arguments_read_one(&call_, args_.get(), &read_);
    return r == 0 ? "" : call_.failure.type;
  }
  const brood_value &Last() const {
    return read_.values[read_.count - 1];
  }
  // What a value of the wire is after it went through a pipe.
  struct value Travel(const char *json) {
    EXPECT_EQ(ReadOne(json), "") << json;
    brood_connection *reader = nullptr, *writer = nullptr;
    EXPECT_EQ(brood_pipe_new(nullptr, 0, &reader, &writer), 0);
    EXPECT_EQ(brood_connection_send(writer, Last(), 0), 0) << json;
    brood_value received = brood_none();
    EXPECT_EQ(brood_connection_recv(reader, &received, 0), 0) << json;
    brood_connection_free(reader);
    brood_connection_free(writer);
    return arguments_received(received);
  }

  struct arguments read_ = {};
};

TEST_F(Arguments, WhatIsPlainArrivesAsItWasSent) {
  for (const char *json :
       {"null", "true", "false", "0", "-9223372036854775808",
        "9007199254740993", "2.0", "-1.7976931348623157e+308", R"("")",
        R"("zwölf 狐")", R"({"b64":""})", R"({"b64":"AAH/"})", "[]", "[7]",
        R"([1,[2.5,[]],[[["three",{"b64":"AAH/"}],null]]])"}) {
    EXPECT_EQ(Encode(Travel(json), nullptr), json);
  }
}

TEST_F(Arguments, ABlobArrivesAsABlob) {
  std::string bytes(VALUE_MAX_BYTES + 1, 'b');
  bytes[VALUE_MAX_BYTES / 2] = '\0';
  handles_keep(&handles_, value_bytes(bytes.data(), bytes.size()), "b");
  EXPECT_EQ(Encode(Travel(R"({"ref":"b"})"), "got"),
            R"({"ref":"got","type":"blob"})");
  const struct value *got = handles_find(&handles_, "got");
  ASSERT_EQ(got->size, bytes.size());
  EXPECT_EQ(memcmp(got->as.data, bytes.data(), bytes.size()), 0);
}

TEST_F(Arguments, ADescriptorArrivesAsOneMore) {
  handles_keep(&handles_, value_descriptor(0), "f");
  EXPECT_EQ(Encode(Travel(R"({"fd":"f"})"), "got"),
            R"({"ref":"got","type":"fd"})");
  int descriptor = handles_find(&handles_, "got")->as.descriptor;
  EXPECT_GT(descriptor, 0);
  EXPECT_EQ(close(descriptor), 0);
}

TEST_F(Arguments, AConnectionIsGivenBackByWhoeverReceivedIt) {
  brood_connection *reader = nullptr, *writer = nullptr;
  ASSERT_EQ(brood_pipe_new(nullptr, 0, &reader, &writer), 0);
  handles_keep(&handles_, object_value(writer), "w");
  EXPECT_EQ(Encode(Travel(R"({"ref":"w"})"), "got"),
            R"({"ref":"got","type":"Connection"})");
  brood_connection_free(writer);
  EXPECT_EQ(brood_connection_poll(reader, 0), 0);
  handles_drop(&handles_, "got");
  EXPECT_EQ(brood_connection_poll(reader, 0), 1);
  brood_connection_free(reader);
}

// Of its maker's own object, whoever made it has two handles then.
TEST_F(Arguments, AnObjectIsGivenBackAsOftenAsItWasGot) {
  brood_lock *lock = brood_lock_new(nullptr);
  struct value made = {};
  made.kind = VALUE_LOCK;
  made.owned = true;
  made.as.object = lock;
  handles_keep(&handles_, made, "l");
  for (int i = 0; i < 2; i++) {
    EXPECT_EQ(Encode(Travel(R"({"ref":"l"})"), "got"),
              R"({"ref":"l","type":"Lock"})");
  }
  handles_drop(&handles_, "got");
  // An answer that is no failure; freeing the lock twice would be one.
  brood_shared_value *raw = brood_shared_value_new(nullptr, 'i', BROOD_NO_LOCK);
  EXPECT_EQ(brood_shared_value_get_lock(raw), nullptr);
  ASSERT_EQ(brood_error(), BROOD_OK);
  handles_drop(&handles_, "l");
  EXPECT_EQ(brood_error(), BROOD_OK) << brood_error_message();
  brood_shared_value_free(raw);
}

TEST_F(Arguments, AListHoldsWhateverIsAValue) {
  brood_event *event = brood_event_new(nullptr);
  handles_keep(&handles_, object_value(event), "e");
  EXPECT_EQ(Encode(Travel(R"([{"ref":"e"},["two",{"ref":"e"}],3])"), nullptr),
            R"([{"ref":"e","type":"Event"},["two",{"ref":"e","type":"Event"}],)"
            "3]");
  handles_drop(&handles_, "e");
  brood_event_free(event);
}

TEST_F(Arguments, WrapsTheLastOne) {
  EXPECT_EQ(ReadOne("5"), "");
  EXPECT_EQ(ReadOne("[1,2]"), "");
  arguments_wrap(&read_);
  EXPECT_EQ(read_.values[0].as.int64, 5);
  ASSERT_EQ(Last().num_items, 1u);
  EXPECT_EQ(Last().as.items[0].num_items, 2u);
}

TEST_F(Arguments, ACopyOutlivesTheRequestAndTheHandles) {
  handles_keep(&handles_, value_blob(calloc(1, 1), 1), "b");
  EXPECT_EQ(ReadOne(R"(["text",[{"ref":"b"}]])"), "");
  EXPECT_EQ(arguments_copy(&call_, &read_), 0);
  args_ = nullptr;
  handles_drop(&handles_, "b");
  EXPECT_STREQ(static_cast<const char *>(Last().as.items[0].as.data), "text");
  EXPECT_EQ(Last().as.items[1].as.items[0].size_bytes, 1u);
}

TEST_F(Arguments, RefusesWhatIsNotOneValue) {
  for (const char *json : {R"([{"map":{}}])", R"({"map":{}})",
                           R"({"fn":"echo"})", R"({"b64":"?"})"}) {
    EXPECT_EQ(ReadOne(json), "TypeError") << json;
  }
  EXPECT_EQ(ReadOne("9223372036854775808"), "OverflowError");
  EXPECT_EQ(ReadOne(R"({"ref":"none"})"), "KeyError");
  struct value many = value_list(VALUE_DESCRIPTORS, 2);
  many.as.items[0] = many.as.items[1] = value_descriptor(0);
  handles_keep(&handles_, many, "many");
  EXPECT_EQ(ReadOne(R"({"ref":"many"})"), "TypeError");
}

TEST_F(Arguments, OnlyBytesAreBytes) {
  for (const char *json : {R"("text")", "5", "null", R"({"ref":"os"})"}) {
    args_ = Parse(json);
    EXPECT_EQ(arguments_read_bytes(&call_, args_.get(), &read_), -1);
    EXPECT_STREQ(call_.failure.type, "TypeError") << json;
  }
  args_ = Parse(R"({"b64":"AAH/"})");
  EXPECT_EQ(arguments_read_bytes(&call_, args_.get(), &read_), 0);
  EXPECT_EQ(Last().size_bytes, 3u);
}

TEST_F(Arguments, WhatIsNoObjectIsAPointerThatLivesOn) {
  handles_keep(&handles_, value_context(nullptr), "c");
  ASSERT_EQ(ReadOne(R"({"ref":"c"})"), "");
  ASSERT_EQ(Last().type, BROOD_TYPE_POINTER);
  const struct value *pointer =
      static_cast<const struct value *>(Last().as.data);
  arguments_pin(&call_, &read_);
  handles_drop(&handles_, "c");
  handles_drop(&handles_, "mp");
  EXPECT_EQ(pointer->kind, VALUE_CONTEXT);
}

// A connection of a pipe, whose other end is not needed.
void *NewConnection() {
  brood_connection *first = nullptr, *second = nullptr;
  brood_pipe_new(nullptr, 0, &first, &second);
  brood_connection_free(second);
  return first;
}

TEST(Object, EveryKindIsRecognised) {
  struct {
    enum value_kind kind;
    const char *type;
    void *object;
  } cases[] = {
      {VALUE_LOCK, "Lock", brood_lock_new(nullptr)},
      {VALUE_RLOCK, "RLock", brood_rlock_new(nullptr)},
      {VALUE_SEMAPHORE, "Semaphore", brood_semaphore_new(nullptr, 1)},
      {VALUE_CONDITION, "Condition", brood_condition_new(nullptr, nullptr)},
      {VALUE_EVENT, "Event", brood_event_new(nullptr)},
      {VALUE_BARRIER, "Barrier", brood_barrier_new(nullptr, 1, nullptr, 0)},
      {VALUE_VALUE, "Value", brood_shared_value_new(nullptr, 'i', nullptr)},
      {VALUE_RAW_VALUE, "RawValue",
       brood_shared_value_new(nullptr, 'i', BROOD_NO_LOCK)},
      {VALUE_ARRAY, "Array", brood_shared_array_new(nullptr, 'i', 0, nullptr)},
      {VALUE_RAW_ARRAY, "RawArray",
       brood_shared_array_new(nullptr, 'i', 0, BROOD_NO_LOCK)},
      {VALUE_CONNECTION, "Connection", NewConnection()},
      {VALUE_QUEUE, "Queue", brood_queue_new(nullptr, 0)},
      {VALUE_JOINABLE, "JoinableQueue", brood_joinable_queue_new(nullptr, 0)},
      {VALUE_SIMPLE_QUEUE, "SimpleQueue", brood_simple_queue_new(nullptr)},
  };
  for (const auto &c : cases) {
    ASSERT_NE(c.object, nullptr) << c.type;
    struct value value = object_value(c.object);
    EXPECT_EQ(value.kind, c.kind) << c.type;
    EXPECT_EQ(value.as.object, c.object);
    EXPECT_FALSE(value.owned);
    EXPECT_STREQ(value_type(&value), c.type);
    object_free(&value);
  }
}

TEST(Object, IsRecognisedInWhateverState) {
  brood_lock *lock = brood_lock_new(nullptr);
  brood_condition *condition = brood_condition_new(nullptr, lock);
  brood_condition_acquire(condition, 0);
  EXPECT_EQ(object_value(condition).kind, VALUE_CONDITION);
  EXPECT_EQ(brood_condition_release(condition), 0);
  brood_condition_free(condition);
  brood_lock_free(lock);

  brood_queue *queue = brood_joinable_queue_new(nullptr, 0);
  brood_queue_put(queue, brood_none(), 0);
  EXPECT_EQ(object_value(queue).kind, VALUE_JOINABLE);
  EXPECT_EQ(brood_queue_task_done(queue), 0);
  brood_queue_close(queue);
  EXPECT_EQ(object_value(queue).kind, VALUE_JOINABLE);
  brood_queue_free(queue);

  brood_simple_queue *simple = brood_simple_queue_new(nullptr);
  brood_simple_queue_close(simple);
  EXPECT_EQ(object_value(simple).kind, VALUE_SIMPLE_QUEUE);
  brood_simple_queue_free(simple);

  auto *end = static_cast<brood_connection *>(NewConnection());
  brood_connection_close(end);
  EXPECT_EQ(object_value(end).kind, VALUE_CONNECTION);
  brood_connection_free(end);
}

}  // namespace
