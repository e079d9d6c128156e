// SPDX-License-Identifier: MIT
//
// ZeroMQ's PUSH and PULL over ipc, in processes by fork. Each process has a
// context of its own, since none outlives a fork; its I/O thread is tied to the
// processor of the process. Whoever receives binds, whoever sends connects to
// all that receive. Addresses are abstract: no file is left behind.
#include <unistd.h>
#include <zmq.h>

#include <cerrno>
#include <cstddef>
#include <memory>
#include <string>

#include "bench/crew.h"
#include "bench/ipc_board.h"
#include "bench/ipc_work.h"

namespace bench {
namespace {

struct Sockets {
  void *in;
  void *out;
  bool Put(const char *message, size_t size) {
    return zmq_send(out, message, size, 0) >= 0;
  }
  bool Get(char *room, size_t capacity, size_t *out_size) {
    int size = zmq_recv(in, room, capacity, 0);
    if (size < 0) return false;
    *out_size = size;
    return true;
  }
};

// The context of one process, with a socket for each direction. Its end waits
// until all is sent.
class Context {
 public:
  ~Context() {
    for (void *socket : {sockets_.in, sockets_.out}) {
      if (socket != nullptr) zmq_close(socket);
    }
    zmq_ctx_term(context_);
  }
  // These return false with errno set on failure.
  bool Bind(const std::string &address, int most_queued) {
    sockets_.in = zmq_socket(context_, ZMQ_PULL);
    return sockets_.in != nullptr &&
           zmq_setsockopt(sockets_.in, ZMQ_RCVHWM, &most_queued,
                          sizeof most_queued) == 0 &&
           zmq_bind(sockets_.in, address.c_str()) == 0;
  }
  bool Connect(const std::string &address, int most_queued) {
    if (sockets_.out == nullptr) {
      sockets_.out = zmq_socket(context_, ZMQ_PUSH);
      if (sockets_.out == nullptr ||
          zmq_setsockopt(sockets_.out, ZMQ_SNDHWM, &most_queued,
                         sizeof most_queued) < 0)
        return false;
    }
    return zmq_connect(sockets_.out, address.c_str()) == 0;
  }
  Sockets sockets() const {
    return sockets_;
  }

 private:
  void *context_ = zmq_ctx_new();
  Sockets sockets_ = {nullptr, nullptr};
};

class ZeroMqCrew : public ForkCrew {
 public:
  ZeroMqCrew(const char *bench, IpcBoard *board)
      : ForkCrew(board), bench_(bench), board_(board) {
  }
  const char *bench() const override {
    return bench_;
  }
  const char *impl() const override {
    return "zeromq";
  }
  const char *object() const override {
    return "queue";
  }
  std::string Make() override {
    static int number = 0;
    address_ = "ipc://@brood-bench-" + std::to_string(getpid()) + "-" +
               std::to_string(number++) + "-";
    board_->without_address.store(board_->num_producers +
                                  board_->num_consumers);
    return "";
  }

 protected:
  std::string Work(int index) override {
    Context context;
    if (!Open(&context, index)) return zmq_strerror(errno);
    Copying<Sockets> sockets(context.sockets(), board_->size_bytes);
    bool done = bench_ == kRoundTrip ? Trips(sockets, sockets, board_, index)
                                     : Stream(sockets, sockets, board_, index);
    if (!done) return zmq_strerror(errno);
    if (bench_ == kThroughput && index < board_->num_producers) StayOpen();
    return "";
  }

 private:
  // In a round trip both processes receive, and each sends to the other.
  bool Open(Context *context, int index) {
    bool trips = bench_ == kRoundTrip;
    int consumer = trips ? index : index - board_->num_producers;
    int items = QueueItems(board_->size_bytes);
    auto address = [&](int of) { return address_ + std::to_string(of); };
    if (consumer >= 0 && !context->Bind(address(consumer), items)) return false;
    if (!MeetAt(&board_->without_address)) return false;
    if (trips) return context->Connect(address(1 - index), items);
    for (int i = 0; i < board_->num_consumers && consumer < 0; i++) {
      if (!context->Connect(address(i), items)) return false;
    }
    return true;
  }

  // What is under way to a full queue is lost when its sender closes, linger
  // or not (github.com/zeromq/libzmq/issues/4660).
  void StayOpen() {
    while (board_->ended.load() < board_->num_consumers) usleep(50);
  }

  const char *bench_;
  IpcBoard *board_;
  std::string address_;
};

}  // namespace

void AddZeroMqCrews(IpcBoard *board, Crews *crews) {
  for (const char *bench : {kThroughput, kRoundTrip})
    crews->push_back(std::make_unique<ZeroMqCrew>(bench, board));
}

}  // namespace bench
