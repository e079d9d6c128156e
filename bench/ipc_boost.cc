// SPDX-License-Identifier: MIT
//
// Boost.Interprocess' message_queue, in processes by fork. Its name is gone as
// soon as it is made: the processes inherit the mapping.
#include <unistd.h>

#include <boost/interprocess/ipc/message_queue.hpp>
#include <cstddef>
#include <exception>
#include <memory>
#include <string>

#include "bench/crew.h"
#include "bench/ipc_board.h"
#include "bench/ipc_work.h"

namespace bench {
namespace {

using Queue = boost::interprocess::message_queue;

struct Queues {
  Queue *in;
  Queue *out;
  bool Put(const char *message, size_t size) {
    out->send(message, size, 0);
    return true;
  }
  bool Get(char *room, size_t capacity, size_t *out_size) {
    Queue::size_type size = 0;
    unsigned priority = 0;
    in->receive(room, capacity, size, priority);
    *out_size = size;
    return true;
  }
};

std::unique_ptr<Queue> NewQueue(size_t size_bytes) {
  std::string name = "brood-bench-" + std::to_string(getpid());
  Queue::remove(name.c_str());
  auto queue =
      std::make_unique<Queue>(boost::interprocess::create_only, name.c_str(),
                              QueueItems(size_bytes), size_bytes);
  Queue::remove(name.c_str());
  return queue;
}

class BoostCrew : public ForkCrew {
 public:
  BoostCrew(const char *bench, IpcBoard *board)
      : ForkCrew(board), bench_(bench), board_(board) {
  }
  const char *bench() const override {
    return bench_;
  }
  const char *impl() const override {
    return "boost";
  }
  const char *object() const override {
    return "queue";
  }
  std::string Make() override {
    try {
      queues_[0] = NewQueue(board_->size_bytes);
      if (bench_ == kRoundTrip) queues_[1] = NewQueue(board_->size_bytes);
    } catch (const std::exception &error) {
      return error.what();
    }
    return "";
  }
  std::string Join() override {
    std::string fault = ForkCrew::Join();
    for (auto &queue : queues_) queue.reset();
    return fault;
  }

 protected:
  std::string Work(int index) override {
    bool trips = bench_ == kRoundTrip;
    Queue *there = queues_[0].get();
    Queue *back = queues_[1].get();
    Queues channel = {there, there};
    if (trips) channel = index == 0 ? Queues{back, there} : Queues{there, back};
    Copying<Queues> queues(channel, board_->size_bytes);
    try {
      bool done = trips ? Trips(queues, queues, board_, index)
                        : Stream(queues, queues, board_, index);
      return done ? "" : "a message is missing or wrong";
    } catch (const std::exception &error) {
      return error.what();
    }
  }

 private:
  const char *bench_;
  IpcBoard *board_;
  std::unique_ptr<Queue> queues_[2];
};

}  // namespace

void AddBoostCrews(IpcBoard *board, Crews *crews) {
  for (const char *bench : {kThroughput, kRoundTrip})
    crews->push_back(std::make_unique<BoostCrew>(bench, board));
}

}  // namespace bench
