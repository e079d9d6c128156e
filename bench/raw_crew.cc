// SPDX-License-Identifier: MIT
//
// What Brood's objects are measured against: what the C library and the kernel
// have for processes, in processes by fork.
#include <pthread.h>
#include <semaphore.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "bench/board.h"
#include "bench/crew.h"
#include "bench/work.h"

namespace bench {
namespace {

struct Semaphore {
  sem_t *self;
  bool Acquire() {
    return sem_wait(self) == 0;
  }
  bool Release() {
    return sem_post(self) == 0;
  }
};

struct Mutex {
  pthread_mutex_t *self;
  bool Acquire() {
    return pthread_mutex_lock(self) == 0;
  }
  bool Release() {
    return pthread_mutex_unlock(self) == 0;
  }
};

struct Condition : Mutex {
  pthread_cond_t *condition;
  bool Notify() {
    return pthread_cond_signal(condition) == 0;
  }
  bool Wait() {
    return pthread_cond_wait(condition, self) == 0;
  }
};

// The least that an event can be: it does not know whether anybody waits.
struct Futex {
  std::atomic<uint32_t> *word;
  bool Set() {
    word->store(1, std::memory_order_release);
    FutexWake(word, 1);
    return true;
  }
  bool Clear() {
    word->store(0, std::memory_order_relaxed);
    return true;
  }
  bool Wait() {
    while (word->load(std::memory_order_acquire) == 0)
      FutexWait(word, 0, nullptr);
    return true;
  }
};

template <bool (*Work)(Semaphore, Board *, int)>
bool WithSemaphore(Board *board, int index) {
  return Work({&board->semaphore}, board, index);
}

template <bool (*Work)(Mutex, Board *, int)>
bool WithMutex(Board *board, int index) {
  return Work({&board->mutex}, board, index);
}

bool WithCondition(Board *board, int index) {
  return ConditionTrips(Condition{{&board->mutex}, &board->condition}, board,
                        index);
}

bool WithFutex(Board *board, int index) {
  return EventTrips(Futex{&board->futexes[0].word},
                    Futex{&board->futexes[1].word}, board, index);
}

struct Row {
  const char *bench;
  const char *object;
  bool (*work)(Board *, int index);
};
constexpr Row kRows[] = {
    {kPair, "sem_t", WithSemaphore<Pairs<Semaphore>>},
    {kPair, "pthread_mutex", WithMutex<Pairs<Mutex>>},
    {kContended, "sem_t", WithSemaphore<Contend<Semaphore>>},
    {kContended, "pthread_mutex", WithMutex<Contend<Mutex>>},
    {kCondition, "pthread_cond", WithCondition},
    {kEvent, "futex", WithFutex},
};

class RawCrew : public Crew {
 public:
  RawCrew(const Row &row, Board *board) : row_(row), board_(board) {
  }
  const char *bench() const override {
    return row_.bench;
  }
  const char *impl() const override {
    return "raw";
  }
  const char *object() const override {
    return row_.object;
  }
  const char *context() const override {
    return "fork";
  }
  // They are made with the board.
  std::string Make() override {
    return "";
  }
  std::string Start(int index) override {
    pid_t pid = fork();
    if (pid < 0) return std::string("fork: ") + strerror(errno);
    if (pid == 0) {
      bool done = JoinCrew(board_, index) && row_.work(board_, index);
      if (!done) perror("sync: a raw call failed");
      _exit(done ? 0 : 1);
    }
    pids_.push_back(pid);
    return "";
  }
  std::string Join() override {
    std::string fault;
    for (pid_t pid : pids_) {
      int status = -1;
      while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
      }
      if (status != 0)
        fault = "a process ended with wait status " + std::to_string(status);
    }
    pids_.clear();
    return fault;
  }

 private:
  const Row &row_;
  Board *board_;
  std::vector<pid_t> pids_;
};

}  // namespace

void AddRawCrews(Board *board, Crews *crews) {
  for (const Row &row : kRows)
    crews->push_back(std::make_unique<RawCrew>(row, board));
}

}  // namespace bench
