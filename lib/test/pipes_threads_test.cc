// Proves that threads may share connections: each message goes to one of them,
// closing one that others are in waits for them, and a fork in the middle of it
// all leaves the child what it needs. For TSan too.
// SPDX-License-Identifier: MIT
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <thread>
#include <vector>

#include "lib/test/connections.h"

extern "C" {
#include "lib/sys/fd.h"
}

namespace {

constexpr int kThreads = 4;

class PipesThreads : public ObjectsTest {};
INSTANTIATE_TEST_SUITE_P(Methods, PipesThreads, testing::Values("fork"),
                         NameOfParam);

void InThreads(int count, const std::function<void(int)> &body) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; i++) threads.emplace_back(body, i);
  for (std::thread &thread : threads) thread.join();
}

size_t SizeOf(int number) {
  return number % 50 == 0 ? 120000 : (size_t)(number % 7) * 5000 + 4;
}

TEST_P(PipesThreads, EachMessageGoesToOneThread) {
  constexpr int kEach = 500;
  Connections pipe;
  std::vector<std::atomic<int>> seen(kThreads * kEach);
  InThreads(2 * kThreads, [&](int thread) {
    for (int i = 0; i < kEach; i++) {
      if (thread < kThreads) {
        int number = thread * kEach + i;
        std::vector<char> bytes = Pattern(SizeOf(number), 0);
        memcpy(bytes.data(), &number, sizeof number);
        EXPECT_WORKS(brood_connection_send_bytes(
            pipe.first, bytes.data(), bytes.size(), 0, BROOD_ALL,
            i % 2 ? kLong : BROOD_FOREVER));
        continue;
      }
      brood_value value = brood_none();
      EXPECT_WORKS(brood_connection_recv(pipe.second, &value,
                                         i % 2 ? kLong : BROOD_FOREVER));
      int number = -1;
      ASSERT_EQ(value.type, BROOD_TYPE_BYTES);
      memcpy(&number, value.as.data, sizeof number);
      ASSERT_TRUE(number >= 0 && number < kThreads * kEach);
      EXPECT_EQ(value.size_bytes, SizeOf(number));
      seen[(size_t)number]++;
      brood_value_clear(&value);
    }
  });
  for (const std::atomic<int> &count : seen) EXPECT_EQ(count, 1);
  EXPECT_EQ(Receive(pipe.second, 0), "TimeoutError");
}

// Whether a thread is in a system call that waits for a socket.
bool IsWaiting(pid_t thread) {
  std::ifstream file("/proc/" + std::to_string(thread) + "/syscall");
  long number = -1;
  file >> number;
  return number == SYS_recvmsg || number == SYS_ppoll;
}

// A thread that sleeps in a call.
class Sleeper {
 public:
  explicit Sleeper(const std::function<void()> &call)
      : thread_([this, call] {
          id_ = gettid();
          call();
        }) {
    EXPECT_TRUE(WaitUntil(
        [this] { return id_ != 0 && IsWaiting(id_) && StateOf(id_) == 'S'; }));
  }
  ~Sleeper() {
    thread_.join();
  }

 private:
  std::atomic<pid_t> id_{0};
  std::thread thread_;
};

// Otherwise the number could be another file's before the call is over.
TEST_P(PipesThreads, ClosingWaitsForWhoeverIsInTheConnection) {
  for (bool free : {false, true}) {
    for (int64_t timeout_ns : {kLong, BROOD_FOREVER}) {
      Connections pipe;
      int fd = brood_connection_fileno(pipe.first);
      {
        Sleeper sleeper([&pipe, timeout_ns] {
          EXPECT_EQ(Receive(pipe.first, timeout_ns), "kestrel");
        });
        brood_connection *first = pipe.first;
        if (free) {
          brood_connection_free(first);
        } else {
          EXPECT_WORKS(brood_connection_close(first));
          EXPECT_EQ(brood_connection_closed(first), 1);
          EXPECT_EQ(Receive(first, 0), "OSError");
        }
        EXPECT_EQ(sys_fd_valid(fd), 0);
        EXPECT_WORKS(Send(pipe.second, "kestrel"));
      }
      EXPECT_EQ(sys_fd_valid(fd), -EBADF);
      EXPECT_EQ(Receive(pipe.second), "EOFError");
      if (free) pipe.first = nullptr;
    }
  }
}

TEST_P(PipesThreads, ClosingWaitsForBroodWait) {
  Connections pipe, other;
  int fd = brood_connection_fileno(pipe.first);
  {
    Sleeper sleeper([&] {
      brood_value objects[] = {brood_object(other.first),
                               brood_object(pipe.first)};
      size_t ready[2];
      EXPECT_EQ(brood_wait(objects, 2, ready, BROOD_FOREVER), 1);
      EXPECT_EQ(ready[0], 1u);
    });
    EXPECT_WORKS(brood_connection_close(pipe.first));
    EXPECT_EQ(sys_fd_valid(fd), 0);
    EXPECT_WORKS(Send(pipe.second, "kestrel"));
  }
  EXPECT_EQ(sys_fd_valid(fd), -EBADF);
}

TEST_P(PipesThreads, ManyThreadsMakeSendAndFree) {
  Connections pipe;
  InThreads(kThreads, [&](int) {
    for (int i = 0; i < 300; i++) {
      Connections each;
      EXPECT_WORKS(
          brood_connection_send(pipe.first, brood_object(each.first), kLong));
      brood_value value;
      EXPECT_WORKS(brood_connection_recv(pipe.second, &value, kLong));
      brood_connection *sent = (brood_connection *)value.as.object;
      // Its other end may be gone by now.
      int r = Send(sent, "kestrel", 0);
      EXPECT_TRUE(r == 0 || r == BROOD_OS_ERROR);
      brood_value_clear(&value);
    }
  });
}

// A call that another thread was in at the fork does not keep the child's copy
// from being closed.
TEST_P(PipesThreads, AForkForgetsTheCallsOfOtherThreads) {
  Connections pipe;
  Sleeper sleeper([&] { EXPECT_EQ(Receive(pipe.first), "kestrel"); });
  InFork([&] {
    int fd = brood_connection_fileno(pipe.first);
    EXPECT_WORKS(brood_connection_close(pipe.first));
    EXPECT_EQ(sys_fd_valid(fd), -EBADF);
  });
  EXPECT_WORKS(Send(pipe.second, "kestrel"));
}

TEST_P(PipesThreads, ForksInBetween) {
  SKIP_FORKS_BESIDE_MALLOC();
  Connections pipe;
  std::atomic<bool> stop{false};
  std::thread traffic([&] {
    InThreads(kThreads, [&](int) {
      std::string text(50000, 'x');
      while (!stop) {
        EXPECT_WORKS(Send(pipe.first, text));
        EXPECT_EQ(Receive(pipe.second), text);
      }
    });
  });
  for (int i = 0; i < 20; i++) {
    InFork([&] {
      int fds[] = {brood_connection_fileno(pipe.first),
                   brood_connection_fileno(pipe.second)};
      Connections own;
      EXPECT_WORKS(Send(own.first, "kestrel"));
      EXPECT_EQ(Receive(own.second), "kestrel");
      pipe.FreeFirst();
      pipe.FreeSecond();
      for (int fd : fds) EXPECT_EQ(sys_fd_valid(fd), -EBADF);
    });
  }
  stop = true;
  traffic.join();
}

}  // namespace
