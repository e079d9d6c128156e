// Proves that memory for large messages is used again only when it has been
// read: whatever is under way stays what it was, failed sends and dead
// receivers cost nothing for good, and nothing is kept when there is no pipe
// any more. SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <set>
#include <thread>

#include "lib/test/connections.h"
#include "lib/test/targets.h"

extern "C" {
#include "lib/sys/sock.h"
}

namespace {

constexpr size_t kLarge = kLargestInside + 1;
// The library's: how many are kept, how large they may be, and when one that
// does not come back is given up.
constexpr size_t kNumKept = 4;
constexpr size_t kLargestKept = 8 << 20;
constexpr int kTooOld = 1000;

class PipesLarge : public ObjectsTest {};
INSTANTIATE_METHODS(PipesLarge);

// The memfds of messages that this process has.
std::set<ino_t> Kept() {
  std::set<ino_t> kept;
  for (int fd = 0; fd < 256; fd++) {
    char target[100] = "";
    std::string link = "/proc/self/fd/" + std::to_string(fd);
    struct stat status;
    if (readlink(link.c_str(), target, sizeof target - 1) < 0) continue;
    if (std::string(target).find("memfd:brood-message") == std::string::npos) {
      continue;
    }
    if (fstat(fd, &status) == 0) kept.insert(status.st_ino);
  }
  return kept;
}

int SendPattern(brood_connection *connection, size_t size, uint32_t seed,
                int64_t timeout_ns = kLong) {
  std::vector<char> bytes = Pattern(size, seed);
  return brood_connection_send(connection, brood_bytes(bytes.data(), size),
                               timeout_ns);
}

bool ReceivePattern(brood_connection *connection, size_t size, uint32_t seed) {
  brood_value value = brood_none();
  EXPECT_WORKS(brood_connection_recv(connection, &value, kLong));
  return IsPattern(&value, size, seed);
}

TEST_F(LibraryTest, OneMemoryForAllThatAreReadAtOnce) {
  {
    Connections pipe;
    for (uint32_t i = 0; i < 50; i++) {
      size_t size = kLarge + i * 10000;
      EXPECT_WORKS(SendPattern(pipe.first, size, i));
      EXPECT_TRUE(ReceivePattern(pipe.second, size, i));
      EXPECT_EQ(Kept().size(), 1u);
    }
  }
  EXPECT_EQ(Kept().size(), 0u);
}

// Found was: the memory of each of the first few was never used again.
TEST_F(LibraryTest, WhatIsRefusedGivesItsMemoryBack) {
  Connections pipe;
  std::vector<char> bytes = Pattern(kLarge, 1);
  brood_value item = brood_bytes(bytes.data(), bytes.size());
  for (size_t i = 0; i < 2 * kNumKept; i++) {
    EXPECT_WORKS(brood_connection_send(pipe.first, brood_tuple(&item, 1), 0));
    EXPECT_EQ(ReceiveBytes(pipe.second), "TypeError");
    EXPECT_EQ(Kept().size(), 1u);
  }
}

TEST_F(LibraryTest, ManyUnderWayStayWhatTheyWere) {
  constexpr uint32_t kMany = 40;
  Connections pipe;
  for (uint32_t first = 0; first < 100; first += 10) {
    for (uint32_t i = first; i < first + kMany; i++) {
      ASSERT_WORKS(SendPattern(pipe.first, kLarge + i, i));
    }
    EXPECT_EQ(Kept().size(), kNumKept);
    for (uint32_t i = first; i < first + kMany; i++) {
      EXPECT_TRUE(ReceivePattern(pipe.second, kLarge + i, i)) << i;
    }
  }
}

TEST_F(LibraryTest, TheLargestHaveMemoryOfTheirOwn) {
  Connections pipe;
  for (size_t size : {kLargestKept - 1, kLargestKept, kLargestKept + 1}) {
    EXPECT_WORKS(SendPattern(pipe.first, size, 7));
    EXPECT_TRUE(ReceivePattern(pipe.second, size, 7));
    EXPECT_EQ(Kept().size(), 1u);
  }
}

TEST_F(LibraryTest, WhatWasNotSentIsNotLent) {
  Connections pipe;
  int count = FillUp(pipe.first, 0);
  for (uint32_t i = 0; i < 20; i++) {
    EXPECT_EQ(SendPattern(pipe.first, kLarge, i, 0), BROOD_TIMEOUT);
    EXPECT_EQ(Kept().size(), 1u);
  }
  for (int i = 0; i < count; i++) EXPECT_EQ(Receive(pipe.second), "b");
  EXPECT_WORKS(SendPattern(pipe.first, kLarge, 99));
  EXPECT_TRUE(ReceivePattern(pipe.second, kLarge, 99));
}

// As if receivers had been killed with what they took.
TEST_F(LibraryTest, WhatNeverComesBackIsReplaced) {
  Connections pipe;
  for (size_t i = 0; i < kNumKept; i++) {
    EXPECT_WORKS(SendPattern(pipe.first, kLarge, 1));
    char packet[100];
    int fds[8];
    size_t num_fds = 8;
    EXPECT_GT(sys_sock_receive(brood_connection_fileno(pipe.second), packet,
                               sizeof packet, fds, &num_fds),
              0);
    for (size_t j = 0; j < num_fds; j++) close(fds[j]);
  }
  std::set<ino_t> dead = Kept();
  EXPECT_EQ(dead.size(), kNumKept);
  std::string text(kLarge, 'x');
  for (int i = 0; i < kTooOld + 10; i++) {
    ASSERT_WORKS(Send(pipe.first, text));
    ASSERT_EQ(Receive(pipe.second), text);
  }
  std::set<ino_t> kept = Kept();
  EXPECT_LE(kept.size(), kNumKept);
  EXPECT_NE(kept, dead);
  for (ino_t each : kept) dead.erase(each);
  EXPECT_GE(dead.size(), 1u) << "none was given up";
}

// The child's sends must not touch what the parent lent.
TEST_F(LibraryTest, AForksChildHasMemoryOfItsOwn) {
  Connections pipe, childs;
  for (uint32_t i = 0; i < 4; i++) {
    EXPECT_WORKS(SendPattern(pipe.first, kLarge, i));
  }
  InFork([&] {
    // Whatever the parent sees returned, the child must not take for its own.
    for (uint32_t i = 0; i < 4; i++) {
      EXPECT_TRUE(ReceivePattern(pipe.second, kLarge, i));
    }
    for (uint32_t i = 0; i < 4; i++) {
      EXPECT_WORKS(SendPattern(childs.first, kLarge, 50 + i));
    }
  });
  for (uint32_t i = 0; i < 4; i++) {
    EXPECT_WORKS(SendPattern(pipe.first, kLarge, 60 + i));
  }
  for (uint32_t i = 0; i < 4; i++) {
    EXPECT_TRUE(ReceivePattern(childs.second, kLarge, 50 + i));
    EXPECT_TRUE(ReceivePattern(pipe.second, kLarge, 60 + i));
  }
}

TEST_F(LibraryTest, ManyThreadsSendLargeMessages) {
  Connections pipe;
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < 6; t++) {
    threads.emplace_back([&, t] {
      for (uint32_t i = 0; i < 40; i++) {
        EXPECT_WORKS(SendPattern(pipe.first, kLarge + t, t));
      }
    });
  }
  for (int i = 0; i < 6 * 40; i++) {
    brood_value value = brood_none();
    EXPECT_WORKS(brood_connection_recv(pipe.second, &value, kLong));
    size_t size = value.size_bytes;
    EXPECT_TRUE(IsPattern(&value, size, (uint32_t)(size - kLarge)));
  }
  for (std::thread &thread : threads) thread.join();
}

// send_patterns(connection, seed): so many large ones.
void send_patterns(const brood_args *args) {
  for (uint32_t i = 0; i < 30; i++) {
    CHILD_CHECK(SendPattern(ConnectionAt(args, 0), kLarge * (1 + i % 3),
                            (uint32_t)Int64At(args, 1) + i) == 0);
  }
}
BROOD_TARGET(send_patterns);

TEST_P(PipesLarge, SeveralProcessesSendAtOnce) {
  Connections pipes[3];
  std::vector<std::unique_ptr<Process>> processes;
  for (int i = 0; i < 3; i++) {
    processes.push_back(std::make_unique<Process>(
        GetParam(), send_patterns,
        Values{brood_object(pipes[i].first), brood_int64(100 * i)}));
    ASSERT_WORKS(processes.back()->Start());
  }
  for (uint32_t i = 0; i < 30; i++) {
    for (uint32_t j = 0; j < 3; j++) {
      EXPECT_TRUE(
          ReceivePattern(pipes[j].second, kLarge * (1 + i % 3), 100 * j + i));
    }
  }
  for (const auto &process : processes) {
    EXPECT_WORKS(process->Join());
    EXPECT_EQ(process->Code(), 0);
  }
}

}  // namespace
