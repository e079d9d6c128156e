// SPDX-License-Identifier: MIT
//
// Brood's shared objects.
#include "bench/brood_crew.h"
#include "bench/sync_board.h"
#include "bench/sync_work.h"
#include "brood.h"

namespace bench {
namespace {

struct Lock {
  brood_lock *self;
  static constexpr auto kNew = brood_lock_new;
  static constexpr auto kFree = brood_lock_free;
  static constexpr auto kKind = BROOD_KIND_LOCK;
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
  static constexpr auto kKind = BROOD_KIND_RLOCK;
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
  static constexpr auto kKind = BROOD_KIND_SEMAPHORE;
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
  static constexpr auto kKind = BROOD_KIND_CONDITION;
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
  static constexpr auto kKind = BROOD_KIND_EVENT;
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

template <class Object, int num_objects>
bool Make(const brood_context *context, const Board *, void **objects) {
  for (int i = 0; i < num_objects; i++) {
    objects[i] = Object::kNew(context);
    if (objects[i] == nullptr) return false;
  }
  return true;
}

template <class Object>
void Free(void *object) {
  Object::kFree(static_cast<decltype(Object::self)>(object));
}

template <class Object>
Object Take(const brood_args *args, int which) {
  Object object = {};
  object.self = TakeObject<std::remove_pointer_t<decltype(object.self)>>(
      args, which, Object::kKind);
  return object;
}

template <class Object, bool (*Work)(Object, SyncBoard *, int)>
bool WithOne(const brood_args *args, int board_fd, int index) {
  auto *board = JoinBroodCrew<SyncBoard>(board_fd, index);
  return Work(Take<Object>(args, 0), board, index);
}

template <class Object, bool (*Work)(Object, Object, SyncBoard *, int)>
bool WithTwo(const brood_args *args, int board_fd, int index) {
  auto *board = JoinBroodCrew<SyncBoard>(board_fd, index);
  return Work(Take<Object>(args, 0), Take<Object>(args, 1), board, index);
}

template <class Object, bool (*Work)(Object, SyncBoard *, int)>
constexpr BroodRow One(const char *bench, const char *object) {
  return {bench, object, Make<Object, 1>, Free<Object>, WithOne<Object, Work>};
}

constexpr BroodRow kRows[] = {
    One<Lock, Pairs<Lock>>(kPair, "lock"),
    One<RLock, Pairs<RLock>>(kPair, "rlock"),
    One<Semaphore, Pairs<Semaphore>>(kPair, "semaphore"),
    One<Lock, Contend<Lock>>(kContended, "lock"),
    One<Condition, ConditionTrips<Condition>>(kCondition, "condition"),
    {kEvent, "event", Make<Event, 2>, Free<Event>,
     WithTwo<Event, EventTrips<Event>>},
};

}  // namespace

BroodRows GetBroodRows() {
  return {kRows, sizeof kRows / sizeof *kRows};
}

}  // namespace bench
