// Proves that NULL where an output or a function belongs is BROOD_TYPE_ERROR in
// every public function that has one. Found was: a crash in a dozen of them.
// SPDX-License-Identifier: MIT
#include <functional>
#include <utility>
#include <vector>

#include "lib/test/connections.h"
#include "lib/test/targets.h"

namespace {

using Call = std::pair<const char *, std::function<int()>>;

#define CALL(...)                                    \
  Call {                                             \
#__VA_ARGS__, [&] { return (int)(__VA_ARGS__); } \
  }

// What returns nothing, or a pointer, tells by brood_error(), which is another
// before.
#define CALL_VOID(...)        \
  Call {                      \
#__VA_ARGS__, [&] {         \
      brood_lock_acquire(nullptr, 0); \
      (void)(__VA_ARGS__);      \
      return brood_error();     \
    } \
  }

void ExpectTypeErrors(const std::vector<Call> &calls) {
  for (const Call &call : calls) {
    SCOPED_TRACE(call.first);
    EXPECT_EQ(call.second(), BROOD_TYPE_ERROR);
    EXPECT_EQ(brood_error(), BROOD_TYPE_ERROR);
    EXPECT_STRNE(brood_error_message(), "");
  }
}

// nulls(1, "text", bytes, descriptor, objects..., queue, simple queue, end)
void nulls(const brood_args *args) {
  bool is_right = true;
  const void *data;
  size_t size;
  for (int r : {brood_value_bool(brood_args_get(args, 0), nullptr),
                brood_value_int64(brood_args_get(args, 1), nullptr),
                brood_value_double(brood_args_get(args, 2), nullptr),
                brood_value_string(brood_args_get(args, 3), nullptr),
                brood_value_bytes(brood_args_get(args, 4), nullptr, &size),
                brood_value_bytes(brood_args_get(args, 4), &data, nullptr),
                brood_value_descriptor(brood_args_get(args, 5), nullptr),
                brood_value_pointer(brood_args_get(args, 6), nullptr),
                brood_value_tuple(brood_args_get(args, 4), nullptr, &size),
                brood_value_copy(brood_args_get(args, 4), nullptr)}) {
    is_right = is_right && r == BROOD_TYPE_ERROR;
  }
  CHILD_CHECK(is_right);
  brood_exit(7);
}

class Nulls : public ObjectsTest {};
INSTANTIATE_TEST_SUITE_P(Methods, Nulls, testing::Values("fork"), NameOfParam);

TEST_P(Nulls, Arguments) {
  Objects objects("fork");
  Queue queue;
  Connections pipe;
  brood_simple_queue *simple =
      brood_simple_queue_new(brood_get_context("fork"));
  Values values = {brood_bool(true),    brood_int64(1),
                   brood_double(1),     brood_string("text"),
                   brood_bytes("b", 1), brood_descriptor(1),
                   brood_pointer(&pipe)};
  for (const brood_value &object : objects.Arguments()) {
    values.push_back(object);
  }
  values.push_back(queue.Argument());
  values.push_back(brood_object(simple));
  values.push_back(brood_object(pipe.first));
  EXPECT_EQ(Process("fork", nulls, values).Run(), 7);
  brood_simple_queue_free(simple);
}

TEST_P(Nulls, Objects) {
  Objects objects("fork");
  brood_condition *condition = objects.condition;
  EXPECT_WORKS(brood_lock_acquire(objects.lock, 0));
  ExpectTypeErrors({
      CALL(brood_condition_wait_for(condition, nullptr, nullptr, 0)),
  });
  EXPECT_WORKS(brood_lock_release(objects.lock));
}

TEST_P(Nulls, Messages) {
  Queue held;
  Connections pipe;
  brood_queue *queue = held;
  brood_simple_queue *simple =
      brood_simple_queue_new(brood_get_context("fork"));
  brood_connection *first = pipe.first, *out = nullptr;
  EXPECT_WORKS(brood_connection_send(pipe.second, brood_bytes("b", 1), 0));
  EXPECT_EQ(held.Put(1), 0);
  EXPECT_WORKS(brood_simple_queue_put(simple, brood_int64(1)));
  brood_value ready = brood_object(first);
  size_t size = 0;
  char buffer[8];
  ExpectTypeErrors({
      CALL(brood_pipe_new(nullptr, 0, nullptr, &out)),
      CALL(brood_pipe_new(nullptr, 0, &out, nullptr)),
      CALL(brood_connection_recv(first, nullptr, 0)),
      CALL(brood_connection_recv_bytes(first, nullptr, BROOD_ALL, 0)),
      CALL(brood_connection_recv_bytes_into(first, nullptr, 8, 0, &size, 0)),
      CALL(brood_connection_recv_bytes_into(first, buffer, 8, 0, nullptr, 0)),
      CALL(brood_wait(&ready, 1, nullptr, 0)),
      CALL(brood_queue_get(queue, nullptr, 0)),
      CALL(brood_queue_get_nowait(queue, nullptr)),
      CALL(brood_queue_get_many(queue, nullptr, 1, 0)),
      CALL(brood_simple_queue_get(simple, nullptr)),
  });
  // Nothing was lost.
  EXPECT_EQ(Receive(first), "bb");
  EXPECT_EQ(held.Number(), 1);
  EXPECT_EQ(brood_simple_queue_empty(simple), 0);
  brood_simple_queue_free(simple);
}

TEST_P(Nulls, ProcessesAndFunctions) {
  Process process("fork", nothing);
  EXPECT_EQ(process.Run(), 0);
  brood_process *handle = process;
  brood_target_entry no_target = {"name", nullptr, nullptr};
  brood_callable_entry no_name = {nullptr, [] { return 0; }, nullptr};
  ExpectTypeErrors({
      CALL(brood_process_exitcode(handle, nullptr)),
      CALL_VOID(brood_process_authkey(handle, nullptr)),
      CALL(brood_active_children(nullptr, 1)),
      CALL_VOID((brood_register_target(nullptr), 0)),
      CALL_VOID((brood_register_callable(nullptr), 0)),
      CALL_VOID((brood_register_target(&no_target), 0)),
      CALL_VOID((brood_register_callable(&no_name), 0)),
  });
  // These have other answers without.
  (void)brood_argv(nullptr);
  (void)brood_error_data(nullptr);
}

}  // namespace
