// Proves that the descriptor of a watched event is readable while the event is
// set, in all processes that have it, wherever one is killed that changes it.
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "lib/test/faults.h"
#include "lib/test/objects.h"
#include "lib/test/victim.h"

namespace {

bool IsReadable(int descriptor, int timeout_ms = 0) {
  pollfd one = {descriptor, POLLIN, 0};
  return poll(&one, 1, timeout_ms) == 1 && (one.revents & POLLIN) != 0;
}

class EventsFileno : public ObjectsTest {
 protected:
  void SetUp() override {
    ObjectsTest::SetUp();
    event_ = brood_watched_event_new(brood_get_context("fork"));
    ASSERT_NE(event_, nullptr) << brood_error_message();
    descriptor_ = brood_event_fileno(event_);
    ASSERT_GE(descriptor_, 0) << brood_error_message();
  }

  void TearDown() override {
    brood_event_free(event_);
    ObjectsTest::TearDown();
  }

  // What is left, by whoever was killed, is in order once somebody has looked.
  void ExpectInOrder() {
    int is_set = brood_event_is_set(event_);
    ASSERT_EQ(IsReadable(descriptor_), is_set == 1);
    ASSERT_EQ(brood_event_wait(event_, 0), is_set == 1 ? 0 : BROOD_TIMEOUT);
    ASSERT_WORKS(brood_event_set(event_));
    ASSERT_TRUE(IsReadable(descriptor_));
    ASSERT_WORKS(brood_event_clear(event_));
    ASSERT_FALSE(IsReadable(descriptor_));
  }

  brood_event *event_ = nullptr;
  int descriptor_ = -1;
};
INSTANTIATE_TEST_SUITE_P(Methods, EventsFileno, testing::Values("fork"),
                         NameOfParam);

TEST_P(EventsFileno, IsTheEvents) {
  int before = NumDescriptors();
  brood_event *other = brood_watched_event_new(nullptr);
  int descriptor = brood_event_fileno(other);
  EXPECT_NE(descriptor, descriptor_);
  EXPECT_EQ(brood_event_fileno(other), descriptor);
  EXPECT_NE(fcntl(descriptor, F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_WORKS(brood_event_set(other));
  EXPECT_FALSE(IsReadable(descriptor_));
  brood_event_free(other);
  EXPECT_EQ(NumDescriptors(), before);
}

// Found was: one that was sent kept its descriptors when it was gone.
TEST_P(EventsFileno, GoesThoughItWasSent) {
  brood_connection *from, *to;
  ASSERT_WORKS(brood_pipe_new(nullptr, 0, &from, &to));
  int before = NumDescriptors();
  brood_event *sent = brood_watched_event_new(nullptr);
  brood_value first, second;
  ASSERT_WORKS(brood_connection_send(from, brood_object(sent), 0));
  ASSERT_WORKS(brood_connection_send(from, brood_object(sent), 0));
  ASSERT_WORKS(brood_connection_recv(to, &first, 0));
  brood_event_free(sent);
  EXPECT_WORKS(brood_event_set(sent));
  EXPECT_TRUE(IsReadable(brood_event_fileno(sent)));
  brood_value_clear(&first);
  ASSERT_WORKS(brood_connection_recv(to, &second, 0));
  EXPECT_TRUE(IsReadable(brood_event_fileno(sent)));
  brood_value_clear(&second);
  EXPECT_EQ(NumDescriptors(), before);
  brood_connection_free(from);
  brood_connection_free(to);
}

TEST_P(EventsFileno, OfNone) {
  EXPECT_FAILS(brood_event_fileno(nullptr), BROOD_VALUE_ERROR, "not an event");
  brood_event *plain = brood_event_new(nullptr);
  EXPECT_FAILS(brood_event_fileno(plain), BROOD_ATTRIBUTE_ERROR, "watched");
  brood_event_free(plain);
}

TEST_P(EventsFileno, KilledAnywhere) {
  for (int round = 0; round < 30; round++) {
    auto change = [&] {
      for (;;) {
        brood_event_set(event_);
        brood_event_clear(event_);
      }
    };
    Victim first(change), second(change);
    usleep((useconds_t)(random() % 3000));
    first.Kill();
    second.Kill();
    ExpectInOrder();
    if (HasFatalFailure()) return;
  }
}

// A watcher that is told finds the flag up, or somebody has cleared it since.
TEST_P(EventsFileno, WhoIsToldFindsItSet) {
  Victim setter([&] {
    for (;;) {
      if (!IsReadable(descriptor_)) brood_event_set(event_);
    }
  });
  for (int i = 0; i < 300; i++) {
    ASSERT_TRUE(IsReadable(descriptor_, 10000));
    ASSERT_EQ(brood_event_is_set(event_), 1);
    ASSERT_WORKS(brood_event_clear(event_));
  }
}

brood_event *event_of_handler;

void SetInHandler(int) {
  brood_event_set(event_of_handler);
}

// Whatever it interrupts, the thread's own change of the same event too.
TEST_P(EventsFileno, SetInAHandler) {
  event_of_handler = event_;
  struct sigaction action = {};
  action.sa_handler = SetInHandler;
  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, nullptr);
  itimerval often = {{0, 200}, {0, 200}}, never = {};
  setitimer(ITIMER_REAL, &often, nullptr);
  for (int i = 0; i < 2000; i++) {
    brood_event_set(event_);
    brood_event_clear(event_);
  }
  setitimer(ITIMER_REAL, &never, nullptr);
  signal(SIGALRM, SIG_IGN);  // one may be under way still
  ExpectInOrder();
}

// A process that cannot tell does not set it, and says so.
TEST_P(EventsFileno, ClosedByTheProgram) {
  Shared<int[2]> errors;
  Victim setter([&] {
    for (int fd = descriptor_ - 10; fd < descriptor_ + 10; fd++) {
      struct stat status;
      if (fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode)) close(fd);
    }
    if (brood_event_fileno(event_) < 0) (*errors.get())[0] = brood_errno();
    if (brood_event_set(event_) < 0) (*errors.get())[1] = brood_errno();
  });
  setter.AwaitDone();
  EXPECT_EQ((*errors.get())[0], EBADF);
  EXPECT_EQ((*errors.get())[1], EBADF);
  EXPECT_FALSE(IsReadable(descriptor_));
  ExpectInOrder();
}

TEST_P(EventsFileno, CallsThatFail) {
  ForEachFault([&](int error) {
    brood_event *event = brood_watched_event_new(nullptr);
    if (event == nullptr) {
      EXPECT_EQ(brood_errno(), error);
      event = brood_watched_event_new(nullptr);
    }
    int descriptor = brood_event_fileno(event);
    ASSERT_GE(descriptor, 0) << brood_error_message();
    for (int i = 0; i < 2; i++) {
      if (brood_event_set(event) < 0) {
        EXPECT_EQ(brood_errno(), error);
        EXPECT_EQ(brood_event_is_set(event), 0);
        ASSERT_WORKS(brood_event_set(event));
      }
      EXPECT_TRUE(IsReadable(descriptor));
      // What could not be taken out the next who looks takes out.
      EXPECT_WORKS(brood_event_clear(event));
      EXPECT_EQ(brood_event_is_set(event), 0);
      EXPECT_FALSE(IsReadable(descriptor));
    }
    brood_event_free(event);
  });
}

}  // namespace
