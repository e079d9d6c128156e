// Proves that signal handlers of the program may exit and fork whatever the
// library is doing at that moment, and that no signal is lost or blocked by it.
// By all methods.
// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string>

#include "lib/test/process.h"
#include "lib/test/random.h"
#include "lib/test/storm.h"
#include "lib/test/targets.h"
#include "lib/test/victim.h"

namespace {

constexpr int kExitCode = 3;

bool is_copy; /* of the test: what is of the test alone must not run in it */

void leave_copy() {
  if (is_copy) _exit(kExitCode);
}

class Handlers : public MethodTest {
 protected:
  // Before the library registers its own: so this handler runs after it.
  static void SetUpTestSuite() {
    static int registered = atexit(leave_copy);
    ASSERT_EQ(registered, 0);
  }
};
INSTANTIATE_METHODS(Handlers);

void StartForEver(const char *method, int told) {
  for (;;) {
    Process process(method, nothing);
    EXPECT_EQ(process.Run(), 0) << brood_error_message();
    if (told >= 0) told = (Tell(told, "s"), -1);
  }
}

// Waits for the end of a copy, which gets SIGKILL if it does not come.
int StatusOf(pid_t pid) {
  int status = -1;
  bool ended = WaitUntil([&] { return waitpid(pid, &status, WNOHANG) == pid; });
  if (ended) return status;
  ADD_FAILURE() << "it hangs";
  kill(pid, SIGKILL);
  waitpid(pid, &status, 0);
  return status;
}

// Found was: the guard was held over the fork with signals open: a third of
// such programs hung.
TEST_P(Handlers, MayExit) {
  for (int i = 0; i < Rounds(25) && !HasFailure(); i++) {
    Pipe told;
    fflush(nullptr);
    pid_t pid = fork();
    if (pid == 0) {
      is_copy = true;
      alarm(kLong / kSecond);
      signal(SIGTERM, [](int) { exit(kExitCode); });
      StartForEver(GetParam(), told.writing());
    }
    told.Read<char>();
    SleepAtRandom(5000);
    EXPECT_EQ(kill(pid, SIGTERM), 0);
    int status = StatusOf(pid);
    EXPECT_TRUE(WIFEXITED(status)) << status;
    EXPECT_EQ(WEXITSTATUS(status), kExitCode);
  }
}

volatile sig_atomic_t num_forks, num_bad_forks;

void ForkInHandler(int) {
  int before = errno;
  if (num_forks >= 60) return;
  pid_t pid = fork();
  if (pid == 0) _exit(0);
  int status = -1;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  num_bad_forks = num_bad_forks + (pid < 0 || status != 0);
  num_forks = num_forks + 1;
  errno = before;
}

// Found was: such a fork waited for the guard, which the interrupted thread
// held.
TEST_P(Handlers, MayFork) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "SKIPPED: ThreadSanitizer starts a thread at each fork";
#endif
  num_forks = num_bad_forks = 0;
  Storm storm(3 * kMillisecond, ForkInHandler);
  for (int i = 0; i < Rounds(15) || num_forks < 20; i++) {
    Process process(GetParam(), exit_with, {brood_int64(7)});
    ASSERT_EQ(process.Run(), 7) << brood_error_message();
  }
  EXPECT_EQ(num_bad_forks, 0);
}

// tell_mask(writing end) writes which signals are blocked in it.
void tell_mask(const brood_args *args) {
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  std::string text;
  for (int i = 1; i < 32; i++) text += sigismember(&mask, i) ? '1' : '0';
  Tell(DescriptorAt(args, 0), text);
}
BROOD_TARGET(tell_mask);

std::string MaskOfAChild(const char *method) {
  Pipe told;
  Process process(method, tell_mask, {told.Argument()});
  EXPECT_EQ(process.Run(), 0) << brood_error_message();
  return told.ReadAll();
}

// A server has the mask of the program's when it was run.
TEST_P(Handlers, AreNotBlockedInChildren) {
  std::string none(31, '0');
  KillServer();
  EXPECT_EQ(MaskOfAChild(GetParam()), none);
  sigset_t some, before;
  sigemptyset(&some);
  sigaddset(&some, SIGINT);
  sigaddset(&some, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &some, &before);
  KillServer();
  std::string expected = none;
  expected[SIGINT - 1] = expected[SIGUSR1 - 1] = '1';
  EXPECT_EQ(MaskOfAChild(GetParam()), expected);
  sigset_t now;
  pthread_sigmask(SIG_SETMASK, &before, &now);
  EXPECT_EQ(sigismember(&now, SIGINT), 1);
  EXPECT_EQ(sigismember(&now, SIGTERM), 0);
  KillServer();
}

std::atomic<int> *num_handled;

void CountSignal(int) {
  ++*num_handled;
}

// One Ctrl-C after the other, each when the one before has been handled.
TEST_P(Handlers, LoseNoSignal) {
  constexpr int kSignals = 100;
  Shared<std::atomic<int>> handled;
  num_handled = handled.get();
  struct sigaction action = {}, before;
  action.sa_handler = CountSignal;
  sigaction(SIGINT, &action, &before);
  pid_t pid = getpid();
  {
    Victim user([&] {
      for (int i = 0; i < kSignals; i++) {
        kill(pid, SIGINT);
        if (!WaitUntil([&] { return *handled.get() == i + 1; })) _exit(1);
      }
    });
    while (*handled.get() < kSignals) {
      Process process(GetParam(), exit_with, {brood_int64(7)});
      ASSERT_EQ(process.Run(), 7) << brood_error_message();
    }
    user.AwaitDone();
  }
  EXPECT_EQ(*handled.get(), kSignals);
  sigaction(SIGINT, &before, nullptr);
}

}  // namespace
