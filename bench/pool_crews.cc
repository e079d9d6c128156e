// SPDX-License-Identifier: MIT
//
// What Brood's pools are measured against: the same tasks without a pool. One
// of a crew gives them and takes the time, the others perform them: over two
// queues of Brood's, or, one process for another, over two futexes.
#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/brood_crew.h"
#include "bench/clock.h"
#include "bench/crew.h"
#include "bench/pool_case.h"
#include "brood.h"

namespace bench {
namespace {

constexpr int kGiver = 0;  // its index in the crew

struct PoolBoard : Board {
  int workers = 0;
  int64_t task_us = 0;
  int64_t items = 0;  // of one sample: 1 for a round trip

  struct alignas(kLineBytes) {
    std::atomic<uint32_t> word = {0};  // 1: there is a number
    int64_t number = 0;
  } slots[2];
};

// ------------------------------------------------------------------ The giver

// Gives the tasks of one sample, bool Give(int64_t order), takes what comes
// back, bool Take(int64_t *), and returns whether that is right.
template <class Channel>
bool GiveAndTake(Channel channel, const PoolBoard &board) {
  for (int64_t i = 0; i < board.items; i++) {
    if (!channel.Give(Order(i, board.task_us))) return false;
  }
  int64_t sum = 0;
  for (int64_t i = 0; i < board.items; i++) {
    int64_t number;
    if (!channel.Take(&number)) return false;
    sum += number;
  }
  return sum == SumOfNumbers(board.items);
}

// Samples are nanoseconds.
template <class Channel>
bool GiveAll(Channel channel, PoolBoard *board) {
  int64_t untimed = board->items == 1 ? kAppliesUntimed : kMapsUntimed;
  for (int64_t i = -untimed; i < board->num_samples; i++) {
    int64_t begin_ns = bench_now_ns();
    if (!GiveAndTake(channel, *board)) return false;
    int64_t end_ns = bench_now_ns();
    if (i >= 0) board->samples[i] = end_ns - begin_ns;
  }
  return true;
}

// --------------------------------------------------------------------- Queues

struct Queues {
  brood_queue *there, *back;
  bool Give(int64_t order) {
    return brood_queue_put(there, brood_int64(order), BROOD_FOREVER) == 0;
  }
  bool Take(int64_t *out_number) {
    brood_value value;
    return brood_queue_get(back, &value, BROOD_FOREVER) == 0 &&
           brood_value_int64(&value, out_number) == 0;
  }
  Queues Reversed() const {
    return {back, there};
  }
};

// None is the end.
bool PerformAll(const Queues &queues) {
  Queues mine = queues.Reversed();
  brood_value order;
  while (brood_queue_get(queues.there, &order, BROOD_FOREVER) == 0) {
    if (order.type == BROOD_TYPE_NONE) return true;
    if (!mine.Give(Perform(order.as.int64))) return false;
  }
  return false;
}

bool GiveByQueues(const Queues &queues, PoolBoard *board) {
  if (!GiveAll(queues, board)) return false;
  for (int i = 0; i < board->workers; i++) {
    if (brood_queue_put(queues.there, brood_none(), BROOD_FOREVER) < 0)
      return false;
  }
  return true;
}

bool WorkByQueues(const brood_args *args, int board_fd, int index) {
  auto *board = JoinBroodCrew<PoolBoard>(board_fd, index);
  Queues queues = {TakeObject<brood_queue>(args, 0, BROOD_KIND_QUEUE),
                   TakeObject<brood_queue>(args, 1, BROOD_KIND_QUEUE)};
  if (!MeetAtGate(board)) return false;
  return index == kGiver ? GiveByQueues(queues, board) : PerformAll(queues);
}

bool MakeQueues(const brood_context *context, const Board *, void **objects) {
  for (int i = 0; i < 2; i++) {
    objects[i] = brood_queue_new(context, 0);
    if (objects[i] == nullptr) return false;
  }
  return true;
}

void FreeQueue(void *queue) {
  brood_queue_free(static_cast<brood_queue *>(queue));
}

constexpr BroodRow kRow = {kMap, "queues", MakeQueues, FreeQueue, WorkByQueues};

// -------------------------------------------------------------------- Futexes

// Neither side looks before it sleeps.
struct Futexes {
  PoolBoard *board;
  int there, back;
  bool Give(int64_t number) {
    auto &slot = board->slots[there];
    slot.number = number;
    slot.word.store(1, std::memory_order_release);
    FutexWake(&slot.word, 1);
    return true;
  }
  bool Take(int64_t *out_number) {
    auto &slot = board->slots[back];
    while (slot.word.load(std::memory_order_acquire) == 0)
      FutexWait(&slot.word, 0, nullptr);
    *out_number = slot.number;
    slot.word.store(0, std::memory_order_relaxed);
    return true;
  }
};

class FutexCrew : public ForkCrew {
 public:
  explicit FutexCrew(PoolBoard *board) : ForkCrew(board), board_(board) {
  }
  const char *bench() const override {
    return kApply;
  }
  const char *impl() const override {
    return "raw";
  }
  const char *object() const override {
    return "futex";
  }

 protected:
  std::string Work(int index) override {
    if (!MeetAtGate(board_)) return "nobody came to the gate";
    Futexes futexes = {board_, index, 1 - index};
    if (index == kGiver)
      return GiveAll(futexes, board_) ? "" : "results of another sum";
    for (int64_t i = -kAppliesUntimed; i < board_->num_samples; i++) {
      int64_t order;
      futexes.Take(&order);
      futexes.Give(Perform(order));
    }
    return "";
  }

 private:
  PoolBoard *board_;
};

// ------------------------------------------------------------------- Subjects

class CrewSubject : public PoolSubject {
 public:
  CrewSubject(std::unique_ptr<Crew> crew, const char *impl, PoolBoard *board)
      : crew_(std::move(crew)), impl_(impl), board_(board) {
  }
  const char *impl() const override {
    return impl_;
  }
  const char *context() const override {
    return crew_->context();
  }
  // Two queues do not know of chunks, and have two workers.
  bool Has(const PoolCase &one) const override {
    bool apply = one.bench == std::string(kApply);
    bool map = one.bench == std::string(kMap);
    if (impl_ == std::string("raw")) return apply;
    return apply || (map && one.chunksize == 1 && one.workers == 2);
  }
  Measured Measure(const PoolCase &one) override;

 private:
  std::unique_ptr<Crew> crew_;
  const char *impl_;
  PoolBoard *board_;
};

Measured CrewSubject::Measure(const PoolCase &one) {
  bool map = one.bench == std::string(kMap);
  int workers = impl_ == std::string("raw") ? 1 : one.workers;
  RenewBoard(board_, 1 + workers + 1);
  board_->num_samples = one.samples;
  board_->workers = workers;
  board_->task_us = one.task_us;
  board_->items = map ? one.items : 1;
  std::string fault = RunCrew(crew_.get(), 1 + workers, board_, [] {});
  std::vector<double> samples;
  for (int64_t i = 0; i < one.samples; i++) {
    double ns = board_->samples[i];
    samples.push_back(map ? one.items * 1e9 / ns : ns / 1e3);
  }
  return OfPool(one, fault, samples);
}

}  // namespace

BroodRows GetBroodRows() {
  return {&kRow, 1};
}

std::string AddPoolCrews(PoolSubjects *subjects) {
  PoolBoard *board = nullptr;
  int board_fd = MakeBoard(&board);
  if (board_fd < 0)
    return std::string("cannot share memory: ") + strerror(errno);
  subjects->push_back(std::make_unique<CrewSubject>(
      std::make_unique<FutexCrew>(board), "raw", board));
  Crews crews;
  AddBroodCrews(board, board_fd, &crews);
  for (auto &crew : crews)
    subjects->push_back(
        std::make_unique<CrewSubject>(std::move(crew), "brood_queues", board));
  return "";
}

}  // namespace bench
