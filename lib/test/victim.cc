// See victim.h.
// SPDX-License-Identifier: MIT
#include "lib/test/victim.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "lib/test/fixture.h"

Victim::Victim(const std::function<void()> &body) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  pid_ = fork();
  EXPECT_GE(pid_, 0);
  if (pid_ == 0) {
    alarm(kLong / kSecond);
    body();
    if (write(ends[1], "d", 1) != 1) _exit(1);
    for (;;) pause();
  }
  close(ends[1]);
  done_ = ends[0];
}

Victim::~Victim() {
  Kill();
  Reap();
  close(done_);
}

void Victim::AwaitDone() {
  pollfd entry = {done_, POLLIN, 0};
  ASSERT_EQ(poll(&entry, 1, kLong / kMillisecond), 1);
  char byte;
  ASSERT_EQ(read(done_, &byte, 1), 1) << "it ended before";
}

void Victim::AwaitSleep(const void *word) {
  ASSERT_TRUE(WaitUntil([&] { return SleepsOn(pid_, word); }));
}

void Victim::Kill() {
  if (dead_) return;
  dead_ = true;
  EXPECT_EQ(kill(pid_, SIGKILL), 0);
  siginfo_t info;
  EXPECT_EQ(waitid(P_PID, (id_t)pid_, &info, WEXITED | WNOWAIT), 0);
}

void Victim::Reap() {
  if (pid_ <= 0) return;
  EXPECT_EQ(waitpid(pid_, nullptr, 0), pid_);
  pid_ = 0;
}

bool SleepsOn(pid_t thread, const void *word) {
  std::ifstream file("/proc/" + std::to_string(thread) + "/syscall");
  long number = -1;
  std::string address;
  file >> number >> address;
  return number == SYS_futex &&
         strtoul(address.c_str(), nullptr, 16) == (unsigned long)word;
}
