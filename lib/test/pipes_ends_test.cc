// Proves how a pipe ends, what closed and wrong connections say, and what goes
// through one that is no bytes: descriptors, connections, objects.
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <thread>

#include "lib/test/connections.h"

extern "C" {
#include "lib/sys/clock.h"
#include "lib/sys/fd.h"
}

namespace {

class PipesEnds : public ObjectsTest {};
INSTANTIATE_TEST_SUITE_P(Methods, PipesEnds, testing::Values("fork"),
                         NameOfParam);

// ------------------------------------------------------------- End of file --

TEST_P(PipesEnds, TheEndOfFileComesAfterWhatWasSentAndAgain) {
  for (unsigned flags : {0u, (unsigned)BROOD_UNIDIRECTIONAL}) {
    Connections pipe(flags);
    EXPECT_WORKS(Send(pipe.second, "kestrel"));
    pipe.FreeSecond();
    EXPECT_EQ(Receive(pipe.first), "kestrel");
    for (int64_t timeout_ns : {INT64_C(0), kLong, BROOD_FOREVER}) {
      EXPECT_EQ(brood_connection_poll(pipe.first, timeout_ns), 1);
      EXPECT_EQ(Receive(pipe.first, timeout_ns), "EOFError");
      EXPECT_EQ(ReceiveBytes(pipe.first, 5, timeout_ns), "EOFError");
      size_t size;
      char buffer[1];
      EXPECT_FAILS(brood_connection_recv_bytes_into(pipe.first, buffer, 1, 0,
                                                    &size, timeout_ns),
                   BROOD_EOF, "end of file");
    }
  }
}

TEST_P(PipesEnds, NobodyReceives) {
  Connections pipe(BROOD_UNIDIRECTIONAL);
  pipe.FreeFirst();
  for (size_t size : {size_t{1}, size_t{1} << 20}) {
    std::vector<char> bytes = Pattern(size, 0);
    for (int64_t timeout_ns : {INT64_C(0), kLong, BROOD_FOREVER}) {
      EXPECT_OS_ERROR(
          brood_connection_send_bytes(pipe.second, bytes.data(), size, 0,
                                      BROOD_ALL, timeout_ns),
          EPIPE, "cannot send a message: Broken pipe");
    }
  }
}

TEST_P(PipesEnds, ClosedWithSomethingUnread) {
  for (int64_t timeout_ns : {int64_t{0}, BROOD_FOREVER}) {
    Connections pipe;
    EXPECT_WORKS(Send(pipe.second, "unread"));
    EXPECT_WORKS(Send(pipe.first, "one"));
    EXPECT_WORKS(Send(pipe.first, "two"));
    pipe.FreeFirst();
    EXPECT_EQ(brood_connection_poll(pipe.second, 0), 1);
    EXPECT_EQ(Receive(pipe.second, timeout_ns), "one");
    EXPECT_EQ(Receive(pipe.second, 0), "two");
    brood_value value;
    EXPECT_OS_ERROR(brood_connection_recv(pipe.second, &value, kLong),
                    ECONNRESET, "Connection reset by peer");
    EXPECT_EQ(Receive(pipe.second, kLong), "EOFError");
    EXPECT_EQ(Receive(pipe.second, kLong), "EOFError");
    EXPECT_OS_ERROR(Send(pipe.second, "x"), EPIPE, "Broken pipe");
  }
}

// A program may close what it does not know, as daemons do, and what arrives
// then has the number.
TEST_P(PipesEnds, WhatArrivesIsNotTheOneThatHadTheNumber) {
  Connections lost, pipe, sent;
  EXPECT_WORKS(brood_connection_send(pipe.first, brood_object(sent.first), 0));
  close(brood_connection_fileno(lost.first));
  brood_value value;
  ASSERT_WORKS(brood_connection_recv(pipe.second, &value, 0));
  auto *arrived = static_cast<brood_connection *>(
      brood_value_object(&value, BROOD_KIND_CONNECTION));
  EXPECT_NE(arrived, lost.first);
  EXPECT_WORKS(Send(arrived, "tern"));
  EXPECT_EQ(Receive(sent.second, kLong), "tern");
  brood_value_clear(&value);
}

TEST_P(PipesEnds, SendingMayBeWhoLearnsOfWhatWasUnread) {
  Connections pipe(BROOD_UNIDIRECTIONAL);
  EXPECT_WORKS(Send(pipe.second, "unread"));
  pipe.FreeFirst();
  EXPECT_OS_ERROR(Send(pipe.second, "x"), ECONNRESET, "reset by peer");
  EXPECT_OS_ERROR(Send(pipe.second, "x"), EPIPE, "Broken pipe");
}

// ----------------------------------------------------------------- Closing --

TEST_P(PipesEnds, AClosedConnectionSaysSo) {
  Connections pipe(BROOD_UNIDIRECTIONAL);
  EXPECT_WORKS(Send(pipe.second, "unread"));
  for (brood_connection *each : {pipe.first, pipe.second}) {
    EXPECT_WORKS(brood_connection_close(each));
    EXPECT_WORKS(brood_connection_close(each));
    EXPECT_EQ(brood_connection_closed(each), 1);
    brood_value value;
    char buffer[1];
    size_t size;
    EXPECT_OS_ERROR(Send(each, "x"), EBADF, "handle is closed");
    EXPECT_OS_ERROR(brood_connection_send_bytes(each, "x", 1, 0, BROOD_ALL, 0),
                    EBADF, "handle is closed");
    EXPECT_OS_ERROR(brood_connection_recv(each, &value, 0), EBADF,
                    "handle is closed");
    EXPECT_OS_ERROR(brood_connection_recv_bytes(each, &value, 1, 0), EBADF,
                    "handle is closed");
    EXPECT_OS_ERROR(
        brood_connection_recv_bytes_into(each, buffer, 1, 0, &size, 0), EBADF,
        "handle is closed");
    EXPECT_OS_ERROR(brood_connection_poll(each, 0), EBADF, "handle is closed");
    EXPECT_OS_ERROR(brood_connection_fileno(each), EBADF, "handle is closed");
  }
  EXPECT_EQ(brood_connection_readable(pipe.first), 1);
  EXPECT_EQ(brood_connection_writable(pipe.first), 0);
}

TEST_P(PipesEnds, WhatIsNoConnectionIsRefused) {
  brood_lock *lock = brood_lock_new(brood_get_context("fork"));
  for (void *pointer : {(void *)nullptr, (void *)lock}) {
    brood_connection *none = (brood_connection *)pointer;
    brood_value value;
    EXPECT_FAILS(Send(none, "x"), BROOD_VALUE_ERROR, "is not a connection");
    EXPECT_FAILS(brood_connection_recv(none, &value, 0), BROOD_VALUE_ERROR,
                 "is not a connection");
    EXPECT_FAILS(brood_connection_poll(none, 0), BROOD_VALUE_ERROR,
                 "is not a connection");
    EXPECT_FAILS(brood_connection_close(none), BROOD_VALUE_ERROR,
                 "is not a connection");
    EXPECT_FAILS(brood_connection_closed(none), BROOD_VALUE_ERROR,
                 "is not a connection");
    EXPECT_FAILS(brood_connection_fileno(none), BROOD_VALUE_ERROR,
                 "is not a connection");
    EXPECT_FAILS(brood_connection_readable(none), BROOD_VALUE_ERROR,
                 "is not a connection");
  }
  EXPECT_EQ(brood_connection_free(nullptr), nullptr);
  EXPECT_NULL_FAILS(brood_connection_free((brood_connection *)lock),
                    BROOD_VALUE_ERROR, "is not a connection");
  EXPECT_EQ(brood_lock_locked(lock), 0);
  Connections pipe;
  EXPECT_FAILS(brood_lock_acquire((brood_lock *)pipe.first, 0),
               BROOD_VALUE_ERROR, "is not a lock");
  brood_lock_free(lock);
}

TEST_P(PipesEnds, BadFlagsAndPlaces) {
  brood_connection *first = nullptr, *second = nullptr;
  EXPECT_FAILS(brood_pipe_new(nullptr, 1u << 3, &first, &second),
               BROOD_TYPE_ERROR, "unknown flags: 0x8");
  EXPECT_FAILS(brood_pipe_new(nullptr, 0, nullptr, &second), BROOD_TYPE_ERROR,
               "NULL");
  EXPECT_FAILS(brood_pipe_new(nullptr, 0, &first, nullptr), BROOD_TYPE_ERROR,
               "NULL");
  EXPECT_EQ(first, nullptr);
  EXPECT_EQ(second, nullptr);
}

TEST_P(PipesEnds, FixNoDefault) {
  brood_set_start_method(nullptr, BROOD_FORCE);
  Connections pipe;
  EXPECT_EQ(brood_get_start_method(BROOD_ALLOW_NONE), nullptr);
}

// ------------------------------------------------------------- Descriptors --

TEST_P(PipesEnds, AConnectionFromADescriptor) {
  Connections pipe;
  int fd = fcntl(brood_connection_fileno(pipe.first), F_DUPFD_CLOEXEC, 0);
  brood_connection *copy = brood_connection_new(fd, BROOD_WRITABLE);
  ASSERT_NE(copy, nullptr) << brood_error_message();
  EXPECT_EQ(brood_connection_fileno(copy), fd);
  EXPECT_EQ(brood_connection_readable(copy), 0);
  EXPECT_EQ(brood_connection_writable(copy), 1);
  EXPECT_WORKS(Send(copy, "kestrel"));
  EXPECT_EQ(Receive(pipe.second), "kestrel");
  // There is no end of file while either lives.
  pipe.FreeFirst();
  EXPECT_EQ(brood_connection_poll(pipe.second, 0), 0);
  brood_connection_free(copy);
  EXPECT_EQ(Receive(pipe.second), "EOFError");
  EXPECT_EQ(sys_fd_valid(fd), -EBADF);
}

TEST_P(PipesEnds, AConnectionFromTheDescriptorOfAnother) {
  Connections pipe;
  int fd = brood_connection_fileno(pipe.first);
  brood_connection *other = brood_connection_new(fd, 0);
  ASSERT_NE(other, nullptr) << brood_error_message();
  EXPECT_NE(brood_connection_fileno(other), fd);
  EXPECT_WORKS(Send(other, "kestrel"));
  EXPECT_EQ(Receive(pipe.second), "kestrel");
  brood_connection_free(other);
  EXPECT_EQ(brood_connection_fileno(pipe.first), fd);
  EXPECT_WORKS(Send(pipe.first, "merlin"));
  EXPECT_EQ(Receive(pipe.second), "merlin");
}

TEST_P(PipesEnds, WhatIsNoEndOfAPipeIsNotTaken) {
  EXPECT_NULL_FAILS(brood_connection_new(-1, 0), BROOD_VALUE_ERROR,
                    "descriptor -1");
  Connections pipe;
  EXPECT_NULL_FAILS(
      brood_connection_new(brood_connection_fileno(pipe.first), 1u << 2),
      BROOD_TYPE_ERROR, "unknown flags: 0x4");
  EXPECT_NULL_FAILS(brood_connection_new(1000, 0), BROOD_OS_ERROR,
                    "descriptor 1000 is no end of a pipe");
  EXPECT_EQ(brood_errno(), EBADF);
  Pipe other;
  EXPECT_NULL_FAILS(brood_connection_new(other.reading(), 0), BROOD_OS_ERROR,
                    "no end of a pipe");
  EXPECT_EQ(brood_errno(), ENOTSOCK);
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  EXPECT_NULL_FAILS(brood_connection_new(ends[0], 0), BROOD_OS_ERROR,
                    "no end of a pipe");
  EXPECT_EQ(brood_errno(), EPROTOTYPE);
  EXPECT_EQ(sys_fd_valid(ends[0]), 0);
  close(ends[0]);
  close(ends[1]);
}

TEST_P(PipesEnds, DescriptorsAreOpenInTheReceiver) {
  Connections pipe;
  int file = memfd_create("sent", 0);
  ASSERT_GE(file, 0);
  EXPECT_WORKS(brood_connection_send(pipe.first, brood_descriptor(file), 0));
  struct stat mine = {}, theirs = {};
  EXPECT_EQ(fstat(file, &mine), 0);
  close(file);
  brood_value value;
  ASSERT_WORKS(brood_connection_recv(pipe.second, &value, 0));
  ASSERT_EQ(value.type, BROOD_TYPE_DESCRIPTOR);
  EXPECT_EQ(fcntl(value.as.descriptor, F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(fstat(value.as.descriptor, &theirs), 0);
  EXPECT_EQ(theirs.st_ino, mine.st_ino);
  brood_value_clear(&value);
  EXPECT_EQ(value.type, BROOD_TYPE_NONE);
  brood_value_clear(&value);
  brood_value_clear(nullptr);
}

TEST_P(PipesEnds, ConnectionsAreOneMoreHandleInTheReceiver) {
  Connections pipe;
  Connections sent(BROOD_UNIDIRECTIONAL);
  for (brood_connection *each : {sent.first, sent.second}) {
    EXPECT_WORKS(brood_connection_send(pipe.first, brood_object(each), 0));
  }
  sent.FreeFirst();
  sent.FreeSecond();
  brood_value first, second;
  ASSERT_WORKS(brood_connection_recv(pipe.second, &first, 0));
  ASSERT_WORKS(brood_connection_recv(pipe.second, &second, 0));
  brood_connection *reader = (brood_connection *)first.as.object;
  brood_connection *writer = (brood_connection *)second.as.object;
  EXPECT_EQ(brood_connection_readable(reader), 1);
  EXPECT_EQ(brood_connection_writable(reader), 0);
  EXPECT_EQ(brood_connection_readable(writer), 0);
  EXPECT_EQ(brood_connection_writable(writer), 1);
  EXPECT_WORKS(Send(writer, "kestrel"));
  EXPECT_EQ(Receive(reader), "kestrel");
  brood_value_clear(&second);
  EXPECT_EQ(Receive(reader), "EOFError");
  // Or by its own function, if the value was only copied.
  brood_connection_free(reader);
}

// The kernel sees that nobody can reach them any more.
TEST_P(PipesEnds, AConnectionInItselfIsNoLeak) {
  Connections pipe;
  EXPECT_WORKS(brood_connection_send(pipe.first, brood_object(pipe.second), 0));
  EXPECT_WORKS(brood_connection_send(pipe.second, brood_object(pipe.first), 0));
}

TEST_P(PipesEnds, ObjectsAreTheSame) {
  Connections pipe;
  Objects objects("fork");
  for (const brood_value &object : objects.Arguments()) {
    EXPECT_WORKS(brood_connection_send(pipe.first, object, 0));
    brood_value value;
    ASSERT_WORKS(brood_connection_recv(pipe.second, &value, 0));
    EXPECT_EQ(value.type, BROOD_TYPE_OBJECT);
    EXPECT_EQ(value.as.data, object.as.data);
    brood_value_clear(&value);
  }
  EXPECT_WORKS(brood_lock_acquire(objects.lock, 0));
}

TEST_P(PipesEnds, ANewTableOfDescriptorsMayBeTooSmall) {
  InFork([] {
    Connections pipe;
    Connections sent;
    EXPECT_WORKS(
        brood_connection_send(pipe.first, brood_object(sent.first), 0));
    EXPECT_WORKS(brood_connection_send(pipe.first, brood_descriptor(1), 0));
    EXPECT_WORKS(Send(pipe.first, "after", 0));
    int lowest = dup(1);
    close(lowest);
    struct rlimit limit = {(rlim_t)lowest, (rlim_t)lowest};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    brood_value value;
    for (int i = 0; i < 2; i++) {
      EXPECT_OS_ERROR(brood_connection_recv(pipe.second, &value, 0), EMFILE,
                      "Too many open files");
    }
    EXPECT_EQ(Receive(pipe.second, 0), "after");
    std::vector<char> large(1 << 20);
    EXPECT_OS_ERROR(brood_connection_send_bytes(pipe.first, large.data(),
                                                large.size(), 0, BROOD_ALL, 0),
                    EMFILE, "cannot send 1048576 bytes");
    brood_connection *first, *second;
    EXPECT_OS_ERROR(brood_pipe_new(nullptr, 0, &first, &second), EMFILE,
                    "cannot make a pipe");
  });
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// What there is no memory for is not lost, but for the copy of a fork.
TEST_P(PipesEnds, WithoutMemoryTheMessageStays) {
  InFork([] {
    // Larger than any heap of a thread that has some left.
    const std::string large(80 << 20, 'x');
    Connections pipe;
    EXPECT_WORKS(Send(pipe.first, "first", 0));
    EXPECT_EQ(Receive(pipe.second, 0), "first");  // has memory for the next
    EXPECT_WORKS(Send(pipe.first, large, 0));
    EXPECT_WORKS(Send(pipe.first, "after", 0));
    struct rlimit before, limit;
    ASSERT_EQ(getrlimit(RLIMIT_AS, &before), 0);
    limit = {1 << 20, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_AS, &limit), 0);
    brood_value value = brood_none();
    char buffer[1];
    size_t size;
    for (int i = 0; i < 3; i++) {
      EXPECT_OS_ERROR(brood_connection_recv(pipe.second, &value, 0), ENOMEM,
                      "Cannot allocate memory");
      EXPECT_EQ(
          brood_connection_recv_bytes_into(pipe.second, buffer, 1, 0, &size, 0),
          BROOD_OS_ERROR);
      EXPECT_EQ(brood_connection_poll(pipe.second, 0), 1);
    }
    ASSERT_EQ(setrlimit(RLIMIT_AS, &before), 0);
    InFork([&] { EXPECT_EQ(Receive(pipe.second, 0), "after"); });
    EXPECT_WORKS(Send(pipe.first, "again", 0));
    brood_value objects[] = {brood_object(pipe.second)};
    size_t ready = 77;
    EXPECT_EQ(brood_wait(objects, 1, &ready, BROOD_FOREVER), 1);
    EXPECT_EQ(ready, 0u);
    EXPECT_TRUE(Receive(pipe.second, 0) == large);
    EXPECT_EQ(Receive(pipe.second, 0), "again");
    EXPECT_EQ(brood_connection_poll(pipe.second, 0), 0);
  });
}
#endif

}  // namespace
