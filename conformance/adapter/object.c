/* SPDX-License-Identifier: MIT
 *
 * Kinds of shared objects; see object.h. The library has functions of their own
 * for each; here they are a table, so that everybody else sees one kind of
 * thing. Whoever receives an object tries it as each noun in turn, by asking
 * for something that changes nothing: a program of C would know.
 */
#include "conformance/adapter/object.h"

typedef void (*give_back)(void *object);
typedef bool (*recognise)(void *object);
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
NOUN(connection)
NOUN(queue)
NOUN(simple_queue)
#undef NOUN

static bool is_lock(void *object) {
  return brood_lock_locked(object) >= 0;
}

static bool is_rlock(void *object) {
  return brood_rlock_locked(object) >= 0;
}

static bool is_semaphore(void *object) {
  return brood_semaphore_get_value(object) >= 0;
}

static bool is_condition(void *object) {
  return brood_condition_notify(object, 0) != BROOD_VALUE_ERROR;
}

static bool is_event(void *object) {
  return brood_event_is_set(object) >= 0;
}

static bool is_barrier(void *object) {
  return brood_barrier_parties(object) >= 0;
}

static bool is_value(void *object) {
  return brood_shared_value_get_lock(object) != NULL;
}

/* What guards nothing is what Python calls raw. */
static bool is_raw_value(void *object) {
  return brood_shared_value_get_obj(object) != NULL && !is_value(object);
}

static bool is_array(void *object) {
  return brood_shared_array_get_lock(object) != NULL;
}

static bool is_raw_array(void *object) {
  return brood_shared_array_length(object) >= 0 && !is_array(object);
}

static bool is_connection(void *object) {
  return brood_connection_closed(object) >= 0;
}

static bool is_queue(void *object) {
  return brood_queue_join(object, 0) == BROOD_ATTRIBUTE_ERROR;
}

static bool is_joinable(void *object) {
  return brood_queue_join(object, 0) != BROOD_VALUE_ERROR && !is_queue(object);
}

static bool is_simple_queue(void *object) {
  return brood_simple_queue_empty(object) != BROOD_VALUE_ERROR;
}

static const struct kind {
  enum value_kind kind;
  const char *type;
  give_back free;
  receive receive; /* NULL: as the kind before */
  recognise is;    /* NULL: it is taken for the kind before */
} kinds[] = {
    {VALUE_LOCK, "Lock", free_lock, receive_lock, is_lock},
    {VALUE_RLOCK, "RLock", free_rlock, receive_rlock, is_rlock},
    {VALUE_SEMAPHORE, "Semaphore", free_semaphore, receive_semaphore,
     is_semaphore},
    {VALUE_BOUNDED, "BoundedSemaphore", free_semaphore, NULL, NULL},
    {VALUE_CONDITION, "Condition", free_condition, receive_condition,
     is_condition},
    {VALUE_EVENT, "Event", free_event, receive_event, is_event},
    {VALUE_BARRIER, "Barrier", free_barrier, receive_barrier, is_barrier},
    {VALUE_VALUE, "Value", free_shared_value, receive_shared_value, is_value},
    {VALUE_RAW_VALUE, "RawValue", free_shared_value, NULL, is_raw_value},
    {VALUE_ARRAY, "Array", free_shared_array, receive_shared_array, is_array},
    {VALUE_RAW_ARRAY, "RawArray", free_shared_array, NULL, is_raw_array},
    {VALUE_CONNECTION, "Connection", free_connection, receive_connection,
     is_connection},
    {VALUE_QUEUE, "Queue", free_queue, receive_queue, is_queue},
    {VALUE_JOINABLE, "JoinableQueue", free_queue, NULL, is_joinable},
    {VALUE_SIMPLE_QUEUE, "SimpleQueue", free_simple_queue, receive_simple_queue,
     is_simple_queue},
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
  if (value->received) {
    brood_value received = brood_object(value->as.object);
    brood_value_clear(&received);
  } else {
    find_kind(value->kind)->free(value->as.object);
  }
}

void *object_argument(const brood_args *args, size_t index) {
  void *object = NULL;
  for (size_t i = 0; i < NUM_KINDS && object == NULL; i++) {
    if (kinds[i].receive != NULL) object = kinds[i].receive(args, index);
  }
  return object;
}

struct value object_value(void *object) {
  for (size_t i = 0; i < NUM_KINDS; i++) {
    if (kinds[i].is == NULL || !kinds[i].is(object)) continue;
    return (struct value){.kind = kinds[i].kind, .as.object = object};
  }
  return (struct value){.kind = VALUE_NOTHING};
}
