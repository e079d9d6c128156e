// Proves that the library's own descriptors harm nobody: not those that the
// program makes of the same numbers, after it has closed all it has, as daemons
// do; not the standard streams; not those who are sent one of them.
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <memory>

#include "lib/test/connections.h"
#include "lib/test/targets.h"

extern "C" {
#include "lib/sys/fault.h"
}

namespace {

class Kept : public ObjectsTest {};
INSTANTIATE_TEST_SUITE_P(Methods, Kept, testing::Values("fork"), NameOfParam);

constexpr int kNumFiles = 60;
constexpr size_t kFileSize = 1 << 18;

// Instead of all that was open, but for the standard streams, files or sockets
// that must stay as they are.
class OthersFiles {
 public:
  explicit OthersFiles(bool sockets) : pattern_(Pattern(kFileSize, 7)) {
    syscall(SYS_close_range, 3, ~0u, 0);
    while (count_ < kNumFiles) sockets ? AddSockets() : AddFile();
  }

  void ExpectAsTheyWere() const {
    std::vector<char> now(kFileSize);
    for (int fd = 3; fd < 3 + count_; fd++) {
      SCOPED_TRACE(fd);
      struct stat status = {};
      ASSERT_EQ(fstat(fd, &status), 0);
      EXPECT_EQ(status.st_ino, inodes_.at(fd));
      if (S_ISSOCK(status.st_mode)) {
        char byte;
        EXPECT_EQ(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
        EXPECT_EQ(errno, EAGAIN);
      } else {
        EXPECT_EQ(status.st_size, (off_t)kFileSize);
        EXPECT_EQ(status.st_blocks * 512, (off_t)kFileSize);
        EXPECT_EQ(pread(fd, now.data(), kFileSize, 0), (ssize_t)kFileSize);
        EXPECT_TRUE(now == pattern_);
      }
    }
  }

 private:
  void Added(int fd) {
    struct stat status = {};
    EXPECT_EQ(fd, 3 + count_++);
    EXPECT_EQ(fstat(fd, &status), 0);
    inodes_[fd] = status.st_ino;
  }
  void AddFile() {
    int fd = memfd_create("others", MFD_CLOEXEC);
    Added(fd);
    EXPECT_EQ(write(fd, pattern_.data(), kFileSize), (ssize_t)kFileSize);
  }
  void AddSockets() {
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    Added(ends[0]);
    Added(ends[1]);
  }

  std::vector<char> pattern_;
  int count_ = 0;
  std::map<int, ino_t> inodes_;
};

// All that goes through a queue: growing and shrinking, what is outside, what
// has descriptors.
void UseQueue(brood_queue *queue, brood_lock *lock) {
  std::vector<char> item = Pattern(1000, 1);
  brood_value value;
  for (int i = 0; i < 3000; i++) {
    ASSERT_WORKS(brood_queue_put(queue, brood_bytes(item.data(), 1000), 0));
  }
  for (int i = 0; i < 3000; i++) {
    ASSERT_WORKS(brood_queue_get(queue, &value, 0));
    EXPECT_TRUE(IsPattern(&value, 1000, 1));
  }
  EXPECT_OS_ERROR(brood_queue_put(queue, brood_object(lock), 0), EBADF,
                  "a lock");
  EXPECT_OS_ERROR(brood_queue_put(queue, brood_object(queue), 0), EBADF,
                  "a queue");
  EXPECT_OS_ERROR(brood_queue_put(queue, brood_descriptor(0), 0), EBADF,
                  "an item");
}

// Found was: pages of a database punched to zeros, a message in the middle of a
// file, a descriptor closed that was another's.
TEST_P(Kept, AllAreClosedAndTheirNumbersOthers) {
  for (bool sockets : {false, true}) {
    SCOPED_TRACE(sockets ? "sockets" : "files");
    InFork([&] {
      const brood_context *context = brood_get_context("fork");
      std::vector<char> large = Pattern(1 << 20, 1);
      brood_lock *lock = brood_lock_new(context);
      brood_shared_array *array =
          brood_shared_array_new(context, 'b', 1 << 21, nullptr);
      brood_queue *queue = brood_queue_new(context, 0);
      {
        Connections pipe;
        for (int i = 0; i < 3; i++) { /* so that there is memory to be lent */
          brood_value value;
          EXPECT_WORKS(brood_connection_send(
              pipe.first, brood_bytes(large.data(), large.size()), kLong));
          EXPECT_WORKS(brood_connection_recv(pipe.second, &value, kLong));
          brood_value_clear(&value);
        }
        // And a message that there was no memory for is kept.
        brood_value value = brood_bytes(large.data(), large.size());
        EXPECT_WORKS(brood_connection_send(pipe.first, value, kLong));
        sys_fault_only("sys_mem_room");
        sys_fault_arm(1, ENOMEM);
        EXPECT_OS_ERROR(brood_connection_recv(pipe.second, &value, 0), ENOMEM,
                        "receive");
        brood_value waiting = brood_descriptor(0);
        EXPECT_WORKS(brood_queue_put(queue, waiting, 0));
        EXPECT_WORKS(brood_queue_get(queue, &waiting, 0));
        brood_value_clear(&waiting);
        OthersFiles files(sockets);
        UseQueue(queue, lock);
        if (!sockets) {
          EXPECT_OS_ERROR(brood_connection_recv(pipe.second, &value, 0),
                          EBADMSG, "message");
          EXPECT_LT(brood_connection_send(
                        pipe.first, brood_bytes(large.data(), large.size()), 0),
                    0);
        }
        ElementOf<char>(array, -1) = 1;
        EXPECT_WORKS(brood_shared_array_acquire(array, 0));
        EXPECT_WORKS(brood_shared_array_release(array));
        EXPECT_WORKS(brood_lock_acquire(lock, 0));
        for (int i = 0; i < 3000; i++) { /* in the arenas that there are */
          EXPECT_NE(brood_lock_new(context), nullptr);
        }
        brood_shared_array_free(array);
        brood_lock_free(lock);
        pipe.FreeFirst();
        pipe.FreeSecond();
        brood_queue_free(queue);
        files.ExpectAsTheyWere();
      }
    });
  }
}

// Found was: the head of a queue that stdout's next line was written over.
TEST_P(Kept, WithoutStandardStreams) {
  InFork([] {
    for (int fd = 0; fd < 3; fd++) close(fd);
    const brood_context *context = brood_get_context("fork");
    std::vector<char> large = Pattern(1 << 20, 1);
    brood_value value = brood_bytes(large.data(), large.size());
    brood_lock *lock = brood_lock_new(context);
    Queue queue;
    Connections pipe;
    EXPECT_WORKS(brood_queue_put(queue, value, 0));
    EXPECT_WORKS(brood_queue_put(queue, brood_object(lock), 0));
    EXPECT_WORKS(brood_connection_send(pipe.first, value, 0));
    EXPECT_WORKS(
        brood_connection_send(pipe.first, brood_object(pipe.second), 0));
    EXPECT_WORKS(brood_queue_get(queue, &value, 0));
    EXPECT_TRUE(IsPattern(&value, large.size(), 1));
    EXPECT_WORKS(brood_connection_recv(pipe.second, &value, 0));
    EXPECT_TRUE(IsPattern(&value, large.size(), 1));
    EXPECT_WORKS(brood_connection_recv(pipe.second, &value, 0));
    EXPECT_GE(brood_connection_fileno((brood_connection *)value.as.object), 3);
    for (int fd = 0; fd < 3; fd++) {
      EXPECT_EQ(fcntl(fd, F_GETFD), -1) << fd << " is open";
    }
  });
}

// Takes a message as it comes, and returns the memfd that it is in.
int TakeMemory(brood_connection *connection) {
  char head[64];
  union {
    cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
  } control;
  iovec part = {head, sizeof head};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = &control;
  message.msg_controllen = sizeof control;
  int fd = -1;
  EXPECT_GT(recvmsg(brood_connection_fileno(connection), &message, 0), 0);
  if (CMSG_FIRSTHDR(&message) != nullptr) {
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
  }
  return fd;
}

constexpr off_t kBody = 4096;  // where it lies in what is lent

// Found was: a receiver that kept such memory read, and rewrote, what was sent
// to others.
// read_nothing() finds its standard input at its end.
void read_nothing(const brood_args *) {
  char byte;
  brood_exit(read(STDIN_FILENO, &byte, 1) == 0 ? 7 : 1);
}
BROOD_TARGET(read_nothing);

// Found was: a child had the program's /dev/null, which is there to write.
TEST_P(Kept, TheNullDeviceOfTheProgramIsNobodysInput) {
  InFork([] {
    EXPECT_EQ(Process(GetParam(), read_nothing).Run(), 7);
    syscall(SYS_close_range, 3, ~0u, 0);
    for (int i = 0; i < kNumFiles; i++) open("/dev/null", O_WRONLY);
    EXPECT_EQ(Process(GetParam(), read_nothing).Run(), 7);
  });
}

TEST_P(Kept, WhatWasLentIsNotLentToOthers) {
  Connections mine, others;
  std::vector<char> text(1 << 20, 'm'), secret(1 << 20, 's');
  EXPECT_WORKS(brood_connection_send(
      mine.first, brood_bytes(text.data(), text.size()), kLong));
  int memory = TakeMemory(mine.second);
  ASSERT_GE(memory, 0);
  uint64_t returned = 0;
  EXPECT_EQ(pwrite(memory, &returned, sizeof returned, kBody - 8), 8);
  for (int i = 0; i < 20; i++) {
    EXPECT_WORKS(brood_connection_send(
        others.first, brood_bytes(secret.data(), secret.size()), kLong));
    char seen;
    EXPECT_EQ(pread(memory, &seen, 1, kBody), 1);
    EXPECT_EQ(seen, 'm');
    EXPECT_EQ(pwrite(memory, "f", 1, kBody), 1);
    EXPECT_EQ(pwrite(memory, "m", 1, kBody), 1);
    brood_value value;
    EXPECT_WORKS(brood_connection_recv(others.second, &value, kLong));
    EXPECT_EQ(memcmp(value.as.data, secret.data(), secret.size()), 0);
    brood_value_clear(&value);
  }
  close(memory);
}

// Many pipes keep no more than a few; each is gone with its end.
TEST_P(Kept, LentMemoryIsLittle) {
  int before = NumDescriptors();
  std::vector<std::unique_ptr<Connections>> pipes(40);
  std::vector<char> text = Pattern(200000, 1);
  for (int round = 0; round < 3; round++) {
    for (auto &pipe : pipes) {
      if (pipe == nullptr) pipe = std::make_unique<Connections>();
      brood_value value;
      EXPECT_WORKS(brood_connection_send(
          pipe->first, brood_bytes(text.data(), text.size()), kLong));
      EXPECT_WORKS(brood_connection_recv(pipe->second, &value, kLong));
      EXPECT_TRUE(IsPattern(&value, text.size(), 1));
    }
  }
  EXPECT_LE(NumDescriptors(), before + 2 * 40 + 16);
  for (auto &pipe : pipes) pipe->FreeFirst();
  EXPECT_EQ(NumDescriptors(), before + 40);
}

// The program cannot run what the library makes, and nobody can seal it.
TEST_P(Kept, MemoryIsSealed) {
  brood_lock *lock = brood_lock_new(brood_get_context("fork"));
  Connections pipe;
  EXPECT_WORKS(brood_connection_send(pipe.first, brood_object(lock), 0));
  int arena = TakeMemory(pipe.second);
  std::vector<char> text(1 << 20);
  EXPECT_WORKS(brood_connection_send(
      pipe.first, brood_bytes(text.data(), text.size()), kLong));
  int message = TakeMemory(pipe.second);
  constexpr int kExec = 0x20; /* F_SEAL_EXEC */
  int can_be = memfd_create("test", 8 /* MFD_NOEXEC_SEAL */);
  int noexec = can_be >= 0 ? fcntl(can_be, F_GET_SEALS) & kExec : 0;
  EXPECT_EQ(fcntl(arena, F_GET_SEALS),
            F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | noexec);
  EXPECT_EQ(fcntl(message, F_GET_SEALS), F_SEAL_SEAL | noexec);
  for (int fd : {arena, message, can_be}) close(fd);
  brood_lock_free(lock);
}

}  // namespace
