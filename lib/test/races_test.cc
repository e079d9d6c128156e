// Proves that threads which use one handle at a time harm nobody: a signal
// never goes to a stranger that has the number by then, and what a thread reads
// of a handle stays while others set it.
// SPDX-License-Identifier: MIT
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "lib/test/process.h"
#include "lib/test/random.h"
#include "lib/test/targets.h"

namespace {

class Races : public MethodTest {};
INSTANTIATE_METHODS(Races);

// Starts, joins and closes a process, whose number a stranger's pidfd then
// takes; returns whether the stranger was killed meanwhile.
bool KillsAStranger(Process *process, std::atomic<brood_process *> *current,
                    const std::atomic<int> &num_kills) {
  EXPECT_WORKS(process->Start());
  *current = *process;
  EXPECT_WORKS(process->Join());
  EXPECT_WORKS(brood_process_close(*process));
  Pipe release;
  pid_t stranger = fork();
  if (stranger == 0) {
    WaitForByte(release.reading());
    _exit(0);
  }
  int pidfd = (int)syscall(SYS_pidfd_open, stranger, 0);
  int seen = num_kills;
  WaitUntil([&] { return num_kills > seen + 2; });
  release.Release();
  bool unharmed = WaitForChild(stranger);
  close(pidfd);
  *current = nullptr;
  return !unharmed;
}

// Found was: 3 of 893 strangers.
TEST_P(Races, KillBesideClose) {
  std::vector<std::unique_ptr<Process>> handles; /* the killer may have any */
  std::atomic<brood_process *> current{nullptr};
  std::atomic<int> num_kills{0};
  std::atomic<bool> stop{false};
  std::thread killer([&] {
    while (!stop) {
      brood_process *process = current;
      if (process != nullptr) brood_process_kill(process);
      num_kills++;
    }
  });
  int num_killed = 0;
  for (int i = 0; i < Rounds(60); i++) {
    handles.push_back(std::make_unique<Process>(GetParam(), nothing));
    num_killed += KillsAStranger(handles.back().get(), &current, num_kills);
  }
  stop = true;
  killer.join();
  EXPECT_EQ(num_killed, 0);
}

class Names : public LibraryTest {};

// "name-" and so many times the same letter.
bool IsWhole(const char *text) {
  if (strncmp(text, "name-", 5) != 0 || strlen(text) < 10) return false;
  return strspn(text + 5, std::string(1, text[5]).c_str()) == strlen(text) - 5;
}

// Found was: use after free. Of ASan, TSan and whoever reads a name half.
TEST_F(Names, AreSetWhileOthersRead) {
  Process process("fork", nothing, {}, BROOD_NOT_DAEMON, "name-aaaaaaaa");
  brood_process *self = brood_current_process();
  std::atomic<int> num_running{2};
  std::thread namer([&] {
    for (int i = 0; i < Rounds(2000); i++) {
      std::string name = "name-" + std::string(5 + i % 60, 'a' + i % 26);
      EXPECT_WORKS(brood_process_set_name(process, name.c_str()));
    }
    num_running--;
  });
  std::thread keyer([&] {
    for (int i = 0; i < Rounds(2000); i++) {
      std::string key((size_t)(1 + i % 200), (char)i);
      EXPECT_WORKS(brood_process_set_authkey(self, key.data(), key.size()));
      EXPECT_WORKS(brood_process_set_authkey(process, key.data(), key.size()));
    }
    num_running--;
  });
  auto read = [&] {
    while (num_running > 0) {
      ASSERT_TRUE(IsWhole(brood_process_name(process)));
      for (brood_process *handle : {self, (brood_process *)process}) {
        size_t size = 0;
        const char *key = (const char *)brood_process_authkey(handle, &size);
        ASSERT_NE(key, nullptr);
        if (size == 32) continue; /* the first, by chance of any bytes */
        for (size_t i = 1; i < size; i++) ASSERT_EQ(key[i], key[0]);
      }
      EXPECT_FAILS(process.Join(0), BROOD_ASSERTION_ERROR, "'name-");
      Process other("fork", nothing); /* copies the key */
    }
  };
  std::thread reader(read);
  read();
  for (std::thread *thread : {&namer, &keyer, &reader}) thread->join();
}

}  // namespace
