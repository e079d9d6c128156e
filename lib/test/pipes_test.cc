// Proves what one process sees of pipes: messages of every type and size in
// their order, parts of buffers, timeouts, the end of the file, and each error
// that brood.h names.
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

// Around every limit: what is copied, what is handed over, what is outside.
constexpr size_t kSizes[] = {0,
                             1,
                             7,
                             4096,
                             (16 << 10) - 1,
                             16 << 10,
                             (16 << 10) + 1,
                             kLargestInside - 1,
                             kLargestInside,
                             kLargestInside + 1,
                             1 << 20,
                             5 << 20};

class Pipes : public ObjectsTest {};
INSTANTIATE_TEST_SUITE_P(Methods, Pipes, testing::Values("fork"), NameOfParam);

// EXPECT_OS_ERROR: likewise EXPECT_FAILS, of the kernel's reason.
#define EXPECT_OS_ERROR(call, number, text)   \
  do {                                        \
    EXPECT_FAILS(call, BROOD_OS_ERROR, text); \
    EXPECT_EQ(brood_errno(), (number));       \
  } while (0)

TEST_P(Pipes, EachTypeArrivesAsItself) {
  Connections pipe;
  const std::vector<brood_value> values = {
      brood_none(),           brood_bool(true),       brood_bool(false),
      brood_int64(INT64_MIN), brood_int64(INT64_MAX), brood_double(-0.5),
      brood_string(""),       brood_string("grüße"),  brood_bytes("", 0),
      brood_bytes("a\0b", 3), brood_bytes(nullptr, 0)};
  for (const brood_value &value : values) {
    EXPECT_WORKS(brood_connection_send(pipe.first, value, BROOD_FOREVER));
  }
  for (const char *text :
       {"none", "true", "false", "-9223372036854775808", "9223372036854775807",
        "-0.500000", "", "grüße", "b"}) {
    EXPECT_EQ(Receive(pipe.second, BROOD_FOREVER), text);
  }
  EXPECT_EQ(Receive(pipe.second), std::string("ba\0b", 4));
  EXPECT_EQ(Receive(pipe.second), "b");
  EXPECT_EQ(Receive(pipe.second, 0), "TimeoutError");
}

TEST_P(Pipes, BothWaysAndNotToOneself) {
  Connections pipe;
  EXPECT_WORKS(Send(pipe.first, "there"));
  EXPECT_EQ(brood_connection_poll(pipe.first, 0), 0);
  EXPECT_WORKS(Send(pipe.second, "back"));
  EXPECT_EQ(Receive(pipe.first), "back");
  EXPECT_EQ(Receive(pipe.second), "there");
  for (brood_connection *each : {pipe.first, pipe.second}) {
    EXPECT_EQ(brood_connection_readable(each), 1);
    EXPECT_EQ(brood_connection_writable(each), 1);
    EXPECT_EQ(brood_connection_closed(each), 0);
  }
}

TEST_P(Pipes, OneWayFromSecondToFirst) {
  Connections pipe(BROOD_UNIDIRECTIONAL);
  EXPECT_EQ(brood_connection_readable(pipe.first), 1);
  EXPECT_EQ(brood_connection_writable(pipe.first), 0);
  EXPECT_EQ(brood_connection_readable(pipe.second), 0);
  EXPECT_EQ(brood_connection_writable(pipe.second), 1);
  EXPECT_WORKS(Send(pipe.second, "kestrel"));
  EXPECT_EQ(Receive(pipe.first), "kestrel");
  EXPECT_OS_ERROR(Send(pipe.first, "x"), EBADF, "connection is read-only");
  EXPECT_OS_ERROR(
      brood_connection_send_bytes(pipe.first, "x", 1, 0, BROOD_ALL, 0), EBADF,
      "connection is read-only");
  brood_value value;
  size_t size;
  char buffer[1];
  EXPECT_OS_ERROR(brood_connection_recv(pipe.second, &value, 0), EBADF,
                  "connection is write-only");
  EXPECT_OS_ERROR(
      brood_connection_recv_bytes(pipe.second, &value, BROOD_ALL, 0), EBADF,
      "connection is write-only");
  EXPECT_OS_ERROR(
      brood_connection_recv_bytes_into(pipe.second, buffer, 1, 0, &size, 0),
      EBADF, "connection is write-only");
  EXPECT_OS_ERROR(brood_connection_poll(pipe.second, 0), EBADF,
                  "connection is write-only");
}

TEST_P(Pipes, MessagesOfAllSizesStayWhole) {
  Connections pipe;
  uint32_t seed = 0;
  for (size_t size : kSizes) {
    SCOPED_TRACE(size);
    std::vector<char> bytes = Pattern(size, ++seed);
    std::vector<char> buffer(size + 2, '.');
    for (int i = 0; i < 3; i++) {
      ASSERT_WORKS(brood_connection_send(
          pipe.first, brood_bytes(bytes.data(), size), kLong));
      // There may be room for one only.
      brood_value value = brood_none();
      size_t written = 0;
      switch (i) {
        case 0:
          ASSERT_WORKS(brood_connection_recv(pipe.second, &value, kLong));
          EXPECT_TRUE(IsPattern(&value, size, seed));
          break;
        case 1:
          ASSERT_WORKS(brood_connection_recv_bytes(pipe.second, &value,
                                                   (int64_t)size, kLong));
          EXPECT_TRUE(IsPattern(&value, size, seed));
          break;
        default:
          ASSERT_WORKS(brood_connection_recv_bytes_into(
              pipe.second, buffer.data(), buffer.size(), 1, &written, kLong));
          EXPECT_EQ(written, size);
          EXPECT_EQ(std::string(&buffer[1], size),
                    std::string(bytes.data(), size));
          EXPECT_EQ(buffer[0], '.');
          EXPECT_EQ(buffer[size + 1], '.');
      }
    }
  }
}

TEST_P(Pipes, TextOfAllSizesEndsWithNul) {
  Connections pipe;
  for (size_t size : kSizes) {
    std::string text(size, 'x');
    ASSERT_WORKS(Send(pipe.first, text));
    brood_value value;
    ASSERT_WORKS(brood_connection_recv(pipe.second, &value, kLong));
    EXPECT_EQ(value.type, BROOD_TYPE_STRING);
    EXPECT_EQ(value.size_bytes, size);
    EXPECT_EQ((const char *)value.as.data, text);
    brood_value_clear(&value);
  }
}

// Sizes that go up and down, so that what is kept for the next message is the
// wrong memory for it.
TEST_P(Pipes, ManyMessagesKeepTheirOrder) {
  Connections pipe;
  constexpr uint32_t kNumMessages = 3000;
  std::thread sender([&] {
    for (uint32_t i = 0; i < kNumMessages; i++) {
      std::vector<char> bytes = Pattern(i % 97 * i % 33000, i);
      EXPECT_WORKS(brood_connection_send(
          pipe.first, brood_bytes(bytes.data(), bytes.size()), kLong));
    }
  });
  for (uint32_t i = 0; i < kNumMessages; i++) {
    brood_value value = brood_none();
    EXPECT_WORKS(brood_connection_recv(pipe.second, &value, BROOD_FOREVER));
    EXPECT_TRUE(IsPattern(&value, i % 97 * i % 33000, i)) << i;
  }
  sender.join();
}

// ---------------------------------------------------------------- Buffers --

TEST_P(Pipes, PartsOfABuffer) {
  Connections pipe;
  const char text[] = "kestrel";
  auto send = [&](int64_t offset, int64_t size) {
    return brood_connection_send_bytes(pipe.first, text, 7, offset, size,
                                       kLong);
  };
  EXPECT_WORKS(send(0, BROOD_ALL));
  EXPECT_WORKS(send(2, BROOD_ALL));
  EXPECT_WORKS(send(1, 3));
  EXPECT_WORKS(send(7, 0));
  EXPECT_WORKS(send(7, BROOD_ALL));
  for (const char *part : {"kestrel", "strel", "est", "", ""}) {
    EXPECT_EQ(ReceiveBytes(pipe.second), part);
  }
  EXPECT_FAILS(send(-1, BROOD_ALL), BROOD_VALUE_ERROR,
               "offset is negative: -1");
  EXPECT_FAILS(send(8, BROOD_ALL), BROOD_VALUE_ERROR,
               "buffer length < offset: 7 < 8");
  EXPECT_FAILS(send(0, -1), BROOD_VALUE_ERROR, "size is negative: -1");
  EXPECT_FAILS(send(5, 3), BROOD_VALUE_ERROR,
               "buffer length < offset + size: 7 < 5 + 3");
  EXPECT_FAILS(send(1, INT64_MAX), BROOD_VALUE_ERROR, "buffer length <");
  EXPECT_FAILS(send(INT64_MAX, 1), BROOD_VALUE_ERROR, "buffer length <");
  EXPECT_FAILS(send(BROOD_ALL, 1), BROOD_VALUE_ERROR, "offset is negative");
  EXPECT_FAILS(
      brood_connection_send_bytes(pipe.first, nullptr, 1, 0, BROOD_ALL, 0),
      BROOD_TYPE_ERROR, "a buffer of 1 bytes at NULL");
  EXPECT_EQ(brood_connection_poll(pipe.second, 0), 0);
  EXPECT_WORKS(
      brood_connection_send_bytes(pipe.first, nullptr, 0, 0, BROOD_ALL, 0));
  EXPECT_EQ(ReceiveBytes(pipe.second), "");
}

TEST_P(Pipes, AStringCountsAsItsBytes) {
  Connections pipe;
  EXPECT_WORKS(Send(pipe.first, "kestrel"));
  EXPECT_EQ(ReceiveBytes(pipe.second, 7), "kestrel");
}

TEST_P(Pipes, WhatIsNoBytesIsLost) {
  Connections pipe;
  Connections sent;
  brood_value value = brood_none();
  char buffer[4] = "...";
  size_t size = 77;
  for (brood_value other : {brood_int64(5), brood_none(), brood_double(1),
                            brood_descriptor(1), brood_object(sent.first)}) {
    for (int into = 0; into < 2; into++) {
      EXPECT_WORKS(brood_connection_send(pipe.first, other, kLong));
      int r = into ? brood_connection_recv_bytes_into(pipe.second, buffer, 4, 0,
                                                      &size, kLong)
                   : brood_connection_recv_bytes(pipe.second, &value, BROOD_ALL,
                                                 kLong);
      EXPECT_FAILS(r, BROOD_TYPE_ERROR, "not bytes");
    }
  }
  EXPECT_EQ(value.type, BROOD_TYPE_NONE);
  EXPECT_STREQ(buffer, "...");
  EXPECT_EQ(size, 77u);
  EXPECT_EQ(Receive(pipe.second, 0), "TimeoutError");
}

TEST_P(Pipes, TooLongAMessageClosesWhatOnlyReceives) {
  Connections pipe(BROOD_UNIDIRECTIONAL);
  for (size_t size : {size_t{7}, size_t{1} << 20}) {
    Connections each(BROOD_UNIDIRECTIONAL);
    std::vector<char> bytes = Pattern(size, 1);
    EXPECT_WORKS(brood_connection_send(each.second,
                                       brood_bytes(bytes.data(), size), kLong));
    brood_value value = brood_none();
    EXPECT_OS_ERROR(brood_connection_recv_bytes(each.first, &value,
                                                (int64_t)size - 1, kLong),
                    EMSGSIZE, "bad message length");
    EXPECT_EQ(value.type, BROOD_TYPE_NONE);
    EXPECT_EQ(brood_connection_closed(each.first), 1);
    EXPECT_OS_ERROR(brood_connection_recv(each.first, &value, 0), EBADF,
                    "handle is closed");
    EXPECT_OS_ERROR(Send(each.second, "x"), EPIPE, "Broken pipe");
  }
}

TEST_P(Pipes, TooLongAMessageLeavesSending) {
  Connections pipe;
  EXPECT_WORKS(Send(pipe.first, "kestrel"));
  brood_value value;
  EXPECT_OS_ERROR(brood_connection_recv_bytes(pipe.second, &value, 6, kLong),
                  EMSGSIZE, "bad message length");
  EXPECT_EQ(brood_connection_readable(pipe.second), 0);
  EXPECT_EQ(brood_connection_closed(pipe.second), 0);
  EXPECT_OS_ERROR(brood_connection_recv(pipe.second, &value, 0), EBADF,
                  "connection is write-only");
  EXPECT_WORKS(Send(pipe.second, "back"));
  EXPECT_EQ(Receive(pipe.first), "back");
}

TEST_P(Pipes, ABadLimitTakesNothing) {
  Connections pipe;
  EXPECT_WORKS(Send(pipe.first, "kestrel"));
  brood_value value;
  char buffer[7];
  size_t size;
  EXPECT_FAILS(brood_connection_recv_bytes(pipe.second, &value, -1, 0),
               BROOD_VALUE_ERROR, "negative maxlength: -1");
  auto into = [&](int64_t offset) {
    return brood_connection_recv_bytes_into(pipe.second, buffer, 7, offset,
                                            &size, 0);
  };
  EXPECT_FAILS(into(-1), BROOD_VALUE_ERROR, "negative offset: -1");
  EXPECT_FAILS(into(8), BROOD_VALUE_ERROR, "offset too large: 8 > 7");
  EXPECT_FAILS(
      brood_connection_recv_bytes_into(pipe.second, nullptr, 7, 0, &size, 0),
      BROOD_TYPE_ERROR, "a buffer of 7 bytes");
  EXPECT_FAILS(brood_connection_recv(pipe.second, nullptr, 0), BROOD_TYPE_ERROR,
               "NULL");
  EXPECT_FAILS(brood_connection_recv_bytes(pipe.second, nullptr, 7, 0),
               BROOD_TYPE_ERROR, "NULL");
  EXPECT_EQ(ReceiveBytes(pipe.second, 7), "kestrel");
}

TEST_P(Pipes, TooShortABufferGivesTheMessageWithTheError) {
  Connections pipe;
  for (size_t size : {size_t{7}, size_t{50000}, size_t{1} << 20}) {
    SCOPED_TRACE(size);
    std::vector<char> bytes = Pattern(size, 3);
    std::vector<char> buffer(size, '.');
    size_t written = 77;
    EXPECT_WORKS(brood_connection_send(pipe.first,
                                       brood_bytes(bytes.data(), size), kLong));
    EXPECT_FAILS(brood_connection_recv_bytes_into(pipe.second, buffer.data(),
                                                  size, 1, &written, kLong),
                 BROOD_BUFFER_TOO_SHORT,
                 "a message of " + std::to_string(size) +
                     " bytes for a buffer of " + std::to_string(size - 1));
    EXPECT_EQ(written, 77u);
    EXPECT_EQ(std::string(buffer.data(), size), std::string(size, '.'));
    size_t data_size;
    const char *data = (const char *)brood_error_data(&data_size);
    ASSERT_NE(data, nullptr);
    EXPECT_EQ(std::string(data, data_size), std::string(bytes.data(), size));
    // It has been received, and goes with the next failure.
    EXPECT_EQ(Receive(pipe.second, 0), "TimeoutError");
    EXPECT_EQ(brood_error_data(&data_size), nullptr);
    EXPECT_EQ(data_size, 0u);
  }
}

// Of this thread: what another carries is its own, until its end.
TEST_P(Pipes, WhatAnErrorCarriesIsTheThreads) {
  Connections pipe;
  auto fail = [&](const char *text) {
    char nothing[1];
    size_t size;
    EXPECT_WORKS(Send(pipe.first, text));
    EXPECT_EQ(brood_connection_recv_bytes_into(pipe.second, nothing, 0, 0,
                                               &size, kLong),
              BROOD_BUFFER_TOO_SHORT);
  };
  fail("mine");
  std::thread other([&] {
    size_t size;
    EXPECT_EQ(brood_error_data(&size), nullptr);
    fail("another's");
    EXPECT_STREQ((const char *)brood_error_data(&size), "another's");
  });
  other.join();
  EXPECT_STREQ((const char *)brood_error_data(nullptr), "mine");
  EXPECT_EQ(brood_get_start_method(BROOD_ALLOW_NONE), nullptr);
  EXPECT_EQ(brood_error_data(nullptr), nullptr);
}

// ----------------------------------------------------------------- Sending --

TEST_P(Pipes, WhatCannotBeSent) {
  Connections pipe;
  auto refuses = [&](brood_value value, int code, const char *text) {
    EXPECT_FAILS(brood_connection_send(pipe.first, value, kLong), code, text);
  };
  int here = 0;
  refuses(brood_pointer(&here), BROOD_TYPE_ERROR, "cannot send the pointer");
  refuses(brood_string(nullptr), BROOD_TYPE_ERROR, "cannot send a string");
  refuses(brood_bytes(nullptr, 5), BROOD_TYPE_ERROR, "bytes of 5 bytes");
  refuses(brood_object(nullptr), BROOD_TYPE_ERROR, "no shared object");
  refuses(brood_object(&here), BROOD_TYPE_ERROR, "no shared object");
  brood_value odd = brood_none();
  odd.type = (enum brood_type)77;
  refuses(odd, BROOD_TYPE_ERROR, "unknown type 77");
  odd = brood_bytes("a\0b", 3);
  odd.type = BROOD_TYPE_STRING;
  refuses(odd, BROOD_VALUE_ERROR, "string of 3 bytes with a NUL inside");
  odd = brood_bytes("", (size_t)BROOD_MAX_MESSAGE + 1);
  refuses(odd, BROOD_VALUE_ERROR, "cannot send 4294967297 bytes");
  refuses(brood_descriptor(-1), BROOD_OS_ERROR, "cannot send descriptor -1");
  EXPECT_EQ(brood_errno(), EBADF);
  refuses(brood_descriptor(1000), BROOD_OS_ERROR, "descriptor 1000");
  EXPECT_EQ(brood_errno(), EBADF);
  brood_lock *lock = brood_lock_new(brood_get_context("fork"));
  brood_lock_free(lock);
  refuses(brood_object(lock), BROOD_TYPE_ERROR, "has been freed");
  Connections closed;
  EXPECT_WORKS(brood_connection_close(closed.first));
  refuses(brood_object(closed.first), BROOD_OS_ERROR, "handle is closed");
  EXPECT_EQ(brood_errno(), EBADF);
  brood_connection *freed = closed.first;
  closed.FreeFirst();
  refuses(brood_object(freed), BROOD_TYPE_ERROR, "has been freed");
  EXPECT_EQ(brood_connection_poll(pipe.second, 0), 0);
}

TEST_P(Pipes, AFullPipeTimesOutAndLosesNothing) {
  for (size_t size : {size_t{0}, size_t{20000}, kLargestInside}) {
    SCOPED_TRACE(size);
    Connections pipe;
    int count = FillUp(pipe.first, size);
    EXPECT_GT(count, 1);
    int64_t begin = sys_clock_ns();
    EXPECT_EQ(
        brood_connection_send(pipe.first, brood_int64(1), 20 * kMillisecond),
        BROOD_TIMEOUT);
    EXPECT_GE(sys_clock_ns() - begin, 20 * kMillisecond);
    for (int i = 0; i < count; i++) {
      brood_value value = brood_none();
      ASSERT_WORKS(brood_connection_recv(pipe.second, &value, 0));
      EXPECT_TRUE(IsPattern(&value, size, 0));
    }
    EXPECT_EQ(Receive(pipe.second, 0), "TimeoutError");
    EXPECT_WORKS(Send(pipe.first, "again", 0));
    EXPECT_EQ(Receive(pipe.second, 0), "again");
  }
}

TEST_P(Pipes, WaitingForRoomEndsWhenThereIs) {
  Connections pipe;
  int count = FillUp(pipe.first, 20000);
  for (int64_t timeout_ns : {kLong, BROOD_FOREVER}) {
    std::thread sender([&, timeout_ns] {
      EXPECT_WORKS(Send(pipe.first, "late", timeout_ns));
    });
    while (Receive(pipe.second) != "late") count--;
    sender.join();
    EXPECT_EQ(count, 0);
    count = FillUp(pipe.first, 20000);
  }
}

TEST_P(Pipes, ADescriptorThatDoesNotBlockMakesNoDifference) {
  Connections pipe;
  for (brood_connection *each : {pipe.first, pipe.second}) {
    int fd = brood_connection_fileno(each);
    ASSERT_EQ(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
  }
  std::thread echo([&] {
    for (int i = 0; i < 1000; i++) {
      brood_value value = brood_none();
      EXPECT_WORKS(brood_connection_recv(pipe.second, &value, BROOD_FOREVER));
      EXPECT_WORKS(brood_connection_send(pipe.second, value, BROOD_FOREVER));
      brood_value_clear(&value);
    }
  });
  std::thread sender([&] {
    std::vector<char> bytes = Pattern(30000, 1);
    for (int i = 0; i < 1000; i++) {
      EXPECT_WORKS(brood_connection_send_bytes(
          pipe.first, bytes.data(), bytes.size(), 0, BROOD_ALL, BROOD_FOREVER));
    }
  });
  for (int i = 0; i < 1000; i++) {
    brood_value value = brood_none();
    EXPECT_WORKS(brood_connection_recv(pipe.first, &value, BROOD_FOREVER));
    EXPECT_TRUE(IsPattern(&value, 30000, 1));
  }
  sender.join();
  echo.join();
}

// A socket that takes only small packets, as on a machine that is set up so.
TEST_P(Pipes, ASmallSocketCarriesLargeMessagesAllTheSame) {
  Connections pipe;
  int small = 4096;
  ASSERT_EQ(setsockopt(brood_connection_fileno(pipe.first), SOL_SOCKET,
                       SO_SNDBUF, &small, sizeof small),
            0);
  for (size_t size : {size_t{100}, size_t{50000}, kLargestInside}) {
    std::vector<char> bytes = Pattern(size, 2);
    EXPECT_WORKS(brood_connection_send(pipe.first,
                                       brood_bytes(bytes.data(), size), kLong));
    brood_value value = brood_none();
    EXPECT_WORKS(brood_connection_recv(pipe.second, &value, kLong));
    EXPECT_TRUE(IsPattern(&value, size, 2));
  }
}

// ----------------------------------------------------------------- Waiting --

TEST_P(Pipes, NothingToReceiveTimesOut) {
  Connections pipe;
  for (int64_t timeout_ns : {INT64_C(0), INT64_C(-5), 20 * kMillisecond}) {
    int64_t begin = sys_clock_ns();
    EXPECT_EQ(Receive(pipe.first, timeout_ns), "TimeoutError");
    EXPECT_EQ(ReceiveBytes(pipe.first, BROOD_ALL, timeout_ns), "TimeoutError");
    EXPECT_EQ(brood_connection_poll(pipe.first, timeout_ns), 0);
    EXPECT_GE(sys_clock_ns() - begin, 3 * timeout_ns);
  }
}

TEST_P(Pipes, PollTellsAndTakesNothing) {
  Connections pipe;
  EXPECT_WORKS(Send(pipe.first, "kestrel"));
  for (int64_t timeout_ns : {INT64_C(0), INT64_C(-5), kLong, BROOD_FOREVER}) {
    EXPECT_EQ(brood_connection_poll(pipe.second, timeout_ns), 1);
  }
  EXPECT_EQ(Receive(pipe.second), "kestrel");
  EXPECT_EQ(brood_connection_poll(pipe.second, 0), 0);
  std::thread sender([&] { EXPECT_WORKS(Send(pipe.first, "late")); });
  EXPECT_EQ(brood_connection_poll(pipe.second, kLong), 1);
  sender.join();
}

TEST_P(Pipes, TheDescriptorIsReadableWhenThereIsAMessage) {
  Connections pipe;
  int fd = brood_connection_fileno(pipe.second);
  EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(sys_poll_one(fd, POLLIN, 0), 0);
  EXPECT_WORKS(Send(pipe.first, "kestrel"));
  EXPECT_EQ(sys_poll_one(fd, POLLIN, 0), POLLIN);
  EXPECT_EQ(Receive(pipe.second), "kestrel");
  EXPECT_EQ(sys_poll_one(fd, POLLIN, 0), 0);
  pipe.FreeFirst();
  EXPECT_TRUE(sys_poll_one(fd, POLLIN, 0) & POLLIN);
}

// ------------------------------------------------------------- End of file --

TEST_P(Pipes, TheEndOfFileComesAfterWhatWasSentAndAgain) {
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

TEST_P(Pipes, NobodyReceives) {
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

TEST_P(Pipes, ClosedWithSomethingUnread) {
  Connections pipe;
  EXPECT_WORKS(Send(pipe.second, "unread"));
  EXPECT_WORKS(Send(pipe.first, "one"));
  EXPECT_WORKS(Send(pipe.first, "two"));
  pipe.FreeFirst();
  EXPECT_EQ(brood_connection_poll(pipe.second, 0), 1);
  EXPECT_EQ(Receive(pipe.second, BROOD_FOREVER), "one");
  EXPECT_EQ(Receive(pipe.second, 0), "two");
  brood_value value;
  EXPECT_OS_ERROR(brood_connection_recv(pipe.second, &value, kLong), ECONNRESET,
                  "Connection reset by peer");
  EXPECT_EQ(Receive(pipe.second, kLong), "EOFError");
  EXPECT_EQ(Receive(pipe.second, kLong), "EOFError");
  EXPECT_OS_ERROR(Send(pipe.second, "x"), EPIPE, "Broken pipe");
}

TEST_P(Pipes, SendingMayBeWhoLearnsOfWhatWasUnread) {
  Connections pipe(BROOD_UNIDIRECTIONAL);
  EXPECT_WORKS(Send(pipe.second, "unread"));
  pipe.FreeFirst();
  EXPECT_OS_ERROR(Send(pipe.second, "x"), ECONNRESET, "reset by peer");
  EXPECT_OS_ERROR(Send(pipe.second, "x"), EPIPE, "Broken pipe");
}

// ----------------------------------------------------------------- Closing --

TEST_P(Pipes, AClosedConnectionSaysSo) {
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

TEST_P(Pipes, WhatIsNoConnectionIsRefused) {
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

TEST_P(Pipes, BadFlagsAndPlaces) {
  brood_connection *first = nullptr, *second = nullptr;
  EXPECT_FAILS(brood_pipe_new(nullptr, 1u << 3, &first, &second),
               BROOD_TYPE_ERROR, "unknown flags of a pipe: 0x8");
  EXPECT_FAILS(brood_pipe_new(nullptr, 0, nullptr, &second), BROOD_TYPE_ERROR,
               "NULL");
  EXPECT_FAILS(brood_pipe_new(nullptr, 0, &first, nullptr), BROOD_TYPE_ERROR,
               "NULL");
  EXPECT_EQ(first, nullptr);
  EXPECT_EQ(second, nullptr);
}

TEST_P(Pipes, FixNoDefault) {
  brood_set_start_method(nullptr, BROOD_FORCE);
  Connections pipe;
  EXPECT_EQ(brood_get_start_method(BROOD_ALLOW_NONE), nullptr);
}

// ------------------------------------------------------------- Descriptors --

TEST_P(Pipes, AConnectionFromADescriptor) {
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

TEST_P(Pipes, AConnectionFromTheDescriptorOfAnother) {
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

TEST_P(Pipes, WhatIsNoEndOfAPipeIsNotTaken) {
  EXPECT_NULL_FAILS(brood_connection_new(-1, 0), BROOD_VALUE_ERROR,
                    "descriptor -1");
  Connections pipe;
  EXPECT_NULL_FAILS(
      brood_connection_new(brood_connection_fileno(pipe.first), 1u << 2),
      BROOD_TYPE_ERROR, "unknown flags of a connection: 0x4");
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

TEST_P(Pipes, DescriptorsAreOpenInTheReceiver) {
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

TEST_P(Pipes, ConnectionsAreOneMoreHandleInTheReceiver) {
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
TEST_P(Pipes, AConnectionInItselfIsNoLeak) {
  Connections pipe;
  EXPECT_WORKS(brood_connection_send(pipe.first, brood_object(pipe.second), 0));
  EXPECT_WORKS(brood_connection_send(pipe.second, brood_object(pipe.first), 0));
}

TEST_P(Pipes, ObjectsAreTheSame) {
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

TEST_P(Pipes, ANewTableOfDescriptorsMayBeTooSmall) {
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
TEST_P(Pipes, WithoutMemoryTheMessageStays) {
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

// --------------------------------------------------------------------- Wait --

std::vector<size_t> Wait(const Values &objects, int64_t timeout_ns) {
  std::vector<size_t> ready(objects.size() + 1, SIZE_MAX);
  int count =
      brood_wait(objects.data(), objects.size(), ready.data(), timeout_ns);
  EXPECT_GE(count, 0) << brood_error_message();
  EXPECT_EQ(ready[(size_t)count], SIZE_MAX);
  ready.resize((size_t)count);
  return ready;
}

using Indexes = std::vector<size_t>;

TEST_P(Pipes, WaitGivesAllThatAreReadyInTheirOrder) {
  Connections a, b, c;
  Pipe other;
  Values objects = {brood_object(c.first), brood_object(a.first),
                    other.ReadingArgument(), brood_object(b.first)};
  EXPECT_EQ(Wait(objects, 0), Indexes());
  EXPECT_EQ(Wait(objects, -5), Indexes());
  EXPECT_WORKS(Send(b.second, "b"));
  EXPECT_EQ(Wait(objects, BROOD_FOREVER), Indexes({3}));
  EXPECT_WORKS(Send(c.second, "c"));
  other.Release();
  EXPECT_EQ(Wait(objects, kLong), Indexes({0, 2, 3}));
  EXPECT_EQ(Receive(b.first), "b");
  EXPECT_EQ(Wait(objects, kLong), Indexes({0, 2}));
  a.FreeSecond();
  EXPECT_EQ(Wait(objects, kLong), Indexes({0, 1, 2}));
}

TEST_P(Pipes, WaitTakesAnythingTwice) {
  Connections a, b;
  EXPECT_WORKS(Send(a.second, "a"));
  Values objects = {brood_object(a.first), brood_object(b.first),
                    brood_object(a.first),
                    brood_descriptor(brood_connection_fileno(a.first))};
  EXPECT_EQ(Wait(objects, 0), Indexes({0, 2, 3}));
}

TEST_P(Pipes, WaitTakesItsTime) {
  Connections a;
  for (const Values &objects : {Values(), Values{brood_object(a.first)}}) {
    int64_t begin = sys_clock_ns();
    EXPECT_EQ(Wait(objects, 20 * kMillisecond), Indexes());
    EXPECT_GE(sys_clock_ns() - begin, 20 * kMillisecond);
  }
  EXPECT_EQ(brood_wait(nullptr, 0, nullptr, 0), 0);
  std::thread sender([&] { EXPECT_WORKS(Send(a.second, "late")); });
  EXPECT_EQ(Wait({brood_object(a.first)}, kLong), Indexes({0}));
  sender.join();
}

TEST_P(Pipes, WaitRefuses) {
  Connections a, closed;
  brood_lock *lock = brood_lock_new(brood_get_context("fork"));
  EXPECT_WORKS(Send(a.second, "ready"));
  EXPECT_WORKS(brood_connection_close(closed.first));
  size_t ready[2] = {77, 77};
  auto refuses = [&](brood_value value, int code, const char *text) {
    brood_value objects[] = {brood_object(a.first), value};
    EXPECT_FAILS(brood_wait(objects, 2, ready, kLong), code, text);
  };
  refuses(brood_object(closed.first), BROOD_OS_ERROR, "handle is closed");
  EXPECT_EQ(brood_errno(), EBADF);
  refuses(brood_descriptor(1000), BROOD_VALUE_ERROR,
          "value 1: descriptor 1000 is not open");
  refuses(brood_descriptor(-1), BROOD_VALUE_ERROR,
          "value 1: descriptor -1 is not open");
  refuses(brood_object(lock), BROOD_TYPE_ERROR, "is no connection");
  refuses(brood_object(nullptr), BROOD_TYPE_ERROR, "is no connection");
  refuses(brood_string("kestrel"), BROOD_TYPE_ERROR,
          "value 1, which is a string");
  brood_value object = brood_object(a.first);
  EXPECT_FAILS(brood_wait(nullptr, 1, ready, 0), BROOD_TYPE_ERROR,
               "1 values at");
  EXPECT_FAILS(brood_wait(&object, 1, nullptr, 0), BROOD_TYPE_ERROR,
               "1 values at");
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  // To which it is a fault to ask.
  EXPECT_FAILS(brood_wait(&object, SIZE_MAX / 8, ready, 0), BROOD_OS_ERROR,
               "cannot wait for");
#endif
  EXPECT_EQ(ready[0], 77u);
  brood_lock_free(lock);
}

TEST_P(Pipes, WaitForAThousandDescriptors) {
  constexpr size_t kMany = 1000;
  Pipe ready, other;
  ready.Release();
  Values objects;
  Indexes expected;
  for (size_t i = 0; i < kMany; i++) {
    objects.push_back(i % 7 == 0 ? ready.ReadingArgument()
                                 : other.ReadingArgument());
    if (i % 7 == 0) expected.push_back(i);
  }
  EXPECT_EQ(Wait(objects, kLong), expected);
}

}  // namespace
