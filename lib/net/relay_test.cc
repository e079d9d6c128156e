// Proves that what is sent into an end on one side comes out on the other, ends
// among it, that hang-ups arrive behind it, and that a stream of nonsense only
// ends itself.
// SPDX-License-Identifier: MIT
extern "C" {
#include "lib/net/relay.h"
}

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "lib/test/fixture.h"
#include "lib/test/inside.h"
#include "lib/test/random.h"

extern "C" {
#include "lib/net/frame.h"
}

namespace {

void MakePair(int type, int fds[2]) {
  ASSERT_EQ(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds), 0);
}

brood_connection *MakeEnd(int fd) {
  brood_connection *end = brood_connection_new(fd, 0);
  EXPECT_NE(end, nullptr) << brood_error_message();
  return end;
}

// What lib/manager/call.h has.
struct Head {
  uint32_t op, flags;
  uint64_t object, thread;
  int64_t timeout_ns, number;
};

// Steps relays until there is nothing to do, or the first is over.
bool Step(const std::vector<struct relay *> &relays) {
  for (;;) {
    std::vector<pollfd> polls;
    for (auto *relay : relays) {
      size_t at = polls.size();
      polls.resize(at + relay_num_polls(relay));
      relay_fill_polls(relay, &polls[at]);
    }
    if (poll(polls.data(), polls.size(), 0) <= 0) return true;
    const pollfd *at = polls.data();
    for (auto *relay : relays) {
      size_t count = relay_num_polls(relay);
      if (!relay_step(relay, at)) return false;
      at += count;
    }
  }
}

// Two relays with a stream between them, and the first channel's ends.
class RelayTest : public LibraryTest {
 protected:
  void SetUp() override {
    LibraryTest::SetUp();
    int stream[2], near[2], far[2];
    MakePair(SOCK_STREAM, stream);
    MakePair(SOCK_SEQPACKET, near);
    MakePair(SOCK_SEQPACKET, far);
    client_ = relay_new(stream[0], near[1], true);
    server_ = relay_new(stream[1], far[1], false);
    near_ = MakeEnd(near[0]);
    far_ = MakeEnd(far[0]);
  }
  void TearDown() override {
    relay_free(client_);
    relay_free(server_);
    brood_connection_free(near_);
    brood_connection_free(far_);
    LibraryTest::TearDown();
  }
  bool Move() {
    return Step({client_, server_});
  }
  // What comes out of an end.
  brood_value Take(brood_connection *end) {
    brood_value value = brood_none();
    EXPECT_TRUE(Move());
    EXPECT_WORKS(brood_connection_recv(end, &value, 0));
    return value;
  }
  struct relay *client_, *server_;
  brood_connection *near_, *far_;
};

TEST_F(RelayTest, CarriesMessages) {
  for (size_t size : {0, 1, 65535, 65536, 65537, 90000, 3 << 20}) {
    std::string text(size, 'x');
    EXPECT_WORKS(
        brood_connection_send(near_, brood_bytes(text.data(), size), kLong));
    brood_value value = Take(far_);
    ASSERT_EQ(value.size_bytes, size);
    EXPECT_EQ(memcmp(value.as.data, text.data(), size), 0);
    brood_value_clear(&value);
  }
  EXPECT_WORKS(brood_connection_send(far_, brood_int64(7), kLong));
  EXPECT_WORKS(brood_connection_send(far_, brood_string("tern"), kLong));
  EXPECT_EQ(Take(near_).as.int64, 7);
  brood_value value = Take(near_);
  EXPECT_STREQ(static_cast<const char *>(value.as.data), "tern");
  brood_value_clear(&value);
}

// As a door is sent: the end there is the other end here.
TEST_F(RelayTest, CarriesEndsBothWays) {
  for (auto [from, to] : {std::pair(near_, far_), std::pair(far_, near_)}) {
    int fds[2];
    MakePair(SOCK_SEQPACKET, fds);
    brood_connection *kept = MakeEnd(fds[0]), *sent = MakeEnd(fds[1]);
    EXPECT_WORKS(brood_connection_send(from, brood_object(sent), kLong));
    brood_connection_free(sent);
    brood_value value = Take(to);
    auto *there = static_cast<brood_connection *>(value.as.object);
    EXPECT_WORKS(brood_connection_send(kept, brood_string("tern"), kLong));
    brood_connection_free(kept);  // behind what it has sent
    brood_value text = Take(there), none = brood_none();
    EXPECT_STREQ(static_cast<const char *>(text.as.data), "tern");
    brood_value_clear(&text);
    EXPECT_EQ(brood_connection_recv(there, &none, 0), BROOD_EOF);
    brood_value_clear(&value);
    EXPECT_TRUE(Move());
    EXPECT_EQ(relay_num_polls(client_), 3u);  // its stream, and one channel
    EXPECT_EQ(relay_num_polls(server_), 3u);
  }
}

// Though something comes for it meanwhile.
TEST_F(RelayTest, CarriesWhatAnEndSaidLast) {
  EXPECT_WORKS(brood_connection_send(far_, brood_int64(7), kLong));
  EXPECT_TRUE(Step({server_}));
  std::vector<pollfd> polls(relay_num_polls(client_));
  relay_fill_polls(client_, polls.data());
  EXPECT_EQ(poll(polls.data(), polls.size(), 0), 1);
  EXPECT_WORKS(brood_connection_send(near_, brood_string("tern"), kLong));
  brood_connection_close(near_);
  EXPECT_TRUE(relay_step(client_, polls.data()));
  Step({client_});
  brood_value value = brood_none();
  Step({server_});
  ASSERT_WORKS(brood_connection_recv(far_, &value, 0));
  EXPECT_STREQ(static_cast<const char *>(value.as.data), "tern");
  brood_value_clear(&value);
}

TEST_F(RelayTest, EndsWithItsLastEnd) {
  brood_connection_close(near_);
  while (Move()) {
  }
  EXPECT_EQ(relay_num_polls(client_), 1u);
}

// Processes there are nobody's here, and their pidfds stay.
TEST_F(RelayTest, MarksProcesses) {
  int pidfd = static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0));
  if (pidfd < 0) GTEST_SKIP() << "the kernel has no pidfds";
  Head call = {};
  call.op = inside_call_hello;
  call.thread = UINT64_C(0x1234567800000042);
  brood_value words[] = {brood_bytes(&call, sizeof call),
                         brood_descriptor(pidfd)};
  EXPECT_WORKS(brood_connection_send(near_, brood_tuple(words, 2), kLong));
  brood_value value = Take(far_);
  ASSERT_EQ(value.size_bytes, sizeof call);
  Head got;
  memcpy(&got, value.as.data, sizeof got);
  EXPECT_EQ(got.op, inside_call_hello);
  EXPECT_EQ(got.thread & UINT32_MAX, UINT64_C(0x20000042));
  EXPECT_NE(got.thread >> 32, call.thread >> 32);
  brood_value_clear(&value);
  close(pidfd);
}

// More than a socket has room for: the sender waits, nothing is lost, and the
// relay keeps little of it.
TEST_F(RelayTest, HasSendersWait) {
  std::atomic<bool> is_over{false};
  std::thread moves([&] {
    while (!is_over) Move();
  });
  std::thread sends([&] {
    for (int i = 0; i < 5000; i++) {
      EXPECT_WORKS(brood_connection_send(near_, brood_int64(i), kLong));
    }
  });
  for (int i = 0; i < 5000; i++) {
    brood_value value = brood_none();
    ASSERT_WORKS(brood_connection_recv(far_, &value, kLong));
    ASSERT_EQ(value.as.int64, i);
  }
  sends.join();
  is_over = true;
  moves.join();
}

// ------------------------------------------------------------- Nonsense

// Bytes that are nearly frames.
std::string Noise() {
  std::string noise;
  for (uint32_t n = 1 + Random(4); n > 0; n--) {
    struct frame frame = {};
    frame.size = Random(3) ? Random(200) : UINT64_C(1) << Random(64);
    frame.channel = Random(3) ? 1 + Random(6) : Random(2) * UINT64_MAX;
    frame.num_ends =
        static_cast<uint16_t>(Random(4) ? Random(4) : Random(65536));
    frame.kind = static_cast<uint8_t>(Random(8) ? 1 + Random(2) : Random(256));
    frame.type = static_cast<uint8_t>(Random(8) ? Random(10) : Random(256));
    if (frame.kind == FRAME_CLOSE && Random(2)) {
      frame.size = frame.num_ends = frame.type = 0;
    }
    noise.append(reinterpret_cast<char *>(&frame), sizeof frame);
    for (uint32_t i = 0; i < frame.num_ends && i < 8; i++) {
      uint64_t number = Random(12);
      noise.append(reinterpret_cast<char *>(&number), sizeof number);
    }
    size_t body = frame.size < 300 ? frame.size : Random(300);
    for (size_t i = 0; i < body; i++) {
      noise += static_cast<char>(Random(4) ? Random(3) : Random(256));
    }
  }
  return noise;
}

TEST_F(LibraryTest, ARelaySurvivesNonsense) {
  for (int i = Rounds(2000); i > 0; i--) {
    int stream[2], end[2];
    MakePair(SOCK_STREAM, stream);
    MakePair(SOCK_SEQPACKET, end);
    struct relay *relay = relay_new(stream[0], end[1], Random(2) == 0);
    std::string noise = Noise();
    ASSERT_EQ(write(stream[1], noise.data(), noise.size()),
              static_cast<ssize_t>(noise.size()));
    Step({relay});
    if (Random(2)) close(stream[1]), stream[1] = -1;
    Step({relay});
    EXPECT_LE(relay_num_polls(relay), 100u);
    relay_free(relay);
    close(end[0]);
    close(stream[1]);
  }
}

}  // namespace
