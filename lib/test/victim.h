// Copies of the test's process that can be killed, memory that they share with
// it, and how a test knows that somebody sleeps.
// SPDX-License-Identifier: MIT
#pragma once

#include <sys/mman.h>
#include <sys/types.h>

#include <functional>
#include <new>

// Zeroed memory that is the same in all copies made from now on.
template <typename T>
class Shared {
 public:
  explicit Shared(size_t extra_bytes = 0) : size_(sizeof(T) + extra_bytes) {
    void *memory = mmap(nullptr, size_, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    object_ = static_cast<T *>(memory);
  }
  Shared(const Shared &) = delete;
  ~Shared() {
    munmap(object_, size_);
  }

  T *get() const {
    return object_;
  }
  T *operator->() const {
    return object_;
  }

 private:
  size_t size_;
  T *object_;
};

// A copy of the process that runs body and then waits until it is killed, a
// minute at most.
class Victim {
 public:
  explicit Victim(const std::function<void()> &body);
  Victim(const Victim &) = delete;
  ~Victim();

  pid_t pid() const {
    return pid_;
  }

  // Waits until body has returned.
  void AwaitDone();

  // Waits until it sleeps on a word of shared memory.
  void AwaitSleep(const void *word);

  // Kills it, and waits until it is a zombie.
  void Kill();

  // Waits for it, after which the kernel knows nothing of it.
  void Reap();

 private:
  pid_t pid_;
  int done_;  // reading end of a pipe that body's return writes to
  bool dead_ = false;
};

// SleepsOn tells whether a thread, by its number, is in a futex wait on a word
// at this address of its own.
bool SleepsOn(pid_t thread, const void *word);
