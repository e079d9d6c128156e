// Proves that no system call that fails while a pipe is made, used or passed
// leaves anything behind or loses more than it says: the n-th one fails, for
// n = 1, 2, …, until none is left.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "lib/test/capture.h"
#include "lib/test/connections.h"
#include "lib/test/targets.h"

extern "C" {
#include "lib/sys/fault.h"
#include "lib/sys/fd.h"
}

namespace {

constexpr int kErrors[] = {EMFILE, ENOMEM, EIO};
constexpr int kCode = 7;

// Far more system calls than there are; a sweep that comes here never ends.
constexpr int kMaxCalls = 200;
// More than a spawned process makes before its target.
constexpr int kNumChildCalls = 40;

// A forked child has the count of its parent; here it is about the parent.
void disarm() {
  sys_fault_arm(0, 0);
}

class PipesSweep : public ObjectsTest {
 protected:
  void SetUp() override {
    static int registered = pthread_atfork(nullptr, nullptr, disarm);
    ASSERT_EQ(registered, 0);
    ObjectsTest::SetUp();
  }

  // Runs body, between Arm and Disarm of which the n-th call fails, for each n
  // and each error.
  template <typename Body>
  void ForEachCall(const Body &body) {
    for (int error : kErrors) {
      int nth = 1;
      injected_ = true;
      for (; injected_ && nth < kMaxCalls && !HasFailure(); nth++) {
        SCOPED_TRACE(testing::Message()
                     << "call " << nth << " failed with " << strerror(error));
        error_ = error;
        nth_ = nth;
        body();
        disarm();
        ExpectAsBefore();
      }
      EXPECT_GT(nth, 2) << "no call was seen";
      EXPECT_LT(nth, kMaxCalls);
    }
  }

  void Arm() {
    sys_fault_arm(nth_, error_);
  }

  void Disarm() {
    injected_ = sys_fault_left() == 0;
    disarm();
  }

  // Whether it worked; if not, it failed for the reason injected.
  bool Worked(int r) {
    if (r >= 0) return true;
    EXPECT_EQ(sys_fault_left(), 0) << brood_error_message();
    EXPECT_EQ(r, BROOD_OS_ERROR) << brood_error_message();
    EXPECT_EQ(brood_errno(), error_) << brood_error_message();
    EXPECT_PRED2(EndsWith, brood_error_message(), strerror(error_));
    return false;
  }

  // What could not be received for want of memory is received the next time.
  bool Fetch(brood_connection *from, brood_value *out, int64_t timeout_ns) {
    if (Worked(brood_connection_recv(from, out, timeout_ns))) return true;
    int r = brood_connection_recv(from, out, 0);
    if (r == 0) return true;
    EXPECT_EQ(r, BROOD_TIMEOUT) << brood_error_message();
    EXPECT_NE(error_, ENOMEM) << "it was lost";
    return false;
  }

  void Exchange(const Connections &pipe, const brood_value &sent,
                int64_t timeout_ns) {
    if (!Worked(brood_connection_send(pipe.first, sent, timeout_ns))) return;
    brood_value value;
    if (!Fetch(pipe.second, &value, timeout_ns)) return;
    EXPECT_EQ(value.type, sent.type);
    EXPECT_EQ(value.size_bytes, sent.size_bytes);
    brood_value_clear(&value);
  }

  int error_ = 0;
  int nth_ = 0;
  bool injected_ = false;
};
INSTANTIATE_TEST_SUITE_P(Methods, PipesSweep, testing::Values("fork"),
                         NameOfParam);

class PipesSweepPassing : public PipesSweep {};
INSTANTIATE_METHODS(PipesSweepPassing);

TEST_P(PipesSweep, Making) {
  ForEachCall([&] {
    brood_connection *first = nullptr, *second = nullptr;
    Arm();
    if (Worked(brood_pipe_new(nullptr, 0, &first, &second))) {
      int fd = brood_connection_fileno(first);
      EXPECT_GE(fd, 0);
      brood_connection *copy = brood_connection_new(fd, 0);
      if (copy == nullptr) Worked(brood_error());
      brood_connection_free(copy);
      int own = sys_fd_copy(fd);
      brood_connection *taken = nullptr;
      if (own >= 0) {
        taken = brood_connection_new(own, 0);
        if (taken == nullptr) Worked(brood_error());
      }
      if (taken == nullptr) sys_close(own);
      brood_connection_free(taken);
    }
    brood_connection_free(first);
    brood_connection_free(second);
    Disarm();
  });
}

TEST_P(PipesSweep, Exchanging) {
  std::string large(1 << 20, 'x');
  for (int64_t timeout_ns : {INT64_C(0), kLong, BROOD_FOREVER}) {
    for (const brood_value &sent :
         {brood_int64(5), brood_string("kestrel"), brood_string(large.c_str()),
          brood_descriptor(1)}) {
      SCOPED_TRACE(testing::Message() << "type " << sent.type);
      ForEachCall([&] {
        Connections pipe;
        Arm();
        Exchange(pipe, sent, timeout_ns);
        Disarm();
      });
    }
  }
}

// A connection, which is made by the receiver.
TEST_P(PipesSweep, ExchangingConnections) {
  ForEachCall([&] {
    Connections pipe, sent;
    Arm();
    Exchange(pipe, brood_object(sent.first), 0);
    Disarm();
  });
}

// A lock, for which the receiver has to map memory.
TEST_P(PipesSweep, ReceivingAnObjectOfAnotherProcess) {
  ForEachCall([&] {
    Connections pipe;
    InFork([&] {
      brood_lock *lock = brood_lock_new(brood_get_context("fork"));
      EXPECT_WORKS(brood_connection_send(pipe.first, brood_object(lock), 0));
    });
    brood_value value = brood_none();
    Arm();
    bool has_lock = Fetch(pipe.second, &value, 0);
    Disarm();
    if (has_lock) {
      EXPECT_WORKS(brood_lock_acquire((brood_lock *)value.as.object, 0));
    }
    brood_value_clear(&value);
  });
}

TEST_P(PipesSweep, Asking) {
  ForEachCall([&] {
    Connections pipe;
    Arm();
    Worked(brood_connection_poll(pipe.first, 0));
    brood_value objects[] = {brood_object(pipe.first), brood_descriptor(1)};
    size_t ready[2];
    Worked(brood_wait(objects, 2, ready, 0));
    pipe.FreeSecond();
    brood_value value;
    int r = brood_connection_recv(pipe.first, &value, 0);
    if (r != BROOD_EOF) Worked(r);
    Disarm();
    EXPECT_EQ(Receive(pipe.first, 0), "EOFError");
  });
}

TEST_P(PipesSweep, ATextThatIsTooLongForTheBuffer) {
  std::string large(1 << 20, 'x');
  ForEachCall([&] {
    Connections pipe;
    char buffer[5];
    size_t size;
    Arm();
    if (Worked(Send(pipe.first, large, 0))) {
      int r =
          brood_connection_recv_bytes_into(pipe.second, buffer, 5, 0, &size, 0);
      if (r != BROOD_BUFFER_TOO_SHORT) Worked(r);
    }
    Disarm();
    brood_get_start_method(BROOD_ALLOW_NONE);  // drops what the error carries
  });
}

// use_connection(connection)
void use_connection(const brood_args *args) {
  CHILD_CHECK(Send(ConnectionAt(args, 0), "kestrel") == 0);
  brood_exit(kCode);
}
BROOD_TARGET(use_connection);

// If it was the kernel's handle of a new process that could not be had, it was
// killed, perhaps after its first step.
TEST_P(PipesSweepPassing, StartToEnd) {
  ForEachCall([&] {
    Connections pipe(BROOD_UNIDIRECTIONAL);
    brood_value value = brood_object(pipe.second);
    brood_process_options options = {};
    options.target = use_connection;
    options.args = &value;
    options.num_args = 1;
    Arm();
    brood_process *process =
        brood_process_new(brood_get_context(GetParam()), &options);
    bool made = process != nullptr || Worked(brood_error());
    bool started = made && Worked(brood_process_start(process));
    Disarm();
    pipe.FreeSecond();
    std::string said = Receive(pipe.first);
    if (started) {
      EXPECT_EQ(said, "kestrel");
      EXPECT_WORKS(brood_process_join(process, kLong));
    }
    if (said != "EOFError") said = Receive(pipe.first);
    EXPECT_EQ(said, "EOFError");
    brood_process_free(process);
    EXPECT_EQ(Process(GetParam(), nothing).Run(), 0);
  });
}

// A new process that cannot take it does not run its target.
TEST_F(LibraryTest, TakingInASpawnedProcess) {
  int num_refused = 0;
  for (int nth = 1; nth <= kNumChildCalls && !HasFailure(); nth++) {
    SCOPED_TRACE(nth);
    Connections pipe;
    Capture capture(STDERR_FILENO);
    std::string fault =
        "--brood-spawned " + std::to_string(nth) + " " + std::to_string(EIO);
    setenv("BROOD_TEST_FAULT", fault.c_str(), 1);
    int code =
        Process("spawn", use_connection, {brood_object(pipe.second)}).Run();
    unsetenv("BROOD_TEST_FAULT");
    EXPECT_TRUE(code == kCode || code == 1) << code;
    if (code == 1) {
      EXPECT_NE(capture.Text(), "") << "code 1 without a word";
    }
    num_refused += code == 1;
  }
  EXPECT_GT(num_refused, 0);
}

}  // namespace
