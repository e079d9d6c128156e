// Proves that tuples arrive whole, however they travel: as arguments of all
// methods, through pipes and queues, small, large and with descriptors and
// objects in them; that a copy is a value of its own; that clearing leaves
// nothing behind; and that what is wrong inside of one is refused.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <deque>

#include "lib/test/connections.h"
#include "lib/test/faults.h"
#include "lib/test/targets.h"

namespace {

class Tuples : public ObjectsTest {};
INSTANTIATE_METHODS(Tuples);

class TuplesSent : public ObjectsTest {};
INSTANTIATE_TEST_SUITE_P(Methods, TuplesSent, testing::Values("fork"),
                         NameOfParam);

brood_value TupleOf(const Values &items) {
  return brood_tuple(items.data(), items.size());
}

// So deep, with nothing in the innermost. The items lie in *storage.
brood_value Deep(int depth, std::deque<Values> *storage) {
  storage->emplace_back();
  brood_value value = TupleOf(storage->back());
  for (int i = 1; i < depth; i++) {
    storage->push_back({value});
    value = TupleOf(storage->back());
  }
  return value;
}

int DepthOf(const brood_value &value) {
  if (value.type != BROOD_TYPE_TUPLE) return 0;
  return value.num_items == 0 ? 1 : 1 + DepthOf(value.as.items[0]);
}

bool IsSameFile(int first, int second) {
  struct stat one, two;
  return fstat(first, &one) == 0 && fstat(second, &two) == 0 &&
         one.st_ino == two.st_ino && one.st_dev == two.st_dev;
}

// One of each type that travels, with bytes of some size. Everything that it
// names is gone with it.
class Sample {
 public:
  explicit Sample(size_t size)
      : bytes_(Pattern(size, 3)),
        lock(brood_lock_new(brood_get_context("fork"))),
        event(brood_event_new(brood_get_context("fork"))),
        inner_{brood_descriptor(file.writing()), brood_object(lock),
               brood_string("inner"), brood_object(event)},
        items_{brood_none(),
               brood_bool(true),
               brood_int64(INT64_MIN),
               brood_double(0.5),
               brood_string(""),
               brood_string("text"),
               brood_bytes(bytes_.data(), bytes_.size()),
               TupleOf({}),
               TupleOf(inner_),
               brood_object(pipe.first),
               brood_object(lock),
               brood_descriptor(file.reading())} {
  }
  ~Sample() {
    brood_lock_free(lock);
    brood_event_free(event);
  }

  brood_value value() const {
    return TupleOf(items_);
  }

  // Whether a tuple is this one, with objects of this process if they are to be
  // the same.
  bool IsLike(const brood_value &got) const {
    const brood_value *at, *in;
    size_t count;
    if (brood_value_tuple(&got, &at, &count) < 0 || count != items_.size() ||
        brood_value_tuple(&at[8], &in, &count) < 0 || count != inner_.size()) {
      return false;
    }
    return at[0].type == BROOD_TYPE_NONE && at[1].as.boolean &&
           at[2].as.int64 == INT64_MIN && at[3].as.real == 0.5 &&
           strcmp((const char *)at[4].as.data, "") == 0 &&
           strcmp((const char *)at[5].as.data, "text") == 0 &&
           at[6].size_bytes == bytes_.size() &&
           std::equal(bytes_.begin(), bytes_.end(),
                      (const char *)at[6].as.data) &&
           at[7].type == BROOD_TYPE_TUPLE && at[7].num_items == 0 &&
           IsSameFile(in[0].as.descriptor, file.writing()) &&
           brood_value_object(&in[1], BROOD_KIND_LOCK) == lock &&
           strcmp((const char *)in[2].as.data, "inner") == 0 &&
           brood_value_object(&in[3], BROOD_KIND_EVENT) == event &&
           brood_value_object(&at[9], BROOD_KIND_CONNECTION) != nullptr &&
           brood_value_object(&at[10], BROOD_KIND_LOCK) == lock &&
           IsSameFile(at[11].as.descriptor, file.reading());
  }

 private:
  std::vector<char> bytes_;
  Pipe file;
  Connections pipe;
  brood_lock *lock;
  brood_event *event;
  Values inner_, items_;
};

// Inside of messages and items, outside of them, and too large to be lent.
constexpr size_t kSizes[] = {0, 600, 20000, 100000, 300000, 5 << 20};

// ------------------------------------------------------------- Arguments --

// (("text", (descriptor, lock, connection)), 5)
void use_tuple(const brood_args *args) {
  const brood_value *outer, *inner;
  size_t num_outer, num_inner;
  const char *text;
  int fd;
  CHILD_CHECK(brood_args_count(args) == 2);
  CHILD_CHECK(brood_value_tuple(brood_args_get(args, 0), &outer, &num_outer) ==
              0);
  CHILD_CHECK(num_outer == 2);
  CHILD_CHECK(brood_value_string(&outer[0], &text) == 0);
  CHILD_CHECK(brood_value_tuple(&outer[1], &inner, &num_inner) == 0);
  CHILD_CHECK(num_inner == 3);
  CHILD_CHECK(brood_value_descriptor(&inner[0], &fd) == 0);
  auto lock = (brood_lock *)brood_value_object(&inner[1], BROOD_KIND_LOCK);
  auto end =
      (brood_connection *)brood_value_object(&inner[2], BROOD_KIND_CONNECTION);
  CHILD_CHECK(brood_lock_acquire(lock, 0) == BROOD_TIMEOUT);
  CHILD_CHECK(brood_connection_send(end, brood_string(text), 0) == 0);
  Tell(fd, text);
  brood_exit((int)Int64At(args, 1));
}
BROOD_TARGET(use_tuple);

TEST_P(Tuples, AsArguments) {
  Pipe told;
  Connections pipe;
  brood_lock *lock = brood_lock_new(brood_get_context(GetParam()));
  ASSERT_WORKS(brood_lock_acquire(lock, 0));
  for (size_t size : {(size_t)5, (size_t)40000}) {
    std::string text(size, 'x');
    Values inner = {told.Argument(), brood_object(lock),
                    brood_object(pipe.second)};
    Values outer = {brood_string(text.c_str()), TupleOf(inner)};
    Process process(GetParam(), use_tuple, {TupleOf(outer), brood_int64(5)});
    // It is copied when the process is made.
    outer.assign(2, brood_none());
    text.assign(size, 'y');
    EXPECT_EQ(process.Run(), 5) << brood_error_message();
    EXPECT_EQ(Receive(pipe.first), std::string(size, 'x'));
  }
  EXPECT_EQ(told.ReadAll(), std::string(40005, 'x'));
  brood_lock_release(lock);
  brood_lock_free(lock);
}

void measure_depth(const brood_args *args) {
  brood_exit(DepthOf(*brood_args_get(args, 0)));
}
BROOD_TARGET(measure_depth);

TEST_P(Tuples, AsArgumentsHaveAMaximumOfDepth) {
  std::deque<Values> storage;
  Process process(GetParam(), measure_depth, {Deep(32, &storage)});
  EXPECT_EQ(process.Run(), 32) << brood_error_message();
  brood_value arguments[] = {brood_none(), Deep(33, &storage)};
  brood_process_options options = {};
  options.args = arguments;
  options.num_args = 2;
  EXPECT_NULL_FAILS(brood_process_new(brood_get_context(GetParam()), &options),
                    BROOD_VALUE_ERROR, "argument 1: tuples more than 32 deep");
}

// What a process cannot be given it cannot be given in a tuple.
TEST_P(Tuples, APointerInsideMeansSomethingInAForkOnly) {
  int here = 17;
  Values inner = {brood_pointer(&here)};
  Process process(GetParam(), nothing, {TupleOf(inner)});
  if (std::string(GetParam()) == "fork") {
    EXPECT_EQ(process.Run(), 0);
  } else {
    EXPECT_FAILS(process.Start(), BROOD_TYPE_ERROR, "pointer");
  }
}

TEST_P(Tuples, WhatIsWrongInsideOfAnArgumentIsRefused) {
  int here = 0;
  brood_value unknown = brood_none(), with_nul = brood_string("b\0c");
  unknown.type = (enum brood_type)99;
  with_nul.size_bytes = 3;
  struct {
    brood_value value;
    int code;
    const char *text;
  } const wrong[] = {
      {unknown, BROOD_TYPE_ERROR, "unknown type 99"},
      {brood_string(nullptr), BROOD_TYPE_ERROR, "a string of 0 bytes at NULL"},
      {with_nul, BROOD_VALUE_ERROR, "with a NUL inside"},
      {brood_tuple(nullptr, 2), BROOD_TYPE_ERROR, "a tuple of 2 items at NULL"},
      {brood_tuple(&unknown, SIZE_MAX), BROOD_VALUE_ERROR,
       "a tuple of 18446744073709551615 items"},
      {brood_descriptor(-3), BROOD_VALUE_ERROR, "descriptor -3"},
      {brood_object(&here), BROOD_TYPE_ERROR, "no shared object"},
  };
  for (const auto &one : wrong) {
    Values inner = {brood_none(), one.value}, outer = {TupleOf(inner)};
    brood_value arguments[] = {brood_none(), TupleOf(outer)};
    brood_process_options options = {};
    options.args = arguments;
    options.num_args = 2;
    EXPECT_NULL_FAILS(
        brood_process_new(brood_get_context(GetParam()), &options), one.code,
        one.text);
    EXPECT_PRED2(StartsWith, brood_error_message(), "argument 1: ");
  }
}

// ------------------------------------------------------ Pipes and queues --

TEST_P(TuplesSent, ThroughAPipe) {
  Connections pipe;
  for (size_t size : kSizes) {
    Sample sample(size);
    brood_value got;
    int before = NumDescriptors();
    ASSERT_WORKS(brood_connection_send(pipe.first, sample.value(), kLong));
    ASSERT_WORKS(brood_connection_recv(pipe.second, &got, kLong));
    EXPECT_TRUE(sample.IsLike(got)) << size;
    brood_value_clear(&got);
    EXPECT_EQ(got.type, BROOD_TYPE_NONE);
    // Memory that was lent stays this process's.
    EXPECT_LE(NumDescriptors(), before + 1) << size;
  }
}

TEST_P(TuplesSent, ThroughQueues) {
  Queue queue;
  brood_simple_queue *simple =
      brood_simple_queue_new(brood_get_context("fork"));
  for (size_t size : kSizes) {
    Sample sample(size);
    brood_value got[2];
    int before = NumDescriptors();
    ASSERT_WORKS(brood_queue_put(queue, sample.value(), kLong));
    ASSERT_WORKS(brood_simple_queue_put(simple, sample.value()));
    ASSERT_WORKS(brood_queue_get(queue, &got[0], kLong));
    ASSERT_WORKS(brood_simple_queue_get(simple, &got[1]));
    for (brood_value &value : got) {
      EXPECT_TRUE(sample.IsLike(value)) << size;
      brood_value_clear(&value);
    }
    EXPECT_EQ(NumDescriptors(), before) << size;
  }
  brood_simple_queue_free(simple);
}

// In their order, those that are alone and those that are not.
TEST_P(TuplesSent, AmongOtherItems) {
  Queue queue;
  std::vector<char> large = Pattern(BROOD_MAX_ITEM + 1, 1);
  Values pair = {brood_int64(2), brood_string("two")};
  Values big = {brood_bytes(large.data(), large.size())};
  Values items = {brood_int64(1), TupleOf(pair), TupleOf({}), TupleOf(big),
                  brood_string("last")};
  EXPECT_EQ(brood_queue_put_many(queue, items.data(), items.size(), kLong), 5);
  for (const brood_value &item : items) {
    brood_value got;
    ASSERT_WORKS(brood_queue_get(queue, &got, 0));
    ASSERT_EQ(got.type, item.type);
    if (got.type == BROOD_TYPE_TUPLE) {
      EXPECT_EQ(got.num_items, item.num_items);
    }
    brood_value_clear(&got);
  }
}

// Around the end of the ring, whose size is no multiple of theirs.
TEST_P(TuplesSent, ManyThroughAQueue) {
  Queue queue;
  for (int64_t i = 0; i < 3000 && !HasFailure(); i++) {
    std::string text((size_t)(i % 700), 'x');
    Values items = {brood_int64(i), brood_string(text.c_str())};
    ASSERT_WORKS(brood_queue_put(queue, TupleOf(items), 0));
    if (i < 10) continue;
    brood_value got;
    ASSERT_WORKS(brood_queue_get(queue, &got, 0));
    ASSERT_EQ(got.num_items, 2u);
    EXPECT_EQ(got.as.items[0].as.int64, i - 10);
    EXPECT_EQ(strlen((const char *)got.as.items[1].as.data),
              (size_t)((i - 10) % 700));
    brood_value_clear(&got);
  }
}

TEST_P(TuplesSent, HaveAMaximumOfDepth) {
  Connections pipe;
  Queue queue;
  std::deque<Values> storage;
  for (int depth : {31, 32}) {
    brood_value got[3];
    ASSERT_WORKS(brood_connection_send(pipe.first, Deep(depth, &storage), 0));
    ASSERT_WORKS(brood_connection_recv(pipe.second, &got[0], 0));
    ASSERT_WORKS(brood_queue_put(queue, Deep(depth, &storage), 0));
    ASSERT_WORKS(brood_queue_get(queue, &got[1], 0));
    ASSERT_WORKS(brood_value_copy(&got[0], &got[2]));
    for (brood_value &value : got) {
      EXPECT_EQ(DepthOf(value), depth);
      brood_value_clear(&value);
    }
  }
  brood_value got, deeper = Deep(33, &storage);
  EXPECT_FAILS(brood_connection_send(pipe.first, deeper, 0), BROOD_VALUE_ERROR,
               "cannot send tuples more than 32 deep");
  EXPECT_FAILS(brood_queue_put(queue, deeper, 0), BROOD_VALUE_ERROR,
               "cannot send tuples more than 32 deep");
  EXPECT_FAILS(brood_value_copy(&deeper, &got), BROOD_VALUE_ERROR,
               "cannot copy tuples more than 32 deep");
}

TEST_P(TuplesSent, HaveAMaximumOfDescriptors) {
  Connections pipe;
  Queue queue;
  Pipe file;
  for (size_t count : {200, 253}) {
    Values items(count, file.Argument());
    brood_value got[2];
    ASSERT_WORKS(brood_connection_send(pipe.first, TupleOf(items), 0));
    ASSERT_WORKS(brood_connection_recv(pipe.second, &got[0], 0));
    ASSERT_WORKS(brood_queue_put(queue, TupleOf(items), 0));
    ASSERT_WORKS(brood_queue_get(queue, &got[1], 0));
    for (brood_value &value : got) {
      ASSERT_EQ(value.num_items, count);
      EXPECT_TRUE(
          IsSameFile(value.as.items[count - 1].as.descriptor, file.writing()));
      brood_value_clear(&value);
    }
  }
  Values items(254, file.Argument());
  EXPECT_FAILS(brood_connection_send(pipe.first, TupleOf(items), 0),
               BROOD_VALUE_ERROR, "more than 253 descriptors");
  EXPECT_FAILS(brood_queue_put(queue, TupleOf(items), 0), BROOD_VALUE_ERROR,
               "more than 253 descriptors");
  // A large one needs one for itself.
  std::vector<char> large = Pattern(BROOD_MAX_ITEM + 1, 1);
  items.back() = brood_bytes(large.data(), large.size());
  EXPECT_FAILS(brood_queue_put(queue, TupleOf(items), 0), BROOD_VALUE_ERROR,
               "more than 252 descriptors");
  // But objects that lie together need one for all.
  Objects objects("fork");
  Values all = objects.Arguments(), many;
  for (int i = 0; i < 50; i++) {
    many.insert(many.end(), all.begin(), all.end());
  }
  brood_value got;
  ASSERT_WORKS(brood_queue_put(queue, TupleOf(many), 0));
  ASSERT_WORKS(brood_queue_get(queue, &got, 0));
  EXPECT_EQ(got.as.items[399].as.object, objects.array);
  brood_value_clear(&got);
}

TEST_P(TuplesSent, WhatIsWrongInsideIsRefusedAndNothingSent) {
  Connections pipe, closed;
  Queue queue;
  int here = 0;
  brood_connection_close(closed.first);
  struct {
    brood_value value;
    int code;
    const char *text;
  } const wrong[] = {
      {brood_pointer(&here), BROOD_TYPE_ERROR, "cannot send the pointer"},
      {brood_string(nullptr), BROOD_TYPE_ERROR, "cannot send a string"},
      {brood_tuple(nullptr, 1), BROOD_TYPE_ERROR, "cannot send a tuple of 1"},
      {brood_descriptor(1000), BROOD_OS_ERROR, "cannot send descriptor 1000"},
      {brood_object(closed.first), BROOD_OS_ERROR, "handle is closed"},
      {brood_object(&here), BROOD_TYPE_ERROR, "no shared object"},
      {brood_bytes("", (size_t)BROOD_MAX_MESSAGE - 8), BROOD_VALUE_ERROR,
       "bytes together: the maximum is 4294967296"},
  };
  for (const auto &one : wrong) {
    Values inner = {brood_object(pipe.first), one.value};
    Values outer = {TupleOf(inner)};
    EXPECT_FAILS(brood_connection_send(pipe.first, TupleOf(outer), 0), one.code,
                 one.text);
    EXPECT_FAILS(brood_queue_put(queue, TupleOf(outer), 0), one.code, one.text);
  }
  EXPECT_EQ(brood_connection_poll(pipe.second, 0), 0);
  EXPECT_EQ(brood_queue_empty(queue), 1);
  brood_value got;
  Values text = {brood_string("text")};
  ASSERT_WORKS(brood_connection_send(pipe.first, TupleOf(text), 0));
  EXPECT_FAILS(brood_connection_recv_bytes(pipe.second, &got, BROOD_ALL, 0),
               BROOD_TYPE_ERROR, "the message is a tuple, not bytes");
}

// --------------------------------------------------------- Clear and copy --

TEST_P(TuplesSent, ACopyIsAValueOfItsOwn) {
  for (size_t size : {(size_t)100, (size_t)300000}) {
    Sample sample(size);
    int before = NumDescriptors();
    brood_value original = sample.value(), first, second;
    ASSERT_WORKS(brood_value_copy(&original, &first));
    ASSERT_WORKS(brood_value_copy(&first, &second));
    EXPECT_NE(first.as.items[9].as.object, original.as.items[9].as.object);
    brood_value_clear(&first);
    EXPECT_TRUE(sample.IsLike(second));
    EXPECT_TRUE(sample.IsLike(original));
    // One item for itself.
    brood_value item;
    ASSERT_WORKS(brood_value_copy(&second.as.items[5], &item));
    brood_value_clear(&second);
    EXPECT_STREQ((const char *)item.as.data, "text");
    brood_value_clear(&item);
    EXPECT_EQ(NumDescriptors(), before);
  }
}

TEST_P(TuplesSent, EachTypeIsCopied) {
  Pipe file;
  Objects objects("fork");
  int here = 0;
  Values values = objects.Arguments();
  for (const brood_value &value :
       {brood_none(), brood_int64(5), brood_string("a"), brood_bytes("a\0b", 3),
        brood_bytes(nullptr, 0), file.Argument(), brood_pointer(&here)}) {
    values.push_back(value);
  }
  int before = NumDescriptors();
  for (const brood_value &value : values) {
    brood_value copy;
    ASSERT_WORKS(brood_value_copy(&value, &copy));
    ASSERT_EQ(copy.type, value.type);
    EXPECT_EQ(copy.size_bytes, value.size_bytes);
    if (value.type == BROOD_TYPE_OBJECT || value.type == BROOD_TYPE_POINTER) {
      EXPECT_EQ(copy.as.data, value.as.data);
    }
    if (value.type == BROOD_TYPE_DESCRIPTOR) {
      EXPECT_NE(copy.as.descriptor, value.as.descriptor);
      EXPECT_TRUE(IsSameFile(copy.as.descriptor, value.as.descriptor));
    }
    brood_value_clear(&copy);
  }
  EXPECT_EQ(NumDescriptors(), before);
  brood_value copy, bad = brood_object(&here);
  EXPECT_FAILS(brood_value_copy(&bad, &copy), BROOD_TYPE_ERROR,
               "cannot copy the object");
  EXPECT_FAILS(brood_value_copy(nullptr, &copy), BROOD_TYPE_ERROR, "NULL");
  EXPECT_FAILS(brood_value_copy(&bad, nullptr), BROOD_TYPE_ERROR, "NULL");
}

// ----------------------------------------------------------------- Sweeps --

// What another process made, and has put into a tuple twice: its memory is
// mapped when the tuple comes, and no longer than the last value lives.
class TuplesSweep : public ObjectsTest {
 protected:
  void SetUp() override {
    ObjectsTest::SetUp();
    // The first message from elsewhere makes what this process keeps for ever.
    Connections pipe;
    SendForeign(pipe.first, nullptr);
    brood_value got;
    ASSERT_WORKS(brood_connection_recv(pipe.second, &got, kLong));
    brood_value_clear(&got);
  }

  void TearDown() override {
    sys_fault_only(nullptr);
    ObjectsTest::TearDown();
  }

  // The n-th call fails after Arm, as for ForEachFault, and none before it or
  // after Suspend.
  void Arm(int error) {
    nth_ = error == error_ ? nth_ + 1 : 1;
    error_ = error;
    sys_fault_only(nullptr);
    sys_fault_arm(nth_, error);
  }
  void Suspend() {
    sys_fault_only("nothing");
  }

  void SendForeign(brood_connection *to, brood_queue *queue) {
    InFork([&] {
      Objects objects("fork");
      Pipe file;
      Connections pipe;
      Values inner = {file.Argument(), brood_object(objects.event)};
      Values items = {brood_string("foreign"), brood_object(objects.lock),
                      TupleOf(inner), brood_object(pipe.first)};
      if (to != nullptr) {
        EXPECT_WORKS(brood_connection_send(to, TupleOf(items), 0));
      } else {
        EXPECT_WORKS(brood_queue_put(queue, TupleOf(items), 0));
      }
    });
  }

  void ExpectForeign(const brood_value &got) {
    ASSERT_EQ(got.num_items, 4u);
    const brood_value *items = got.as.items;
    EXPECT_STREQ((const char *)items[0].as.data, "foreign");
    auto lock = (brood_lock *)brood_value_object(&items[1], BROOD_KIND_LOCK);
    EXPECT_WORKS(brood_lock_acquire(lock, 0));
    EXPECT_WORKS(brood_lock_release(lock));
    EXPECT_GE(write(items[2].as.items[0].as.descriptor, "", 0), 0);
    EXPECT_EQ(brood_kind_of(items[2].as.items[1].as.object), BROOD_KIND_EVENT);
    EXPECT_EQ(brood_kind_of(items[3].as.object), BROOD_KIND_CONNECTION);
  }

  void ExpectFault(int r, int error) {
    EXPECT_EQ(sys_fault_left(), 0) << brood_error_message();
    EXPECT_EQ(r, BROOD_OS_ERROR) << brood_error_message();
    EXPECT_EQ(brood_errno(), error) << brood_error_message();
  }

 private:
  int nth_ = 0, error_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Methods, TuplesSweep, testing::Values("fork"),
                         NameOfParam);

TEST_P(TuplesSweep, ReceivingFromAPipe) {
  ForEachFault([&](int error) {
    Suspend();
    Connections pipe;
    int descriptors = NumDescriptors(), arenas = NumArenas();
    SendForeign(pipe.first, nullptr);
    Arm(error);
    brood_value got;
    int r = brood_connection_recv(pipe.second, &got, 0);
    Suspend();
    if (r < 0) {
      ExpectFault(r, error);
      r = brood_connection_recv(pipe.second, &got, 0);
      if (error == ENOMEM) {
        EXPECT_WORKS(r) << "it was lost: " << brood_error_message();
      }
    }
    if (r == 0) {
      ExpectForeign(got);
      brood_value_clear(&got);
    }
    EXPECT_EQ(NumDescriptors(), descriptors);
    EXPECT_EQ(NumArenas(), arenas);
  });
}

TEST_P(TuplesSweep, GettingFromAQueue) {
  Queue queue;
  ForEachFault([&](int error) {
    Suspend();
    int descriptors = NumDescriptors(), arenas = NumArenas();
    SendForeign(nullptr, queue);
    Arm(error);
    brood_value got;
    int r = brood_queue_get(queue, &got, 0);
    Suspend();
    if (r < 0) {
      ExpectFault(r, error);
      EXPECT_EQ(brood_queue_qsize(queue), 1);
      ASSERT_WORKS(brood_queue_get(queue, &got, 0));
    }
    ExpectForeign(got);
    brood_value_clear(&got);
    EXPECT_EQ(NumDescriptors(), descriptors);
    EXPECT_EQ(NumArenas(), arenas);
  });
}

// An item in a memfd that cannot be read after it has been got is lost; but not
// a tuple with descriptors, which is read before.
TEST_P(TuplesSweep, PuttingAndGettingOutside) {
  std::vector<char> large = Pattern(BROOD_MAX_ITEM + 1, 1);
  for (bool has_descriptor : {false, true}) {
    Pipe file;
    Queue queue;
    Values items = {brood_bytes(large.data(), large.size()),
                    has_descriptor ? file.Argument() : brood_none()};
    ForEachFault([&](int error) {
      Suspend();
      int descriptors = NumDescriptors();
      brood_value got = brood_none();
      Arm(error);
      int r = brood_queue_put(queue, TupleOf(items), 0);
      if (r < 0) ExpectFault(r, error);
      if (r < 0) {
        ASSERT_WORKS(brood_queue_put(queue, TupleOf(items), 0));
      }
      r = brood_queue_get(queue, &got, 0);
      Suspend();
      if (r < 0) ExpectFault(r, error);
      bool is_lost = r < 0 && brood_queue_qsize(queue) == 0;
      EXPECT_FALSE(is_lost && has_descriptor);
      if (r < 0 && !is_lost) {
        ASSERT_WORKS(brood_queue_get(queue, &got, 0));
      }
      if (!is_lost) {
        ASSERT_EQ(got.num_items, 2u);
        EXPECT_EQ(memcmp(got.as.items[0].as.data, large.data(), large.size()),
                  0);
      }
      brood_value_clear(&got);
      EXPECT_EQ(NumDescriptors(), descriptors);
    });
  }
}

TEST_P(TuplesSweep, Copying) {
  Sample sample(1000);
  brood_value original = sample.value();
  ForEachFault([&](int error) {
    Suspend();
    int descriptors = NumDescriptors();
    brood_value copy;
    Arm(error);
    int r = brood_value_copy(&original, &copy);
    Suspend();
    if (r < 0) {
      ExpectFault(r, error);
    } else {
      EXPECT_TRUE(sample.IsLike(copy));
      brood_value_clear(&copy);
    }
    EXPECT_EQ(NumDescriptors(), descriptors);
  });
}

}  // namespace
