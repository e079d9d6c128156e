// Proves that whichever clients of a manager are killed at whatever instant,
// nobody waits for ever, two never have the lock, each item is got once, and
// nothing of the dead stays.
// SPDX-License-Identifier: MIT
#include <signal.h>

#include <atomic>
#include <memory>

#include "lib/test/managers.h"
#include "lib/test/random.h"
#include "lib/test/targets.h"

namespace {

class ManagersChaos : public ObjectsTest {};

constexpr int kClients = 3;
constexpr int kMaxLives = 16384, kItems = 256;
constexpr int64_t kTooLong = 20 * kSecond;

// What clients write down. A life is a client until it is killed.
struct Board {
  std::atomic<int32_t> fault_line;
  std::atomic<int32_t> stop;
  std::atomic<int32_t> num_lives;
  std::atomic<int32_t> inside;             // of the lock: a life, or 0
  std::atomic<int32_t> getting[kClients];  // 1: an item may be in its hands
  std::atomic<int32_t> calls[kClients];
  std::atomic<uint16_t> begun[kMaxLives], done[kMaxLives];
  std::atomic<uint8_t> got[kMaxLives][kItems];
};

// What a client is given, and does.
class Client {
 public:
  explicit Client(const brood_args *args)
      : board_(static_cast<Board *>(
            brood_shared_array_get_obj(ObjectAt<brood_shared_array>(args, 0)))),
        number_(Int64At(args, 1)),
        lock_(ObjectAt<brood_lock>(args, 2)),
        queue_(ObjectAt<brood_queue>(args, 3)),
        semaphore_(ObjectAt<brood_semaphore>(args, 4)),
        condition_(ObjectAt<brood_condition>(args, 5)),
        life_(board_->num_lives++) {
  }

  void Run() {
    while (board_->stop == 0 && board_->fault_line == 0) {
      switch (board_->calls[number_]++ % 5) {
        case 0: UseLock(); break;
        case 1: Put(); break;
        case 2: Get(); break;
        case 3: UseSemaphore(); break;
        default: UseCondition(); break;
      }
    }
  }

 private:
  void Expect(bool is_so, int line) {
    int32_t none = 0;
    if (!is_so) board_->fault_line.compare_exchange_strong(none, line);
  }

  void UseLock() {
    int r = brood_lock_acquire(lock_, kTooLong);
    Expect(r == 0 || r == BROOD_OWNER_DIED, __LINE__);
    int32_t before = board_->inside.exchange(life_ + 1);
    Expect(before == 0 || r == BROOD_OWNER_DIED, __LINE__);
    Expect(board_->inside.exchange(0) == life_ + 1, __LINE__);
    Expect(brood_lock_release(lock_) == 0, __LINE__);
  }

  void Put() {
    int item = board_->begun[life_];
    if (item == kItems) return;
    board_->begun[life_] = static_cast<uint16_t>(item + 1);
    brood_value label = brood_int64(int64_t{life_} * kItems + item);
    int r = brood_queue_put(queue_, label, kTooLong);
    Expect(r == 0 || r == BROOD_FULL, __LINE__);
    board_->done[life_] = static_cast<uint16_t>(item + 1);
  }

  void Get() {
    brood_value label = brood_none();
    board_->getting[number_] = 1;
    int r = brood_queue_get(queue_, &label, 20 * kMillisecond);
    Expect(r == 0 || r == BROOD_EMPTY, __LINE__);
    if (r == 0) (&board_->got[0][0])[label.as.int64]++;
    board_->getting[number_] = 0;
  }

  void UseSemaphore() {
    Expect(brood_semaphore_acquire(semaphore_, kTooLong) == 0, __LINE__);
    Expect(brood_semaphore_release(semaphore_) == 0, __LINE__);
  }

  void UseCondition() {
    int r = brood_condition_acquire(condition_, kTooLong);
    Expect(r == 0 || r == BROOD_OWNER_DIED, __LINE__);
    if (board_->calls[number_] % 2 == 0) {
      Expect(brood_condition_notify(condition_, 1) == 0, __LINE__);
    } else {
      r = brood_condition_wait(condition_, kMillisecond);
      Expect(r == 0 || r == BROOD_TIMEOUT || r == BROOD_OWNER_DIED, __LINE__);
    }
    Expect(brood_condition_release(condition_) == 0, __LINE__);
  }

  Board *board_;
  int64_t number_;
  brood_lock *lock_;
  brood_queue *queue_;
  brood_semaphore *semaphore_;
  brood_condition *condition_;
  int32_t life_;
};

void use_all(const brood_args *args) {
  Client(args).Run();
}
BROOD_TARGET(use_all);

// What was put was got once, but for what was in a killed client's hands.
void Judge(const Board *board, int num_lost) {
  int missing = 0;
  for (int life = 0; life < board->num_lives; life++) {
    for (int item = 0; item < kItems; item++) {
      int got = board->got[life][item];
      ASSERT_LE(got, 1) << life << ":" << item;
      if (item < board->done[life]) missing += got == 0;
      ASSERT_TRUE(item < board->begun[life] || got == 0) << life << ":" << item;
    }
  }
  EXPECT_LE(missing, num_lost);
}

// Is everything free again?
void ExpectAllFree(brood_lock *lock, brood_semaphore *semaphore,
                   brood_condition *condition) {
  int r = brood_lock_acquire(lock, kTooLong);
  EXPECT_TRUE(r == 0 || r == BROOD_OWNER_DIED) << brood_error_message();
  EXPECT_WORKS(brood_lock_release(lock));
  r = brood_condition_acquire(condition, kTooLong);
  EXPECT_TRUE(r == 0 || r == BROOD_OWNER_DIED) << brood_error_message();
  EXPECT_WORKS(brood_condition_release(condition));
  EXPECT_TRUE(
      WaitUntil([&] { return brood_semaphore_get_value(semaphore) == 2; }));
}

TEST_P(ManagersChaos, KillsStopAndLoseNothing) {
  const int rounds = Rounds(100);
  brood_shared_array *memory = brood_shared_array_new(
      brood_get_context("fork"), 'B', sizeof(Board), BROOD_NO_LOCK);
  ASSERT_NE(memory, nullptr);
  auto *board = static_cast<Board *>(brood_shared_array_get_obj(memory));
  {
    Manager manager(GetParam());
    auto lock = Own(brood_manager_lock(manager, nullptr));
    auto queue = Own(brood_manager_queue(manager, nullptr, 10));
    auto semaphore = Own(brood_manager_semaphore(manager, nullptr, 2));
    auto condition = Own(brood_manager_condition(manager, nullptr, nullptr));
    int num_lost = 0;
    std::unique_ptr<Process> clients[kClients];
    auto start = [&](int i) {
      Values args = {
          brood_object(memory),          brood_int64(i),
          brood_object(lock.get()),      brood_object(queue.get()),
          brood_object(semaphore.get()), brood_object(condition.get())};
      clients[i] =
          std::make_unique<Process>(GetParam(), use_all, args, BROOD_DAEMON);
      ASSERT_WORKS(clients[i]->Start());
    };
    auto end = [&](int i) {
      ASSERT_WORKS(brood_process_kill(*clients[i]));
      ASSERT_WORKS(clients[i]->Join());
      num_lost += board->getting[i];
      board->getting[i] = 0;
    };
    for (int i = 0; i < kClients; i++) start(i);
    for (int round = 0; round < rounds && board->fault_line == 0; round++) {
      SleepAtRandom(3000);
      int i = static_cast<int>(Random(kClients));
      end(i);
      start(i);
      if (round % 16 != 15) continue;
      int32_t before = board->calls[i];
      ASSERT_TRUE(WaitUntil([&] { return board->calls[i] != before; }));
    }
    board->stop = 1;
    for (int i = 0; i < kClients; i++) EXPECT_WORKS(clients[i]->Join());
    EXPECT_EQ(board->fault_line, 0) << "reported in this line of this file";
    brood_value label = brood_none();
    while (brood_queue_get(queue.get(), &label, 0) == 0) {
      (&board->got[0][0])[label.as.int64]++;
    }
    Judge(board, num_lost);
    for (auto &client : clients) client.reset();
    ExpectAllFree(lock.get(), semaphore.get(), condition.get());
    EXPECT_TRUE(manager.Has(5));  // and the condition's rlock
    queue.reset();
    EXPECT_TRUE(manager.Has(4));
  }
  brood_shared_array_free(memory);
}

INSTANTIATE_METHODS(ManagersChaos);

}  // namespace
