// SPDX-License-Identifier: MIT
//
// What Brood's objects are measured against: what the C library and the kernel
// have for processes, in processes by fork.
#include <pthread.h>
#include <semaphore.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include "bench/crew.h"
#include "bench/sync_board.h"
#include "bench/sync_work.h"

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

template <bool (*Work)(Semaphore, SyncBoard *, int)>
bool WithSemaphore(SyncBoard *board, int index) {
  return Work({&board->semaphore}, board, index);
}

template <bool (*Work)(Mutex, SyncBoard *, int)>
bool WithMutex(SyncBoard *board, int index) {
  return Work({&board->mutex}, board, index);
}

bool WithCondition(SyncBoard *board, int index) {
  return ConditionTrips(Condition{{&board->mutex}, &board->condition}, board,
                        index);
}

bool WithFutex(SyncBoard *board, int index) {
  return EventTrips(Futex{&board->futexes[0].word},
                    Futex{&board->futexes[1].word}, board, index);
}

struct Row {
  const char *bench;
  const char *object;
  bool (*work)(SyncBoard *, int index);
};
constexpr Row kRows[] = {
    {kPair, "sem_t", WithSemaphore<Pairs<Semaphore>>},
    {kPair, "pthread_mutex", WithMutex<Pairs<Mutex>>},
    {kContended, "sem_t", WithSemaphore<Contend<Semaphore>>},
    {kContended, "pthread_mutex", WithMutex<Contend<Mutex>>},
    {kCondition, "pthread_cond", WithCondition},
    {kEvent, "futex", WithFutex},
};

bool InitRaw(SyncBoard *board) {
  if (sem_init(&board->semaphore, 1, 1) < 0) return false;
  pthread_mutexattr_t mutex;
  pthread_condattr_t condition;
  return (errno = pthread_mutexattr_init(&mutex)) == 0 &&
         (errno = pthread_mutexattr_setpshared(&mutex, 1)) == 0 &&
         (errno = pthread_mutex_init(&board->mutex, &mutex)) == 0 &&
         (errno = pthread_condattr_init(&condition)) == 0 &&
         (errno = pthread_condattr_setpshared(&condition, 1)) == 0 &&
         (errno = pthread_cond_init(&board->condition, &condition)) == 0;
}

class RawCrew : public ForkCrew {
 public:
  RawCrew(const Row &row, SyncBoard *board)
      : ForkCrew(board), row_(row), board_(board) {
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
  // On a new board. What a crew that was killed has left in the raw objects
  // went with the old one; destroying them would have waited for it.
  std::string Make() override {
    if (InitRaw(board_)) return "";
    return std::string("the raw objects cannot be made: ") + strerror(errno);
  }

 protected:
  std::string Work(int index) override {
    return row_.work(board_, index) ? "" : strerror(errno);
  }

 private:
  const Row &row_;
  SyncBoard *board_;
};

}  // namespace

void AddRawCrews(SyncBoard *board, Crews *crews) {
  for (const Row &row : kRows)
    crews->push_back(std::make_unique<RawCrew>(row, board));
}

}  // namespace bench
