// Proves that pipes work between processes of every method: as arguments, sent
// through other pipes, passed on, closed early; that objects and descriptors
// arrive; and that whoever is killed, the other side learns of it.
// SPDX-License-Identifier: MIT
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <thread>

#include "lib/test/connections.h"
#include "lib/test/targets.h"

extern "C" {
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"
}

namespace {

class PipesTest : public ObjectsTest {};
INSTANTIATE_METHODS(PipesTest);

// echo(connection): sends back whatever comes, until the end of the file.
void echo(const brood_args *args) {
  brood_connection *connection = ConnectionAt(args, 0);
  brood_value value;
  while (brood_connection_recv(connection, &value, kLong) == 0) {
    CHILD_CHECK(brood_connection_send(connection, value, kLong) == 0);
    brood_value_clear(&value);
  }
  CHILD_CHECK(brood_error() == BROOD_EOF);
}
BROOD_TARGET(echo);

// Under fork the child has a copy of both ends; it must close the other one to
// see the end of the file. echo_alone(connection, the other)
void echo_alone(const brood_args *args) {
  CHILD_CHECK(brood_connection_close(ConnectionAt(args, 1)) == 0);
  echo(args);
}
BROOD_TARGET(echo_alone);

TEST_P(PipesTest, EveryMessageComesBack) {
  Connections pipe;
  Process process(GetParam(), echo_alone,
                  {brood_object(pipe.second), brood_object(pipe.first)});
  ASSERT_WORKS(process.Start());
  pipe.FreeSecond();
  uint32_t seed = 0;
  for (size_t size : {size_t{0}, size_t{1}, size_t{5000}, size_t{50000},
                      kLargestInside, kLargestInside + 1, size_t{3} << 20}) {
    std::vector<char> bytes = Pattern(size, ++seed);
    ASSERT_WORKS(brood_connection_send(
        pipe.first, brood_bytes(bytes.data(), size), BROOD_FOREVER));
    brood_value value;
    ASSERT_WORKS(brood_connection_recv(pipe.first, &value, BROOD_FOREVER));
    EXPECT_TRUE(IsPattern(&value, size, seed)) << size;
  }
  EXPECT_WORKS(Send(pipe.first, "grüße"));
  EXPECT_EQ(Receive(pipe.first), "grüße");
  EXPECT_WORKS(brood_connection_send(pipe.first, brood_double(0.5), kLong));
  EXPECT_EQ(Receive(pipe.first), "0.500000");
  pipe.FreeFirst();
  EXPECT_WORKS(process.Join());
  EXPECT_EQ(process.Code(), 0);
}

// tell_eof(connection, writing end): what receiving says.
void tell_eof(const brood_args *args) {
  Tell(DescriptorAt(args, 1), Receive(ConnectionAt(args, 0), 0));
}
BROOD_TARGET(tell_eof);

// A fork's child has the writer's end too, by a handle of its own; others have
// what they were given.
TEST_P(PipesTest, OnlyAForkInheritsTheOtherEnd) {
  Connections pipe(BROOD_UNIDIRECTIONAL);
  Pipe said;
  Process process(GetParam(), tell_eof,
                  {brood_object(pipe.first), said.Argument()});
  std::string expected = "EOFError";
  if (std::string(GetParam()) == "fork") {
    expected = "TimeoutError";
  } else {
    pipe.FreeSecond();
  }
  ASSERT_EQ(process.Run(), 0);
  EXPECT_EQ(said.ReadAll(), expected);
}

// close_and_hold(connection, reading end)
void close_and_hold(const brood_args *args) {
  brood_connection *connection = ConnectionAt(args, 0);
  CHILD_CHECK(brood_connection_free(connection) == nullptr);
  // The handle stays what it is, but closed.
  CHILD_CHECK(ConnectionAt(args, 0) == connection);
  CHILD_CHECK(brood_connection_closed(connection) == 1);
  CHILD_CHECK(brood_connection_free(connection) == nullptr);
  WaitForByte(DescriptorAt(args, 1));
}
BROOD_TARGET(close_and_hold);

TEST_P(PipesTest, AChildMayCloseWhatItWasGiven) {
  Connections pipe(BROOD_UNIDIRECTIONAL);
  Pipe go;
  Process process(GetParam(), close_and_hold,
                  {brood_object(pipe.second), go.ReadingArgument()});
  ASSERT_WORKS(process.Start());
  pipe.FreeSecond();
  EXPECT_EQ(Receive(pipe.first, BROOD_FOREVER), "EOFError");
  EXPECT_EQ(brood_process_is_alive(process), 1);
  go.Release();
  EXPECT_WORKS(process.Join());
  EXPECT_EQ(process.Code(), 0);
}

// ---------------------------------------------------------------- Arguments --

// say_direction(connection, readable, writable, lock)
void say_direction(const brood_args *args) {
  brood_connection *connection = ConnectionAt(args, 0);
  CHILD_CHECK(brood_connection_readable(connection) == Int64At(args, 1));
  CHILD_CHECK(brood_connection_writable(connection) == Int64At(args, 2));
  CHILD_CHECK(ObjectIn<brood_lock>(args, 0) == nullptr);
  CHILD_CHECK(brood_error() == BROOD_TYPE_ERROR);
  CHILD_CHECK(ObjectIn<brood_connection>(args, 3) == nullptr);
  CHILD_CHECK(brood_error() == BROOD_TYPE_ERROR);
  CHILD_CHECK(ObjectIn<brood_connection>(args, 1) == nullptr);
  CHILD_CHECK(brood_error() == BROOD_TYPE_ERROR);
  CHILD_CHECK(ObjectIn<brood_connection>(args, 4) == nullptr);
  CHILD_CHECK(brood_error() == BROOD_INDEX_ERROR);
  CHILD_CHECK(brood_args_get(args, 0)->type == BROOD_TYPE_OBJECT);
}
BROOD_TARGET(say_direction);

TEST_P(PipesTest, AnArgumentHasItsDirection) {
  Objects objects(GetParam());
  Connections one_way(BROOD_UNIDIRECTIONAL), both;
  struct {
    brood_connection *connection;
    int readable, writable;
  } cases[] = {
      {one_way.first, 1, 0}, {one_way.second, 0, 1}, {both.first, 1, 1}};
  for (const auto &each : cases) {
    Process process(GetParam(), say_direction,
                    {brood_object(each.connection), brood_int64(each.readable),
                     brood_int64(each.writable), brood_object(objects.lock)});
    EXPECT_EQ(process.Run(), 0);
  }
}

brood_connection *inherited;

// is_inherited(connection): under fork it is the very handle that there was.
void is_inherited(const brood_args *args) {
  CHILD_CHECK(ConnectionAt(args, 0) == inherited);
  CHILD_CHECK(Send(inherited, "kestrel") == 0);
}
BROOD_TARGET(is_inherited);

TEST_F(LibraryTest, AForksArgumentIsTheInheritedHandle) {
  Connections pipe;
  inherited = pipe.first;
  Process process("fork", is_inherited,
                  {brood_object(pipe.first), brood_object(pipe.first)});
  EXPECT_EQ(process.Run(), 0);
  EXPECT_EQ(Receive(pipe.second), "kestrel");
}

// say_number(number, connections...): each says where it is.
void say_numbers(const brood_args *args) {
  for (size_t i = 0; i < brood_args_count(args); i++) {
    CHILD_CHECK(brood_connection_send(ConnectionAt(args, i),
                                      brood_int64((int64_t)i), kLong) == 0);
  }
}
BROOD_TARGET(say_numbers);

TEST_P(PipesTest, ManyAndTheSameTwice) {
  constexpr int kMany = 150;
  std::vector<std::unique_ptr<Connections>> pipes;
  Values values;
  for (int i = 0; i < kMany; i++) {
    pipes.push_back(std::make_unique<Connections>(BROOD_UNIDIRECTIONAL));
    values.insert(values.end(), 2, brood_object(pipes[i]->second));
  }
  Process process(GetParam(), say_numbers, values);
  ASSERT_WORKS(process.Start());
  for (int i = 0; i < kMany; i++) {
    pipes[i]->FreeSecond();
    EXPECT_EQ(Receive(pipes[i]->first), std::to_string(2 * i));
    EXPECT_EQ(Receive(pipes[i]->first), std::to_string(2 * i + 1));
  }
  EXPECT_WORKS(process.Join());
  EXPECT_EQ(process.Code(), 0);
}

// Whatever has the number by then, it is not passed.
TEST_P(PipesTest, ClosedBeforeTheStart) {
  for (bool free : {false, true}) {
    Connections pipe;
    Process process(GetParam(), echo, {brood_object(pipe.first)});
    if (free) {
      pipe.FreeFirst();
    } else {
      EXPECT_WORKS(brood_connection_close(pipe.first));
    }
    Pipe other;
    for (int i = 0; i < 2; i++) {
      EXPECT_FAILS(process.Start(), BROOD_OS_ERROR,
                   "cannot pass a closed connection");
      EXPECT_EQ(brood_errno(), EBADF);
    }
    EXPECT_EQ(Receive(pipe.second), "EOFError");
  }
}

TEST_P(PipesTest, AFreedOneIsNoArgument) {
  Connections pipe;
  brood_value value = brood_object(pipe.first);
  pipe.FreeFirst();
  brood_process_options options = {};
  options.target = echo;
  options.args = &value;
  options.num_args = 1;
  EXPECT_NULL_FAILS(brood_process_new(brood_get_context(GetParam()), &options),
                    BROOD_TYPE_ERROR, "has been freed");
}

// pass_on(index of the next method, connection)
void pass_on(const brood_args *args) {
  int64_t next = Int64At(args, 0);
  brood_connection *connection = ConnectionAt(args, 1);
  CHILD_CHECK(brood_connection_send(connection, brood_int64(next), kLong) == 0);
  if (next == 3) return;
  Process process(kMethods[next], pass_on,
                  {brood_int64(next + 1), brood_object(connection)});
  CHILD_CHECK(process.Run() == 0);
}
BROOD_TARGET(pass_on);

TEST_P(PipesTest, PassedOnThroughAllMethods) {
  Connections pipe(BROOD_UNIDIRECTIONAL);
  Process process(GetParam(), pass_on,
                  {brood_int64(0), brood_object(pipe.second)});
  EXPECT_EQ(process.Run(), 0);
  pipe.FreeSecond();
  for (const char *number : {"0", "1", "2", "3", "EOFError"}) {
    EXPECT_EQ(Receive(pipe.first), number);
  }
}

// --------------------------------------------------- What travels in a pipe --

// use_sent(connection): one of each kind of object, then a connection and a
// descriptor.
void use_sent(const brood_args *args) {
  brood_connection *connection = ConnectionAt(args, 0);
  brood_value values[8];
  void *objects[8];
  for (int i = 0; i < 8; i++) {
    CHILD_CHECK(brood_connection_recv(connection, &values[i], kLong) == 0);
    CHILD_CHECK(values[i].type == BROOD_TYPE_OBJECT);
    objects[i] = values[i].as.object;
  }
  CHILD_CHECK(brood_lock_acquire((brood_lock *)objects[0], 0) == BROOD_TIMEOUT);
  CHILD_CHECK(brood_rlock_acquire((brood_rlock *)objects[1], 0) == 0);
  CHILD_CHECK(brood_rlock_release((brood_rlock *)objects[1]) == 0);
  CHILD_CHECK(brood_semaphore_get_value((brood_semaphore *)objects[2]) == 2);
  CHILD_CHECK(brood_condition_acquire((brood_condition *)objects[3], 0) ==
              BROOD_TIMEOUT);
  CHILD_CHECK(brood_event_set((brood_event *)objects[4]) == 0);
  CHILD_CHECK(brood_barrier_parties((brood_barrier *)objects[5]) == 2);
  auto *shared = (brood_shared_value *)objects[6];
  CHILD_CHECK(brood_shared_value_typecode(shared) == 'q');
  CHILD_CHECK(brood_shared_value_acquire(shared, 0) == 0);
  NumberIn(shared) = 42;
  CHILD_CHECK(brood_shared_value_release(shared) == 0);
  auto *array = (brood_shared_array *)objects[7];
  CHILD_CHECK(brood_shared_array_typecode(array) == 'i');
  CHILD_CHECK(brood_shared_array_acquire(array, 0) == 0);
  ElementOf(array, -1) = 43;
  CHILD_CHECK(brood_shared_array_release(array) == 0);
  brood_value other, descriptor;
  CHILD_CHECK(brood_connection_recv(connection, &other, kLong) == 0);
  CHILD_CHECK(Send((brood_connection *)other.as.object, "kestrel") == 0);
  CHILD_CHECK(brood_connection_recv(connection, &descriptor, kLong) == 0);
  Tell(descriptor.as.descriptor, "merlin");
  brood_value_clear(&descriptor);
  brood_value_clear(&other);
  for (brood_value &value : values) brood_value_clear(&value);
  CHILD_CHECK(Send(connection, "done") == 0);
}
BROOD_TARGET(use_sent);

TEST_P(PipesTest, ObjectsConnectionsAndDescriptorsArrive) {
  for (const char *maker : kMethods) {
    Connections pipe, sent(BROOD_UNIDIRECTIONAL);
    Pipe said;
    Process process(GetParam(), use_sent, {brood_object(pipe.second)});
    ASSERT_WORKS(process.Start());
    Objects objects(maker);
    EXPECT_WORKS(brood_lock_acquire(objects.lock, 0));
    for (const brood_value &object : objects.Arguments()) {
      EXPECT_WORKS(brood_connection_send(pipe.first, object, kLong));
    }
    EXPECT_WORKS(
        brood_connection_send(pipe.first, brood_object(sent.second), kLong));
    sent.FreeSecond();
    EXPECT_WORKS(brood_connection_send(pipe.first, said.Argument(), kLong));
    EXPECT_EQ(Receive(pipe.first), "done");
    EXPECT_EQ(said.ReadAll(), "merlin");
    EXPECT_EQ(Receive(sent.first), "kestrel");
    EXPECT_EQ(Receive(sent.first), "EOFError");
    EXPECT_EQ(brood_event_is_set(objects.event), 1);
    EXPECT_EQ(NumberIn(objects.value), 42);
    EXPECT_EQ(ElementOf(objects.array, 9), 43);
    EXPECT_WORKS(process.Join());
    EXPECT_EQ(process.Code(), 0);
  }
}

// add_to_sent(connection, reading end): uses what was sent when told to.
void add_to_sent(const brood_args *args) {
  brood_connection *connection = ConnectionAt(args, 0);
  WaitForByte(DescriptorAt(args, 1));
  brood_value array;
  CHILD_CHECK(brood_connection_recv(connection, &array, kLong) == 0);
  int number = ElementOf((brood_shared_array *)array.as.object, 9);
  CHILD_CHECK(brood_connection_send(connection, brood_int64(number), kLong) ==
              0);
}
BROOD_TARGET(add_to_sent);

TEST_P(PipesTest, WhatWasSentStaysWhenItsMakerForgetsIt) {
  InFork([] {
    Connections pipe;
    Pipe go;
    Process process(GetParam(), add_to_sent,
                    {brood_object(pipe.second), go.ReadingArgument()});
    ASSERT_WORKS(process.Start());
    const brood_context *context = brood_get_context(GetParam());
    brood_shared_array *array = brood_shared_array_new(context, 'i', 10, NULL);
    ElementOf(array, 9) = 99;
    EXPECT_WORKS(brood_connection_send(pipe.first, brood_object(array), kLong));
    brood_shared_array_free(array);
    array = brood_shared_array_new(context, 'i', 10, NULL);
    ElementOf(array, 9) = 66;
    go.Release();
    EXPECT_EQ(Receive(pipe.first), "99");
    EXPECT_WORKS(process.Join());
    EXPECT_EQ(process.Code(), 0);
  });
}

// -------------------------------------------------------------------- Deaths
// --

// receive_one(connection): and nothing else.
void receive_one(const brood_args *args) {
  Receive(ConnectionAt(args, 0));
  brood_exit(1);
}
BROOD_TARGET(receive_one);

void hold_connection(const brood_args *args) {
  CHILD_CHECK(Send(ConnectionAt(args, 0), "here") == 0);
  WaitForByte(DescriptorAt(args, 1));
}
BROOD_TARGET(hold_connection);

TEST_P(PipesTest, WhoWaitsForAKilledWriterIsWoken) {
  Connections pipe(BROOD_UNIDIRECTIONAL);
  Pipe never;
  Process process(GetParam(), hold_connection,
                  {brood_object(pipe.second), never.ReadingArgument()});
  ASSERT_WORKS(process.Start());
  pipe.FreeSecond();
  EXPECT_EQ(Receive(pipe.first), "here");
  std::thread reader(
      [&] { EXPECT_EQ(Receive(pipe.first, BROOD_FOREVER), "EOFError"); });
  EXPECT_WORKS(brood_process_kill(process));
  reader.join();
  EXPECT_WORKS(process.Join());
}

TEST_P(PipesTest, WhoWaitsForRoomIsWokenWhenTheReaderIsKilled) {
  Connections pipe;
  Pipe never;
  Process process(GetParam(), hold_connection,
                  {brood_object(pipe.second), never.ReadingArgument()});
  ASSERT_WORKS(process.Start());
  pipe.FreeSecond();
  EXPECT_EQ(Receive(pipe.first), "here");
  FillUp(pipe.first, 20000);
  std::thread writer([&] {
    EXPECT_EQ(Send(pipe.first, "late", BROOD_FOREVER), BROOD_OS_ERROR);
    EXPECT_TRUE(brood_errno() == EPIPE || brood_errno() == ECONNRESET);
  });
  EXPECT_WORKS(brood_process_kill(process));
  writer.join();
  EXPECT_FAILS(Send(pipe.first, "x"), BROOD_OS_ERROR, "Broken pipe");
  EXPECT_WORKS(process.Join());
}

TEST_P(PipesTest, WaitTakesSentinelsToo) {
  Connections pipe;
  Process process(GetParam(), receive_one, {brood_object(pipe.second)});
  ASSERT_WORKS(process.Start());
  brood_value objects[] = {brood_object(pipe.first),
                           brood_descriptor(brood_process_sentinel(process))};
  size_t ready[2];
  EXPECT_EQ(brood_wait(objects, 2, ready, 0), 0);
  EXPECT_WORKS(brood_process_kill(process));
  ASSERT_EQ(brood_wait(objects, 2, ready, BROOD_FOREVER), 1);
  EXPECT_EQ(ready[0], 1u);
  EXPECT_WORKS(Send(pipe.second, "both"));
  EXPECT_EQ(brood_wait(objects, 2, ready, BROOD_FOREVER), 2);
  EXPECT_WORKS(process.Join());
}

// ---------------------------------------------------------------------- Fork
// --

// The copies are the child's own: closing them closes nothing here, and the
// file ends when the last copy is closed.
TEST_F(LibraryTest, AForkCopiesHandles) {
  Connections pipe(BROOD_UNIDIRECTIONAL);
  EXPECT_WORKS(Send(pipe.second, "kestrel"));
  Pipe go, said;
  pid_t pid = fork();
  if (pid == 0) {
    alarm(kLong / kSecond);
    EXPECT_EQ(Receive(pipe.first), "kestrel");
    pipe.FreeFirst();
    EXPECT_WORKS(Send(pipe.second, "merlin"));
    said.Release();
    WaitForByte(go.reading());
    EXPECT_WORKS(Send(pipe.second, "last"));
    pipe.FreeSecond();
    _exit(HasFailure());
  }
  said.Read<char>();
  EXPECT_EQ(Receive(pipe.first), "merlin");
  pipe.FreeSecond();
  EXPECT_EQ(brood_connection_poll(pipe.first, 0), 0);
  go.Release();
  EXPECT_EQ(Receive(pipe.first), "last");
  EXPECT_EQ(Receive(pipe.first), "EOFError");
  EXPECT_TRUE(WaitForChild(pid));
}

}  // namespace
