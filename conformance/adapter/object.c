/* SPDX-License-Identifier: MIT
 *
 * Kinds of shared objects; see object.h. The library has one pair of functions
 * for each; here they are a table, so that everybody else sees one kind of
 * thing. Whoever receives an object asks for it as each noun in turn: a target
 * of C would know.
 */
#include "conformance/adapter/object.h"

typedef void (*give_back)(void *object);
typedef void *(*receive)(const brood_args *args, size_t index);

#define NOUN(noun)                                                      \
  static void free_##noun(void *object) {                               \
    brood_##noun##_free(object);                                        \
  }                                                                     \
  static void *receive_##noun(const brood_args *args, size_t index) {   \
    brood_##noun *object = NULL;                                        \
    return brood_args_##noun(args, index, &object) < 0 ? NULL : object; \
  }
NOUN(lock)
NOUN(rlock)
NOUN(semaphore)
NOUN(condition)
NOUN(event)
NOUN(barrier)
NOUN(shared_value)
NOUN(shared_array)
#undef NOUN

static const struct kind {
  enum value_kind kind;
  const char *type;
  give_back free;
  receive receive; /* NULL: it comes in as the kind before */
} kinds[] = {
    {VALUE_LOCK, "Lock", free_lock, receive_lock},
    {VALUE_RLOCK, "RLock", free_rlock, receive_rlock},
    {VALUE_SEMAPHORE, "Semaphore", free_semaphore, receive_semaphore},
    {VALUE_BOUNDED, "BoundedSemaphore", free_semaphore, NULL},
    {VALUE_CONDITION, "Condition", free_condition, receive_condition},
    {VALUE_EVENT, "Event", free_event, receive_event},
    {VALUE_BARRIER, "Barrier", free_barrier, receive_barrier},
    {VALUE_VALUE, "Value", free_shared_value, receive_shared_value},
    {VALUE_RAW_VALUE, "RawValue", free_shared_value, NULL},
    {VALUE_ARRAY, "Array", free_shared_array, receive_shared_array},
    {VALUE_RAW_ARRAY, "RawArray", free_shared_array, NULL},
};

enum { NUM_KINDS = sizeof kinds / sizeof kinds[0] };

static const struct kind *find_kind(enum value_kind kind) {
  for (size_t i = 0; i < NUM_KINDS; i++) {
    if (kinds[i].kind == kind) return &kinds[i];
  }
  return NULL;
}

bool object_is(const struct value *value) {
  return find_kind(value->kind) != NULL;
}

const char *object_type(enum value_kind kind) {
  return find_kind(kind)->type;
}

void object_free(const struct value *value) {
  find_kind(value->kind)->free(value->as.object);
}

/* What guards nothing is what Python calls raw. */
static enum value_kind kind_of(enum value_kind kind, void *object) {
  if (kind == VALUE_VALUE && brood_shared_value_get_lock(object) == NULL) {
    return VALUE_RAW_VALUE;
  }
  if (kind == VALUE_ARRAY && brood_shared_array_get_lock(object) == NULL) {
    return VALUE_RAW_ARRAY;
  }
  return kind;
}

struct value object_received(const brood_args *args, size_t index) {
  for (size_t i = 0; i < NUM_KINDS; i++) {
    if (kinds[i].receive == NULL) continue;
    void *object = kinds[i].receive(args, index);
    if (object == NULL) continue;
    return (struct value){.kind = kind_of(kinds[i].kind, object),
                          .as.object = object};
  }
  return (struct value){.kind = VALUE_NOTHING};
}

struct value object_lock(void *lock) {
  enum value_kind kind = VALUE_SEMAPHORE;
  if (brood_lock_locked(lock) >= 0) {
    kind = VALUE_LOCK;
  } else if (brood_rlock_locked(lock) >= 0) {
    kind = VALUE_RLOCK;
  }
  return (struct value){.kind = kind, .as.object = lock};
}
