// Proves that killing those who put and those who get at any instant tears,
// loses, doubles and stops nothing: what a put that returned has put is got
// once, but for what a killed process was just getting; items are whole, and in
// each producer's order; and nobody waits for the dead.
//
// Producers write numbered items of all sizes, consumers look at each byte; the
// test kills one after the other and puts another in its place. The seed is
// printed.
// SPDX-License-Identifier: MIT
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <random>

#include "lib/test/queues.h"
#include "lib/test/random.h"
#include "lib/test/victim.h"

namespace {

constexpr int kProducers = 2, kConsumers = 2;
constexpr int kWorkers = kProducers + kConsumers;
// A life is what a producer puts under one number.
constexpr uint32_t kItems = 1024;
constexpr uint32_t kMaxLives = 16384;
constexpr size_t kMost = 5;  // at once
// No call may last this long: far beyond the time until a death is noticed.
constexpr int64_t kTooLong = 20 * kSecond;

struct Life {
  std::atomic<uint32_t> begun, done;  // items, before and after put
  std::atomic<uint8_t> got[kItems];
};

struct Board {
  std::atomic<bool> stop;          // putting
  std::atomic<bool> stop_getting;  // when all is got
  std::atomic<int> fault_line;
  std::atomic<uint32_t> num_lives;
  // What a consumer is getting, at most; 0 once it has written that down.
  std::atomic<uint32_t> getting[kWorkers];
  std::atomic<uint64_t> num_got;
  Life lives[kMaxLives];
};

struct Label {
  uint32_t life, item;
};

size_t SizeOf(Label label) {
  uint32_t chance = (label.life * 2654435761u + label.item * 40503u) >> 4;
  if (chance % 1024 == 0) return BROOD_MAX_ITEM + chance % 5000;
  if (chance % 128 == 0) return 30000 + chance % 60000;
  if (chance % 16 == 0) return 200 + chance % 5000;
  return sizeof(Label) + chance % 100;
}

char Byte(Label label, size_t offset) {
  return static_cast<char>(offset * 7 + label.life * 13 + label.item +
                           offset / 256);
}

std::vector<char> MakeItem(Label label) {
  std::vector<char> item(SizeOf(label));
  memcpy(item.data(), &label, sizeof label);
  for (size_t i = sizeof label; i < item.size(); i++) item[i] = Byte(label, i);
  return item;
}

bool IsItem(const brood_value &value, Label *out_label) {
  if (value.type != BROOD_TYPE_BYTES || value.size_bytes < sizeof(Label))
    return false;
  const char *data = static_cast<const char *>(value.as.data);
  memcpy(out_label, data, sizeof *out_label);
  if (out_label->life >= kMaxLives || out_label->item >= kItems) return false;
  if (value.size_bytes != SizeOf(*out_label)) return false;
  for (size_t i = sizeof(Label); i < value.size_bytes; i++) {
    if (data[i] != Byte(*out_label, i)) return false;
  }
  return true;
}

class Worker {
 public:
  Worker(Board *board, brood_queue *queue, int number, uint32_t seed,
         bool joinable)
      : board_(board),
        queue_(queue),
        number_(number),
        joinable_(joinable),
        random_(seed) {
  }

  void Produce() {
    while (!board_->stop) {
      uint32_t life = board_->num_lives++;
      if (life >= kMaxLives) return;
      for (uint32_t item = 0; item < kItems && !board_->stop;) {
        int r = PutSome(life, item);
        if (r <= 0) return Report(__LINE__);
        item += (uint32_t)r;
        board_->lives[life].done = item;
      }
    }
  }

  void Consume() {
    while (!board_->stop_getting || brood_queue_empty(queue_) == 0) {
      brood_value values[kMost];
      size_t most = random_() % 3 ? 1 : kMost;
      board_->getting[number_] = (uint32_t)most;
      int r = brood_queue_get_many(queue_, values, most, 50 * kMillisecond);
      if (r < 0 && r != BROOD_EMPTY) return Report(__LINE__);
      for (int i = 0; i < r; i++) Judge(&values[i]);
      board_->getting[number_] = 0;
      // A task is done when it is written down: what is not is the dead's.
      for (int i = 0; joinable_ && i < r; i++) {
        if (brood_queue_task_done(queue_) < 0) Report(__LINE__);
      }
    }
  }

 private:
  void Report(int line) {
    int none = 0;
    board_->fault_line.compare_exchange_strong(none, line);
  }

  int PutSome(uint32_t life, uint32_t item) {
    size_t count = random_() % 4 ? 1 : std::min<size_t>(kMost, kItems - item);
    std::vector<std::vector<char>> items;
    std::vector<brood_value> values;
    for (uint32_t i = 0; i < count; i++) {
      items.push_back(MakeItem({life, item + i}));
      values.push_back(brood_bytes(items[i].data(), items[i].size()));
    }
    board_->lives[life].begun = item + (uint32_t)count;
    return brood_queue_put_many(queue_, values.data(), count, kTooLong);
  }

  void Judge(brood_value *value) {
    Label label;
    if (!IsItem(*value, &label)) return Report(__LINE__);
    brood_value_clear(value);
    auto last = last_.find(label.life);
    if (last != last_.end() && last->second >= label.item) Report(__LINE__);
    last_[label.life] = label.item;
    if (board_->lives[label.life].got[label.item]++ != 0) Report(__LINE__);
    board_->num_got++;
  }

  Board *board_;
  brood_queue *queue_;
  int number_;
  bool joinable_;
  std::mt19937 random_;
  std::map<uint32_t, uint32_t> last_;
};

struct Kind {
  const char *name;
  int64_t maxsize;
  bool joinable;
};

void PrintTo(const Kind &kind, std::ostream *out) {
  *out << kind.name;
}

class QueuesChaos : public LibraryTest,
                    public testing::WithParamInterface<Kind> {
 protected:
  pid_t Fork(int number) {
    uint32_t seed = Random(UINT32_MAX);
    pid_t pid = fork();
    if (pid != 0) return pid;
    alarm(600);
    Worker worker(board_.get(), queue_, number, seed, GetParam().joinable);
    number < kProducers ? worker.Produce() : worker.Consume();
    _exit(0);
  }

  void KillOne() {
    int number = (int)Random(kWorkers);
    ASSERT_EQ(kill(pids_[number], SIGKILL), 0);
    ASSERT_EQ(waitpid(pids_[number], nullptr, 0), pids_[number]);
    lost_ += board_->getting[number].exchange(0);
    pids_[number] = Fork(number);
    ASSERT_GT(pids_[number], 0);
  }

  // Whether something was got since the last call.
  bool Progress() {
    uint64_t before = seen_;
    seen_ = board_->num_got;
    return seen_ != before;
  }

  void Stop() {
    board_->stop = true;
    for (int i = 0; i < kProducers; i++) EXPECT_TRUE(WaitForChild(pids_[i]));
    board_->stop_getting = true;
    for (int i = kProducers; i < kWorkers; i++) {
      EXPECT_TRUE(WaitForChild(pids_[i]));
    }
  }

  // What was put must have been got once, but for what was lost with those who
  // were getting it.
  void Judge() {
    uint32_t lives = std::min(board_->num_lives.load(), kMaxLives);
    uint64_t missing = 0, put = 0;
    for (uint32_t life = 0; life < lives; life++) {
      const Life &one = board_->lives[life];
      put += one.done;
      for (uint32_t item = 0; item < kItems; item++) {
        int got = one.got[item];
        ASSERT_LE(got, 1) << life << ":" << item;
        if (item < one.done && got == 0) missing++;
        if (item >= one.begun) {
          ASSERT_EQ(got, 0) << life << ":" << item;
        }
      }
    }
    EXPECT_LE(missing, lost_) << "of " << put;
    printf(
        "%lu put, %lu got, %lu gone with %lu killed while they got at most "
        "%lu\n",
        (unsigned long)put, (unsigned long)board_->num_got,
        (unsigned long)missing, (unsigned long)kills_, (unsigned long)lost_);
  }

  Shared<Board> board_;
  Queue queue_{GetParam().joinable ? NewJoinable("fork", GetParam().maxsize)
                                   : brood_queue_new(brood_get_context("fork"),
                                                     GetParam().maxsize)};
  pid_t pids_[kWorkers] = {};
  uint64_t lost_ = 0, seen_ = 0, kills_ = 0;
};
INSTANTIATE_TEST_SUITE_P(
    Kinds, QueuesChaos,
    testing::Values(Kind{"unlimited", 0, false}, Kind{"maxsize", 10, false},
                    Kind{"longer", 100, false}, Kind{"joinable", 10, true}),
    [](const auto &info) { return std::string(info.param.name); });

TEST_P(QueuesChaos, KillsTearLoseDoubleAndStopNothing) {
  for (int i = 0; i < kWorkers; i++) pids_[i] = Fork(i);
  const int rounds = Rounds(150);
  for (int round = 0; round < rounds && !HasFatalFailure(); round++) {
    SleepAtRandom(2000);
    KillOne();
    kills_++;
    if (board_->fault_line != 0) break;
    if (round % 16 == 15) {
      ASSERT_TRUE(WaitUntil([&] { return Progress(); })) << "all wait";
    }
  }
  Stop();
  EXPECT_EQ(board_->fault_line, 0) << "reported in this line of this file";
  Judge();
  if (GetParam().joinable) {
    int r = brood_queue_join(queue_, kTooLong);
    EXPECT_TRUE(r == 0 || r == BROOD_OWNER_DIED) << brood_error_message();
  }
  EXPECT_WORKS(brood_queue_put(queue_, brood_int64(1), 0));
  EXPECT_EQ(queue_.Number(0), 1);
}

}  // namespace
