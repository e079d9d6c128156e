// Proves that whatever somebody writes to the descriptor of a pipe past Brood,
// receiving fails with a sentence, waits for nobody, leaves nothing open, and
// the next message comes.
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "lib/test/connections.h"
#include "lib/test/random.h"

extern "C" {
#include "lib/sys/fd.h"
#include "lib/sys/sock.h"
}

namespace {

using Bytes = std::vector<uint8_t>;
using Descriptors = std::vector<int>;

constexpr unsigned kOutside = 1, kLent = 2;

class Garbage : public ObjectsTest {
 protected:
  // Writes a packet to the first end.
  void Write(const Bytes &bytes, const Descriptors &fds = {}) {
    iovec part = {(void *)bytes.data(), bytes.size()};
    ASSERT_EQ(sys_sock_try_send(brood_connection_fileno(pipe_.first), &part, 1,
                                fds.data(), fds.size()),
              0);
  }

  // Receiving by each function fails with EBADMSG, and what comes after is as
  // it was.
  void ExpectRefused(const Bytes &bytes, const Descriptors &fds,
                     const char *text) {
    for (int how = 0; how < 3; how++) {
      Write(bytes, fds);
      ASSERT_WORKS(Send(pipe_.first, "after"));
      brood_value value = brood_none();
      char buffer[4] = "...";
      size_t size = 77;
      int r;
      switch (how) {
        case 0: r = brood_connection_recv(pipe_.second, &value, kLong); break;
        case 1:
          r = brood_connection_recv_bytes(pipe_.second, &value, 1 << 20, kLong);
          break;
        default:
          r = brood_connection_recv_bytes_into(pipe_.second, buffer, 4, 0,
                                               &size, BROOD_FOREVER);
      }
      EXPECT_FAILS(r, BROOD_OS_ERROR, text);
      EXPECT_EQ(brood_errno(), EBADMSG);
      EXPECT_EQ(value.type, BROOD_TYPE_NONE);
      EXPECT_STREQ(buffer, "...");
      EXPECT_EQ(size, 77u);
      EXPECT_EQ(Receive(pipe_.second), "after");
    }
  }

  // Only brood_connection_recv looks so far.
  void ExpectValueRefused(const Bytes &bytes, const Descriptors &fds,
                          const char *text = "something else than a message") {
    Write(bytes, fds);
    ASSERT_WORKS(Send(pipe_.first, "after"));
    brood_value value = brood_none();
    EXPECT_FAILS(brood_connection_recv(pipe_.second, &value, kLong),
                 BROOD_OS_ERROR, text);
    EXPECT_EQ(brood_errno(), EBADMSG);
    EXPECT_EQ(value.type, BROOD_TYPE_NONE);
    EXPECT_EQ(Receive(pipe_.second), "after");
  }

  Connections pipe_;
};
INSTANTIATE_TEST_SUITE_P(Methods, Garbage, testing::Values("fork"),
                         NameOfParam);

Bytes Head(uint32_t size, unsigned type, unsigned flags = 0, unsigned fds = 0) {
  return {(uint8_t)size,         (uint8_t)(size >> 8), (uint8_t)(size >> 16),
          (uint8_t)(size >> 24), (uint8_t)type,        (uint8_t)flags,
          (uint8_t)fds,          (uint8_t)(fds >> 8)};
}

Bytes operator+(Bytes bytes, const Bytes &more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
  return bytes;
}

template <typename T>
Bytes Number(T number) {
  Bytes bytes(sizeof number);
  memcpy(bytes.data(), &number, sizeof number);
  return bytes;
}

const char kCutOff[] = "got end of file during message";
const char kElse[] = "something else than a message";

TEST_P(Garbage, AnEmptyPacketIsNoEndOfFile) {
  ExpectRefused({}, {}, kElse);
  ExpectRefused({}, {1, 1}, kElse);
}

TEST_P(Garbage, CutOff) {
  Bytes whole = Head(8, BROOD_TYPE_INT64) + Number(INT64_C(5));
  for (size_t size = 1; size < whole.size(); size++) {
    SCOPED_TRACE(size);
    ExpectRefused(Bytes(whole.begin(), whole.begin() + size), {}, kCutOff);
  }
  ExpectRefused(Head(1 << 30, BROOD_TYPE_BYTES), {}, kCutOff);
  ExpectRefused(Head(UINT32_MAX, BROOD_TYPE_STRING) + Bytes(5, 'x'), {},
                kCutOff);
}

TEST_P(Garbage, TooLong) {
  ExpectRefused(Head(1, BROOD_TYPE_BYTES) + Bytes(2, 'x'), {}, kElse);
  ExpectRefused(Head(0, BROOD_TYPE_NONE) + Bytes(1, 'x'), {}, kElse);
  ExpectRefused(Head(150000, BROOD_TYPE_BYTES) + Bytes(150000, 'x'), {}, kElse);
}

TEST_P(Garbage, NoHeadOfOurs) {
  for (unsigned type : {7u, 10u, 77u, 255u}) {
    ExpectRefused(Head(0, type), {}, kElse);
    ExpectRefused(Head(8, type) + Bytes(8, 0), {}, kElse);
  }
  ExpectRefused(Head(2, BROOD_TYPE_BOOL) + Bytes(2, 1), {}, kElse);
  ExpectRefused(Head(4, BROOD_TYPE_INT64) + Bytes(4, 1), {}, kElse);
  ExpectRefused(Head(0, BROOD_TYPE_BYTES, 0x80), {}, kElse);
  ExpectRefused(Bytes{'k', 'e', 's', 't', 'r', 'e', 'l', '!', '!'}, {}, kElse);
}

TEST_P(Garbage, AnotherNumberOfDescriptors) {
  ExpectRefused(Head(0, BROOD_TYPE_DESCRIPTOR, 0, 1), {}, kElse);
  ExpectRefused(Head(0, BROOD_TYPE_DESCRIPTOR, 0, 1), {1, 1}, kElse);
  ExpectRefused(Head(0, BROOD_TYPE_NONE), {1}, kElse);
  ExpectRefused(Head(4, BROOD_TYPE_BYTES) + Bytes(4, 'x'), {1, 1, 1}, kElse);
  ExpectRefused(Head(24, BROOD_TYPE_OBJECT, 0, 253) + Bytes(24, 0),
                Descriptors(253, 1), kElse);
  ExpectRefused(Bytes(1, 'x'), Descriptors(8, 1), kCutOff);
}

TEST_P(Garbage, OutsideIsNotWhatItSays) {
  auto outside = [](uint64_t size) {
    return Head(8, BROOD_TYPE_BYTES, kOutside, 1) + Number(size);
  };
  int file = memfd_create("outside", MFD_CLOEXEC);
  ASSERT_EQ(ftruncate(file, 5), 0);
  ExpectValueRefused(outside(6), {file}, kCutOff);
  ExpectValueRefused(outside(1 << 30), {file}, kCutOff);
  ExpectValueRefused(outside((uint64_t)BROOD_MAX_MESSAGE + 1), {file});
  ExpectValueRefused(outside(UINT64_MAX), {file});
  // Nobody waits for what a pipe or a socket may bring.
  Pipe other;
  ExpectValueRefused(outside(1), {other.reading()});
  ExpectValueRefused(outside(0), {other.reading()});
  ExpectValueRefused(outside(1), {brood_connection_fileno(pipe_.first)});
  int folder = open("/", O_RDONLY | O_CLOEXEC);
  ExpectValueRefused(outside(0), {folder});
  // One that can only be written to, and one that only names a file.
  for (int how : {O_WRONLY, O_PATH}) {
    std::string name = "/proc/self/fd/" + std::to_string(file);
    int unreadable = open(name.c_str(), how | O_CLOEXEC);
    ASSERT_GE(unreadable, 0);
    ExpectValueRefused(outside(5), {unreadable});
    close(unreadable);
  }
  // What is lent begins behind a page, and may be read only.
  auto lent = [](uint64_t size) {
    return Head(8, BROOD_TYPE_BYTES, kOutside | kLent, 1) + Number(size);
  };
  ExpectValueRefused(lent(0), {file}, kCutOff);
  ExpectValueRefused(lent(UINT64_MAX), {file});
  ExpectValueRefused(lent(0), {other.reading()});
  ASSERT_EQ(ftruncate(file, 4096 + 5), 0);
  ExpectValueRefused(lent(6), {file}, kCutOff);
  std::string link = "/proc/self/fd/" + std::to_string(file);
  int reading = open(link.c_str(), O_RDONLY | O_CLOEXEC);
  Write(lent(5), {reading});
  EXPECT_EQ(ReceiveBytes(pipe_.second, 5), std::string(5, '\0'));
  close(reading);
  ASSERT_EQ(ftruncate(file, 5), 0);
  // In a buffer that it would fit into.
  Write(outside(6), {file});
  char buffer[100];
  size_t size;
  EXPECT_FAILS(
      brood_connection_recv_bytes_into(pipe_.second, buffer, 100, 0, &size, 0),
      BROOD_OS_ERROR, kCutOff);
  Write(outside(5), {file});
  EXPECT_EQ(ReceiveBytes(pipe_.second, 5), std::string(5, '\0'));
  close(folder);
  close(file);
}

Bytes Entry(uint32_t fd_index, uint32_t kind, uint64_t arena, uint64_t offset) {
  return Number(fd_index) + Number(kind) + Number(arena) + Number(offset);
}

constexpr uint32_t kLock = 0x4b434f4c;
constexpr uint32_t kConnection = kLock + 10;

TEST_P(Garbage, ObjectsThatAreNone) {
  int file = memfd_create("arena", MFD_CLOEXEC);
  ASSERT_EQ(ftruncate(file, 1 << 20), 0);
  auto one = [](const Bytes &entry, unsigned num_fds = 1) {
    return Head((uint32_t)entry.size(), BROOD_TYPE_OBJECT, 0, num_fds) + entry;
  };
  int fd = brood_connection_fileno(pipe_.first);
  ExpectValueRefused(one(Bytes(1, 0)), {file});
  ExpectValueRefused(one(Bytes(24, 0)), {file});
  ExpectValueRefused(one(Bytes(24, 0xff)), {file});
  ExpectValueRefused(one(Entry(0, kLock, 1, 64)), {file});
  ExpectValueRefused(one(Entry(1, kLock, 1, 64)), {file});
  ExpectValueRefused(one(Entry(0, kLock, 1, 64) + Bytes(5, 0)), {file});
  ExpectValueRefused(one(Entry(0, kConnection, 1u << 3, 0)), {file});
  ExpectValueRefused(one(Entry(1, kConnection, 1u << 3, 0)), {fd});
  ExpectValueRefused(one(Entry(0, kConnection, 1u << 7, 0)), {fd});
  ExpectValueRefused(one(Entry(0, kConnection, UINT64_MAX, 0)), {fd});
  int path = open("/", O_PATH | O_CLOEXEC);
  ExpectValueRefused(one(Entry(0, kConnection, 1u << 3, 0)), {path});
  ExpectValueRefused(one(Entry(0, kLock, 1, 64)), {path});
  close(path);
  // Two of them, of which nobody would free the second.
  ExpectValueRefused(
      one(Entry(0, kConnection, 1u << 3, 0) + Entry(1, kConnection, 1u << 3, 0),
          2),
      {fd, fd});
  ExpectValueRefused(
      one(Entry(0, kLock, 1, 64) + Entry(1, kConnection, 1u << 3, 0), 2),
      {file, fd});
  // One that is right, to be sure of the numbers.
  Write(one(Entry(0, kConnection, 1u << 3, 0)), {fd});
  brood_value value;
  ASSERT_WORKS(brood_connection_recv(pipe_.second, &value, 0));
  EXPECT_EQ(brood_connection_readable((brood_connection *)value.as.object), 1);
  EXPECT_EQ(brood_connection_writable((brood_connection *)value.as.object), 0);
  brood_value_clear(&value);
  close(file);
}

// A tuple with this behind its numbers of items and of all values.
Bytes Tuple(uint32_t num_items, uint32_t num_values, const Bytes &items,
            unsigned num_fds = 0) {
  Bytes body = Number(num_items) + Number(num_values) + items;
  return Head((uint32_t)body.size(), BROOD_TYPE_TUPLE, 0, num_fds) + body;
}

TEST_P(Garbage, TuplesThatAreNone) {
  int fd = brood_connection_fileno(pipe_.first);
  Bytes number = Head(8, BROOD_TYPE_INT64) + Number(INT64_C(5));
  Bytes descriptor = Head(0, BROOD_TYPE_DESCRIPTOR, 0, 1);
  for (uint32_t size = 0; size < 8; size++) {
    ExpectValueRefused(Head(size, BROOD_TYPE_TUPLE) + Bytes(size, 0), {});
  }
  ExpectValueRefused(Tuple(2, 2, number), {});
  ExpectValueRefused(Tuple(1, 2, number + number), {});
  ExpectValueRefused(Tuple(2, 1, number + number), {});
  ExpectValueRefused(Tuple(UINT32_MAX, UINT32_MAX, number), {});
  ExpectValueRefused(Tuple(1, 1, number + Bytes(1, 0)), {});
  ExpectValueRefused(Tuple(1, 1, Head(1 << 30, BROOD_TYPE_BYTES)), {});
  ExpectValueRefused(
      Tuple(1, 1, Head(8, BROOD_TYPE_POINTER) + Number(INT64_C(1))), {});
  ExpectValueRefused(Tuple(1, 1, Head(1, BROOD_TYPE_STRING) + Bytes(1, 'x')),
                     {});
  ExpectValueRefused(
      Tuple(1, 1, Head(8, BROOD_TYPE_BYTES, kOutside, 1) + Bytes(8, 0), 1),
      {fd});
  ExpectValueRefused(Tuple(1, 1, descriptor), {});
  ExpectValueRefused(Tuple(1, 1, descriptor, 2), {fd, fd});
  // After a descriptor that was there, and a connection.
  Bytes entry = Entry(1, kConnection, 1u << 3, 0);
  Bytes object = Head(24, BROOD_TYPE_OBJECT, 0, 1) + entry;
  Bytes none = Head(24, BROOD_TYPE_OBJECT, 0, 0) + Entry(0, kLock, 1, 64);
  ExpectValueRefused(Tuple(3, 3, descriptor + object + none, 2), {fd, fd});
  // The same descriptor for both.
  Bytes taken =
      Head(24, BROOD_TYPE_OBJECT, 0, 0) + Entry(0, kConnection, 1u << 3, 0);
  ExpectValueRefused(Tuple(2, 2, descriptor + taken, 1), {fd});
  Bytes nested = Tuple(0, 0, {});
  for (int i = 1; i < 33; i++) nested = Tuple(1, (uint32_t)i, nested);
  ExpectValueRefused(nested, {});
  // Outside, cut off or not what it says.
  int file = memfd_create("outside", MFD_CLOEXEC);
  Bytes body = Number(UINT32_C(1)) + Number(UINT32_C(2)) + number;
  ASSERT_EQ(write(file, body.data(), body.size()), (ssize_t)body.size());
  for (unsigned flags : {kOutside, kOutside | kLent}) {
    for (uint64_t size : {UINT64_C(0), UINT64_C(7), UINT64_C(8), UINT64_C(16),
                          (uint64_t)body.size()}) {
      ExpectValueRefused(Head(8, BROOD_TYPE_TUPLE, flags, 1) + Number(size),
                         {file}, "");
    }
  }
  close(file);
}

// Of this process, or of another, whose memory has to be mapped to see it.
TEST_P(Garbage, AnObjectOfAnotherKind) {
  auto send = [&] {
    Objects objects("fork");
    EXPECT_WORKS(
        brood_connection_send(pipe_.first, brood_object(objects.lock), 0));
  };
  for (bool foreign : {false, true}) {
    foreign ? InFork(send) : send();
    // The same packet with another kind.
    uint8_t packet[100];
    int fds[8];
    size_t num_fds = 8;
    int n = sys_sock_receive(brood_connection_fileno(pipe_.second), packet,
                             sizeof packet, fds, &num_fds);
    ASSERT_GT(n, 16);
    for (int change : {1, 2, 100}) {
      Bytes bytes(packet, packet + n);
      bytes[12] ^= (uint8_t)change;
      ExpectValueRefused(bytes, Descriptors(fds, fds + num_fds));
    }
    for (size_t i = 0; i < num_fds; i++) close(fds[i]);
  }
}

// Whatever comes: an error or a value, and the text after it.
TEST_P(Garbage, AnythingAtAll) {
  int file = memfd_create("any", MFD_CLOEXEC);
  ASSERT_EQ(ftruncate(file, 100), 0);
  int any[] = {file, brood_connection_fileno(pipe_.first), 1};
  int num_values = 0;
  for (int i = 0; i < 20000 && !HasFailure(); i++) {
    uint32_t size = Random(4) == 0 ? Random(100) : 8 * Random(7);
    Bytes bytes = Head(size, Random(10), Random(4) == 0, Random(3)) +
                  Bytes(size, (uint8_t)Random(3));
    if (Random(8) == 0) bytes.resize(Random((uint32_t)bytes.size() + 20));
    if (Random(4) == 0 && bytes.size() > 12) {
      bytes[8 + Random((uint32_t)bytes.size() - 8)] = (uint8_t)Random(256);
    }
    Descriptors fds(Random(3));
    for (int &fd : fds) fd = any[Random(3)];
    Write(bytes, fds);
    brood_value value = brood_none();
    int r = brood_connection_recv(pipe_.second, &value, 0);
    if (r < 0) {
      EXPECT_EQ(r, BROOD_OS_ERROR) << brood_error_message();
      EXPECT_EQ(brood_errno(), EBADMSG) << brood_error_message();
    }
    num_values += r == 0;
    brood_value_clear(&value);
  }
  EXPECT_GT(num_values, 100);
  EXPECT_WORKS(Send(pipe_.first, "after", 0));
  EXPECT_EQ(Receive(pipe_.second, 0), "after");
  close(file);
}

}  // namespace
