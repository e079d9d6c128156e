// SPDX-License-Identifier: MIT
//
// Brood's objects, in processes of each of Brood's contexts: an object goes to
// them as an argument, as in any program.
#include "brood.h"

#include <cstdint>

#include "bench/board.h"
#include "bench/crew.h"
#include "bench/work.h"

namespace bench {
namespace {

// Where a process of the crew finds what among its arguments.
enum { kArgBoard, kArgIndex, kArgRow, kArgObject };
constexpr int kMaxObjects = 2;

struct Lock {
  brood_lock *self;
  static constexpr auto kNew = brood_lock_new;
  static constexpr auto kFree = brood_lock_free;
  static constexpr auto kTake = brood_args_lock;
  bool Acquire() {
    return brood_lock_acquire(self, BROOD_FOREVER) == 0;
  }
  bool Release() {
    return brood_lock_release(self) == 0;
  }
};

struct RLock {
  brood_rlock *self;
  static constexpr auto kNew = brood_rlock_new;
  static constexpr auto kFree = brood_rlock_free;
  static constexpr auto kTake = brood_args_rlock;
  bool Acquire() {
    return brood_rlock_acquire(self, BROOD_FOREVER) == 0;
  }
  bool Release() {
    return brood_rlock_release(self) == 0;
  }
};

struct Semaphore {
  brood_semaphore *self;
  static brood_semaphore *kNew(const brood_context *context) {
    return brood_semaphore_new(context, 1);
  }
  static constexpr auto kFree = brood_semaphore_free;
  static constexpr auto kTake = brood_args_semaphore;
  bool Acquire() {
    return brood_semaphore_acquire(self, BROOD_FOREVER) == 0;
  }
  bool Release() {
    return brood_semaphore_release(self) == 0;
  }
};

struct Condition {
  brood_condition *self;
  static brood_condition *kNew(const brood_context *context) {
    return brood_condition_new(context, nullptr);
  }
  static constexpr auto kFree = brood_condition_free;
  static constexpr auto kTake = brood_args_condition;
  bool Acquire() {
    return brood_condition_acquire(self, BROOD_FOREVER) == 0;
  }
  bool Release() {
    return brood_condition_release(self) == 0;
  }
  bool Notify() {
    return brood_condition_notify(self, 1) == 0;
  }
  bool Wait() {
    return brood_condition_wait(self, BROOD_FOREVER) == 0;
  }
};

struct Event {
  brood_event *self;
  static constexpr auto kNew = brood_event_new;
  static constexpr auto kFree = brood_event_free;
  static constexpr auto kTake = brood_args_event;
  bool Set() {
    return brood_event_set(self) == 0;
  }
  bool Clear() {
    return brood_event_clear(self) == 0;
  }
  bool Wait() {
    return brood_event_wait(self, BROOD_FOREVER) == 0;
  }
};

template <class Object>
void *New(const brood_context *context) {
  return Object::kNew(context);
}

template <class Object>
void Free(void *object) {
  Object::kFree(static_cast<decltype(Object::self)>(object));
}

template <class Object>
Object Take(const brood_args *args, int which) {
  Object object = {};
  if (Object::kTake(args, kArgObject + which, &object.self) < 0)
    brood_fail(brood_error_message());
  return object;
}

template <class Object, bool (*Work)(Object, Board *, int)>
bool WithOne(const brood_args *args, Board *board, int index) {
  return Work(Take<Object>(args, 0), board, index);
}

template <class Object, bool (*Work)(Object, Object, Board *, int)>
bool WithTwo(const brood_args *args, Board *board, int index) {
  return Work(Take<Object>(args, 0), Take<Object>(args, 1), board, index);
}

struct Row {
  const char *bench;
  const char *object;
  int num_objects;
  void *(*make)(const brood_context *context);
  void (*free)(void *object);
  bool (*work)(const brood_args *args, Board *board, int index);
};
constexpr Row kRows[] = {
    {kPair, "lock", 1, New<Lock>, Free<Lock>, WithOne<Lock, Pairs<Lock>>},
    {kPair, "rlock", 1, New<RLock>, Free<RLock>, WithOne<RLock, Pairs<RLock>>},
    {kPair, "semaphore", 1, New<Semaphore>, Free<Semaphore>,
     WithOne<Semaphore, Pairs<Semaphore>>},
    {kContended, "lock", 1, New<Lock>, Free<Lock>,
     WithOne<Lock, Contend<Lock>>},
    {kCondition, "condition", 1, New<Condition>, Free<Condition>,
     WithOne<Condition, ConditionTrips<Condition>>},
    {kEvent, "event", 2, New<Event>, Free<Event>,
     WithTwo<Event, EventTrips<Event>>},
};

void bench_work(const brood_args *args) {
  int fd = -1;
  int64_t index = 0;
  int64_t row = 0;
  if (brood_args_descriptor(args, kArgBoard, &fd) < 0 ||
      brood_args_int64(args, kArgIndex, &index) < 0 ||
      brood_args_int64(args, kArgRow, &row) < 0)
    brood_fail(brood_error_message());
  Board *board = AttachBoard(fd);
  if (board == nullptr || !JoinCrew(board, index))
    brood_fail("cannot join the crew");
  if (!kRows[row].work(args, board, index)) brood_fail(brood_error_message());
}
BROOD_TARGET(bench_work);

std::string Complaint(const char *what) {
  return std::string(what) + ": " + brood_error_message();
}

class BroodCrew : public Crew {
 public:
  BroodCrew(const Row &row, const char *context, int board_fd)
      : row_(row), context_(context), board_fd_(board_fd) {
  }
  const char *bench() const override {
    return row_.bench;
  }
  const char *impl() const override {
    return "brood";
  }
  const char *object() const override {
    return row_.object;
  }
  const char *context() const override {
    return context_;
  }
  std::string Make() override {
    for (int i = 0; i < row_.num_objects; i++) {
      objects_[i] = row_.make(brood_get_context(context_));
      if (objects_[i] == nullptr) return Complaint(row_.object);
    }
    return "";
  }
  std::string Start(int index) override {
    brood_value args[kArgObject + kMaxObjects] = {
        brood_descriptor(board_fd_), brood_int64(index),
        brood_int64(&row_ - kRows), brood_none(), brood_none()};
    for (int i = 0; i < row_.num_objects; i++)
      args[kArgObject + i] = brood_object(objects_[i]);
    brood_process_options options = {};
    options.target = bench_work;
    options.args = args;
    options.num_args = kArgObject + row_.num_objects;
    brood_process *process =
        brood_process_new(brood_get_context(context_), &options);
    if (process == nullptr || brood_process_start(process) < 0) {
      brood_process_free(process);
      return Complaint("start");
    }
    processes_.push_back(process);
    return "";
  }
  std::string Join() override {
    std::string fault;
    for (brood_process *process : processes_) {
      int exitcode = -1;
      if (brood_process_join(process, BROOD_FOREVER) < 0)
        fault = Complaint("join");
      else if (brood_process_exitcode(process, &exitcode) != 1 || exitcode != 0)
        fault = "a process ended with exit code " + std::to_string(exitcode);
      brood_process_free(process);
    }
    processes_.clear();
    for (void *&object : objects_) {
      if (object != nullptr) row_.free(object);
      object = nullptr;
    }
    return fault;
  }

 private:
  const Row &row_;
  const char *context_;
  int board_fd_;
  void *objects_[kMaxObjects] = {};
  std::vector<brood_process *> processes_;
};

}  // namespace

void AddBroodCrews(int board_fd, Crews *crews) {
  for (const Row &row : kRows) {
    for (const char *context : {"fork", "forkserver", "spawn"})
      crews->push_back(std::make_unique<BroodCrew>(row, context, board_fd));
  }
}

}  // namespace bench
