// SPDX-License-Identifier: MIT
//
// What the kernel carries messages by, in processes by fork; and the least that
// a round trip can be, memory that both see, with a futex or without.
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include "bench/crew.h"
#include "bench/ipc_board.h"
#include "bench/ipc_work.h"

namespace bench {
namespace {

constexpr int kMaxEnds = 4;

// All messages are of one size, so bytes need no frame to be messages again.
struct Ends {
  int in = -1;
  int out = -1;
  bool Put(const char *message, size_t size) {
    for (size_t done = 0; done < size;) {
      ssize_t part = write(out, message + done, size - done);
      if (part < 0) return false;
      done += part;
    }
    return true;
  }
  bool Get(char *room, size_t capacity, size_t *out_size) {
    for (*out_size = 0; *out_size < capacity;) {
      ssize_t part = read(in, room + *out_size, capacity - *out_size);
      if (part <= 0) return false;
      *out_size += part;
    }
    return true;
  }
};

// Has both wait and be woken by the kernel, or not at all.
template <bool sleeps>
struct Slots {
  Slot *in;
  Slot *out;
  bool Put(const char *message, size_t size) {
    memcpy(out->message, message, size);
    // Release and acquire: the message is there when the word says so.
    out->word.store(1, std::memory_order_release);
    if (sleeps) FutexWake(&out->word, 1);
    return true;
  }
  bool Get(char *room, size_t capacity, size_t *out_size) {
    while (in->word.load(std::memory_order_acquire) == 0) {
      if (sleeps) FutexWait(&in->word, 0, nullptr);
    }
    memcpy(room, in->message, capacity);
    in->word.store(0, std::memory_order_relaxed);
    *out_size = capacity;
    return true;
  }
};

// For one way the first end is for reading and the second for writing; for two
// the second pair is the way back.
bool OpenPipes(int ends[kMaxEnds]) {
  return pipe(ends) == 0 && pipe(ends + 2) == 0;
}

bool OpenSocketPair(int ends[kMaxEnds]) {
  return socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0;
}

bool OpenNothing(int *) {
  return true;
}

template <class Channel>
Copying<Channel> Over(Channel channel, IpcBoard *board) {
  return {channel, board->size_bytes};
}

bool StreamBytes(IpcBoard *board, const int *ends, int index) {
  auto bytes = Over(Ends{ends[0], ends[1]}, board);
  return Stream(bytes, bytes, board, index);
}

bool PipeTrips(IpcBoard *board, const int *ends, int index) {
  auto bytes =
      Over(index == 0 ? Ends{ends[2], ends[1]} : Ends{ends[0], ends[3]}, board);
  return Trips(bytes, bytes, board, index);
}

bool SocketTrips(IpcBoard *board, const int *ends, int index) {
  auto bytes = Over(Ends{ends[index], ends[index]}, board);
  return Trips(bytes, bytes, board, index);
}

template <bool sleeps>
bool SlotTrips(IpcBoard *board, const int *, int index) {
  Slot *slots = board->slots;
  auto slot = Over(Slots<sleeps>{&slots[index], &slots[1 - index]}, board);
  return Trips(slot, slot, board, index);
}

struct Row {
  const char *bench;
  const char *object;
  bool (*open)(int ends[kMaxEnds]);
  bool (*work)(IpcBoard *board, const int *ends, int index);
};
constexpr Row kRows[] = {
    {kThroughput, "pipe", OpenPipes, StreamBytes},
    {kThroughput, "socketpair", OpenSocketPair, StreamBytes},
    {kRoundTrip, "pipe", OpenPipes, PipeTrips},
    {kRoundTrip, "socketpair", OpenSocketPair, SocketTrips},
    {kRoundTrip, "futex", OpenNothing, SlotTrips<true>},
    {kRoundTrip, "word", OpenNothing, SlotTrips<false>},
};

class RawCrew : public ForkCrew {
 public:
  RawCrew(const Row &row, IpcBoard *board)
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
  std::string Make() override {
    return row_.open(ends_) ? "" : strerror(errno);
  }
  std::string Join() override {
    std::string fault = ForkCrew::Join();
    for (int &end : ends_) {
      if (end >= 0) close(end);
      end = -1;
    }
    return fault;
  }

 protected:
  std::string Work(int index) override {
    return row_.work(board_, ends_, index) ? "" : strerror(errno);
  }

 private:
  const Row &row_;
  IpcBoard *board_;
  int ends_[kMaxEnds] = {-1, -1, -1, -1};
};

}  // namespace

void AddRawCrews(IpcBoard *board, Crews *crews) {
  for (const Row &row : kRows)
    crews->push_back(std::make_unique<RawCrew>(row, board));
}

}  // namespace bench
