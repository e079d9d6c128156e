// Proves what one process sees of pipes: messages of every type and size in
// their order, parts of buffers, limits and timeouts, and their errors.
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
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

// Of this thread: what another carries is its own, until its end. Found was: it
// was freed again by whatever failed after that.
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
  pthread_key_t key;
  auto fail_late = [](void *) { brood_process_start(nullptr); };
  ASSERT_EQ(pthread_key_create(&key, fail_late), 0);
  std::thread other([&] {
    size_t size;
    EXPECT_EQ(brood_error_data(&size), nullptr);
    fail("another's");
    EXPECT_STREQ((const char *)brood_error_data(&size), "another's");
    pthread_setspecific(key, &key);
  });
  other.join();
  EXPECT_EQ(pthread_key_delete(key), 0);
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

}  // namespace
