// SPDX-License-Identifier: MIT
//
// Brood's managers: an object goes to its clients as an argument, as in any
// program.
#include <string>
#include <vector>

#include "bench/brood_crew.h"
#include "bench/manager_work.h"
#include "brood.h"

namespace bench {
namespace {

// A list is emptied when it has so many bytes, or items.
constexpr int64_t kListBytes = 32 << 20, kListItems = 4096;

// Of the parent; one crew at a time.
brood_manager *manager;

bool MakeManager(const brood_context *context) {
  manager = brood_manager_new(context, nullptr);
  return manager != nullptr;
}

template <class Handle, Handle *(*Make)(brood_manager *, const char *)>
bool MakeObject(const brood_context *context, const Board *, void **objects) {
  if (MakeManager(context)) objects[0] = Make(manager, nullptr);
  return objects[0] != nullptr;
}

bool MakeQueue(const brood_context *context, const Board *, void **objects) {
  if (MakeManager(context))
    objects[0] = brood_manager_queue(manager, nullptr, 0);
  return objects[0] != nullptr;
}

// With the manager.
template <class Handle, Handle *(*Free)(Handle *)>
void FreeObject(void *object) {
  Free(static_cast<Handle *>(object));
  manager = brood_manager_free(manager);
}

// What a client sends, and knows again.
class Value {
 public:
  Value(const ManagerBoard &board, int client)
      : bytes_(board.bytes, static_cast<char>(client)),
        key_(std::to_string(client)) {
  }
  brood_value key() const {
    return brood_string(key_.c_str());
  }
  brood_value bytes() const {
    return brood_bytes(bytes_.data(), bytes_.size());
  }
  // Clears what was fetched: bytes of anybody's, all of them.
  bool Check(brood_value *value) const {
    auto *text = static_cast<const char *>(value->as.data);
    bool right = value->type == BROOD_TYPE_BYTES &&
                 value->size_bytes == bytes_.size() &&
                 text[0] == text[bytes_.size() - 1];
    brood_value_clear(value);
    return right;
  }

 private:
  std::vector<char> bytes_;
  std::string key_;
};

template <class Handle, class MakeCall>
bool Work(const brood_args *args, int board_fd, int index, brood_kind kind,
          MakeCall make_call) {
  auto *board = JoinBroodCrew<ManagerBoard>(board_fd, index);
  auto *handle = TakeObject<Handle>(args, 0, kind);
  Value value(*board, index);
  return CallUntilStop(board, index, make_call(handle, board, value));
}

bool WorkBySet(const brood_args *args, int board_fd, int index) {
  return Work<brood_dict>(
      args, board_fd, index, BROOD_KIND_DICT,
      [](brood_dict *dict, const ManagerBoard *, const Value &value) {
        return [dict, &value] {
          return brood_dict_set(dict, value.key(), value.bytes()) == 0;
        };
      });
}

bool WorkByGet(const brood_args *args, int board_fd, int index) {
  return Work<brood_dict>(
      args, board_fd, index, BROOD_KIND_DICT,
      [](brood_dict *dict, const ManagerBoard *, const Value &value) {
        bool is_set = brood_dict_set(dict, value.key(), value.bytes()) == 0;
        return [dict, &value, is_set] {
          brood_value got;
          return is_set && brood_dict_get(dict, value.key(), &got) == 0 &&
                 value.Check(&got);
        };
      });
}

bool WorkByAppend(const brood_args *args, int board_fd, int index) {
  return Work<brood_list>(
      args, board_fd, index, BROOD_KIND_LIST,
      [](brood_list *list, const ManagerBoard *board, const Value &value) {
        int64_t most = kListBytes / (board->bytes * board->clients) + 1;
        if (most > kListItems) most = kListItems;
        return [list, &value, most, count = int64_t{0}]() mutable {
          if (++count % most == 0 && brood_list_clear(list) < 0) return false;
          return brood_list_append(list, value.bytes()) == 0;
        };
      });
}

bool WorkByPair(const brood_args *args, int board_fd, int index) {
  return Work<brood_lock>(
      args, board_fd, index, BROOD_KIND_LOCK,
      [](brood_lock *lock, const ManagerBoard *, const Value &) {
        return [lock] {
          return brood_lock_acquire(lock, BROOD_FOREVER) == 0 &&
                 brood_lock_release(lock) == 0;
        };
      });
}

bool WorkByQueue(const brood_args *args, int board_fd, int index) {
  return Work<brood_queue>(
      args, board_fd, index, BROOD_KIND_QUEUE,
      [](brood_queue *queue, const ManagerBoard *, const Value &value) {
        return [queue, &value] {
          brood_value got;
          return brood_queue_put(queue, value.bytes(), BROOD_FOREVER) == 0 &&
                 brood_queue_get(queue, &got, BROOD_FOREVER) == 0 &&
                 value.Check(&got);
        };
      });
}

constexpr auto MakeDict = MakeObject<brood_dict, brood_manager_dict>;
constexpr auto FreeDict = FreeObject<brood_dict, brood_dict_free>;
constexpr BroodRow kRows[] = {
    {kSet, "dict", MakeDict, FreeDict, WorkBySet},
    {kGet, "dict", MakeDict, FreeDict, WorkByGet},
    {kAppend, "list", MakeObject<brood_list, brood_manager_list>,
     FreeObject<brood_list, brood_list_free>, WorkByAppend},
    {kPair, "lock", MakeObject<brood_lock, brood_manager_lock>,
     FreeObject<brood_lock, brood_lock_free>, WorkByPair},
    {kQueue, "queue", MakeQueue, FreeObject<brood_queue, brood_queue_free>,
     WorkByQueue}};

}  // namespace

BroodRows GetBroodRows() {
  return {kRows, sizeof kRows / sizeof kRows[0]};
}

}  // namespace bench
