// SPDX-License-Identifier: MIT
//
// Brood's pipes and queues. Queues are made to hold what the others hold; items
// go one by one, or as many at once as is worth it.
#include <algorithm>
#include <cstddef>
#include <vector>

#include "bench/brood_crew.h"
#include "bench/ipc_board.h"
#include "bench/ipc_work.h"
#include "brood.h"

namespace bench {
namespace {

// Of put_many and get_many.
constexpr size_t kMostAtOnce = 64;
constexpr size_t kMostBytesAtOnce = 1 << 20;
constexpr size_t ItemsAtOnce(size_t size_bytes) {
  return std::clamp<size_t>(kMostBytesAtOnce / size_bytes, 1, kMostAtOnce);
}

struct Connections {
  brood_connection *in;
  brood_connection *out;
  bool Put(const char *message, size_t size) {
    return brood_connection_send_bytes(out, message, size, 0, BROOD_ALL,
                                       BROOD_FOREVER) >= 0;
  }
  bool Get(char *room, size_t capacity, size_t *out_size) {
    return brood_connection_recv_bytes_into(in, room, capacity, 0, out_size,
                                            BROOD_FOREVER) >= 0;
  }
};

struct Queue {
  brood_queue *self;
  static brood_queue *New(const brood_context *context, size_t size_bytes) {
    return brood_queue_new(context, QueueItems(size_bytes));
  }
  static constexpr auto kFree = brood_queue_free;
  static constexpr auto kKind = BROOD_KIND_QUEUE;
  bool Put(const char *message, size_t size) {
    return brood_queue_put(self, brood_bytes(message, size), BROOD_FOREVER) >=
           0;
  }
  bool GetItem(brood_value *out_item) {
    return brood_queue_get(self, out_item, BROOD_FOREVER) >= 0;
  }
};

struct SimpleQueue {
  brood_simple_queue *self;
  static brood_simple_queue *New(const brood_context *context, size_t) {
    return brood_simple_queue_new(context);
  }
  static constexpr auto kFree = brood_simple_queue_free;
  static constexpr auto kKind = BROOD_KIND_SIMPLE_QUEUE;
  bool Put(const char *message, size_t size) {
    return brood_simple_queue_put(self, brood_bytes(message, size)) >= 0;
  }
  bool GetItem(brood_value *out_item) {
    return brood_simple_queue_get(self, out_item) >= 0;
  }
};

// The In of a queue: an item is where get has put it until the next one.
template <class AnyQueue>
class Getting {
 public:
  explicit Getting(AnyQueue queue) : queue_(queue) {
  }
  const char *Receive(size_t *out_size) {
    brood_value_clear(&item_);
    if (!queue_.GetItem(&item_)) return nullptr;
    *out_size = item_.size_bytes;
    return static_cast<const char *>(item_.as.data);
  }

 private:
  AnyQueue queue_;
  brood_value item_ = brood_none();
};

// Out and In that put and get several at once.
class PuttingMany {
 public:
  PuttingMany(Queue queue, size_t size_bytes)
      : queue_(queue),
        size_bytes_(size_bytes),
        most_(ItemsAtOnce(size_bytes)),
        rooms_(most_ * size_bytes) {
  }
  char *Room() {
    return rooms_.data() + items_.size() * size_bytes_;
  }
  bool Send() {
    items_.push_back(brood_bytes(Room(), size_bytes_));
    return items_.size() < most_ || Flush();
  }
  bool Flush() {
    for (size_t done = 0; done < items_.size();) {
      int put = brood_queue_put_many(queue_.self, items_.data() + done,
                                     items_.size() - done, BROOD_FOREVER);
      if (put < 0) return false;
      done += put;
    }
    items_.clear();
    return true;
  }

 private:
  Queue queue_;
  size_t size_bytes_;
  size_t most_;
  std::vector<char> rooms_;
  std::vector<brood_value> items_;  // those that are in the rooms
};

class GettingMany {
 public:
  GettingMany(Queue queue, size_t size_bytes)
      : queue_(queue), items_(ItemsAtOnce(size_bytes), brood_none()) {
  }
  const char *Receive(size_t *out_size) {
    if (next_ > 0) brood_value_clear(&items_[next_ - 1]);
    if (next_ == num_items_) {
      next_ = num_items_ = 0;
      int got = brood_queue_get_many(queue_.self, items_.data(), items_.size(),
                                     BROOD_FOREVER);
      if (got < 0) return nullptr;
      num_items_ = got;
    }
    const brood_value &item = items_[next_++];
    *out_size = item.size_bytes;
    return static_cast<const char *>(item.as.data);
  }

 private:
  Queue queue_;
  std::vector<brood_value> items_;
  size_t next_ = 0;
  size_t num_items_ = 0;
};

bool MakePipe(const brood_context *context, const Board *, void **objects) {
  brood_connection *first = nullptr;
  brood_connection *second = nullptr;
  if (brood_pipe_new(context, 0, &first, &second) < 0) return false;
  objects[0] = first;
  objects[1] = second;
  return true;
}

void FreeConnection(void *connection) {
  brood_connection_free(static_cast<brood_connection *>(connection));
}

template <class AnyQueue, int num_queues>
bool Make(const brood_context *context, const Board *board, void **objects) {
  size_t size_bytes = static_cast<const IpcBoard *>(board)->size_bytes;
  for (int i = 0; i < num_queues; i++) {
    objects[i] = AnyQueue::New(context, size_bytes);
    if (objects[i] == nullptr) return false;
  }
  return true;
}

template <class AnyQueue>
void Free(void *queue) {
  AnyQueue::kFree(static_cast<decltype(AnyQueue::self)>(queue));
}

template <class AnyQueue>
AnyQueue Take(const brood_args *args, int which) {
  AnyQueue queue = {};
  queue.self = TakeObject<std::remove_pointer_t<decltype(queue.self)>>(
      args, which, AnyQueue::kKind);
  return queue;
}

brood_connection *TakeEnd(const brood_args *args, int which) {
  return TakeObject<brood_connection>(args, which, BROOD_KIND_CONNECTION);
}

bool PipeStream(const brood_args *args, int board_fd, int index) {
  auto *board = JoinBroodCrew<IpcBoard>(board_fd, index);
  Connections ends = {TakeEnd(args, 0), TakeEnd(args, 1)};
  Copying<Connections> bytes(ends, board->size_bytes);
  return Stream(bytes, bytes, board, index);
}

bool PipeTrips(const brood_args *args, int board_fd, int index) {
  auto *board = JoinBroodCrew<IpcBoard>(board_fd, index);
  brood_connection *end = TakeEnd(args, index);
  Copying<Connections> bytes({end, end}, board->size_bytes);
  return Trips(bytes, bytes, board, index);
}

template <class AnyQueue>
bool QueueStream(const brood_args *args, int board_fd, int index) {
  auto *board = JoinBroodCrew<IpcBoard>(board_fd, index);
  auto queue = Take<AnyQueue>(args, 0);
  return Stream(Copying<AnyQueue>(queue, board->size_bytes),
                Getting<AnyQueue>(queue), board, index);
}

template <class AnyQueue>
bool QueueTrips(const brood_args *args, int board_fd, int index) {
  auto *board = JoinBroodCrew<IpcBoard>(board_fd, index);
  auto out = Take<AnyQueue>(args, index);
  auto in = Take<AnyQueue>(args, 1 - index);
  return Trips(Copying<AnyQueue>(out, board->size_bytes), Getting<AnyQueue>(in),
               board, index);
}

bool ManyStream(const brood_args *args, int board_fd, int index) {
  auto *board = JoinBroodCrew<IpcBoard>(board_fd, index);
  auto queue = Take<Queue>(args, 0);
  return Stream(PuttingMany(queue, board->size_bytes),
                GettingMany(queue, board->size_bytes), board, index);
}

constexpr BroodRow kRows[] = {
    {kThroughput, "pipe", MakePipe, FreeConnection, PipeStream},
    {kThroughput, "queue", Make<Queue, 1>, Free<Queue>, QueueStream<Queue>},
    {kThroughput, "queue_many", Make<Queue, 1>, Free<Queue>, ManyStream},
    {kThroughput, "simple_queue", Make<SimpleQueue, 1>, Free<SimpleQueue>,
     QueueStream<SimpleQueue>},
    {kRoundTrip, "pipe", MakePipe, FreeConnection, PipeTrips},
    {kRoundTrip, "queue", Make<Queue, 2>, Free<Queue>, QueueTrips<Queue>},
    {kRoundTrip, "simple_queue", Make<SimpleQueue, 2>, Free<SimpleQueue>,
     QueueTrips<SimpleQueue>},
};

}  // namespace

BroodRows GetBroodRows() {
  return {kRows, sizeof kRows / sizeof *kRows};
}

}  // namespace bench
