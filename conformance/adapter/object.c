/* SPDX-License-Identifier: MIT
 *
 * Kinds of shared objects; see object.h. The library has functions of their own
 * for each; here they are a table, so that everybody else sees one kind of
 * thing. The library says what an object is, and the rest are questions of that
 * kind.
 */
#include "conformance/adapter/object.h"

typedef void (*give_back)(void *object);

#define NOUN(noun)                        \
  static void free_##noun(void *object) { \
    brood_##noun##_free(object);          \
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
NOUN(dict)
NOUN(list)
NOUN(namespace)
NOUN(managed_value)
NOUN(managed_array)
NOUN(proxy)
#undef NOUN

/* What guards nothing is what Python calls raw. */
static bool is_raw(void *object) {
  int kind = brood_kind_of(object);
  if (kind == BROOD_KIND_VALUE) return !brood_shared_value_get_lock(object);
  return kind == BROOD_KIND_ARRAY && !brood_shared_array_get_lock(object);
}

static bool is_joinable(void *object) {
  return brood_kind_of(object) == BROOD_KIND_QUEUE &&
         brood_queue_join(object, 0) != BROOD_ATTRIBUTE_ERROR;
}

/* Where one kind of the library is two here, the second has what tells it; a
 * BoundedSemaphore is taken for a Semaphore. */
static const struct kind {
  enum value_kind kind;
  const char *type;
  give_back free;
  enum brood_kind is;
  bool (*is_the_other)(void *object);
} kinds[] = {
    {VALUE_LOCK, "Lock", free_lock, BROOD_KIND_LOCK, NULL},
    {VALUE_RLOCK, "RLock", free_rlock, BROOD_KIND_RLOCK, NULL},
    {VALUE_SEMAPHORE, "Semaphore", free_semaphore, BROOD_KIND_SEMAPHORE, NULL},
    {VALUE_BOUNDED, "BoundedSemaphore", free_semaphore, 0, NULL},
    {VALUE_CONDITION, "Condition", free_condition, BROOD_KIND_CONDITION, NULL},
    {VALUE_EVENT, "Event", free_event, BROOD_KIND_EVENT, NULL},
    {VALUE_BARRIER, "Barrier", free_barrier, BROOD_KIND_BARRIER, NULL},
    {VALUE_RAW_VALUE, "RawValue", free_shared_value, BROOD_KIND_VALUE, is_raw},
    {VALUE_VALUE, "Value", free_shared_value, BROOD_KIND_VALUE, NULL},
    {VALUE_RAW_ARRAY, "RawArray", free_shared_array, BROOD_KIND_ARRAY, is_raw},
    {VALUE_ARRAY, "Array", free_shared_array, BROOD_KIND_ARRAY, NULL},
    {VALUE_CONNECTION, "Connection", free_connection, BROOD_KIND_CONNECTION,
     NULL},
    {VALUE_JOINABLE, "JoinableQueue", free_queue, BROOD_KIND_QUEUE,
     is_joinable},
    {VALUE_QUEUE, "Queue", free_queue, BROOD_KIND_QUEUE, NULL},
    {VALUE_SIMPLE_QUEUE, "SimpleQueue", free_simple_queue,
     BROOD_KIND_SIMPLE_QUEUE, NULL},
    {VALUE_DICT, "Dict", free_dict, BROOD_KIND_DICT, NULL},
    {VALUE_MANAGED_LIST, "List", free_list, BROOD_KIND_LIST, NULL},
    {VALUE_NAMESPACE, "Namespace", free_namespace, BROOD_KIND_NAMESPACE, NULL},
    {VALUE_MANAGED_VALUE, "ManagedValue", free_managed_value,
     BROOD_KIND_MANAGED_VALUE, NULL},
    {VALUE_MANAGED_ARRAY, "ManagedArray", free_managed_array,
     BROOD_KIND_MANAGED_ARRAY, NULL},
    {VALUE_PROXY, "Proxy", free_proxy, BROOD_KIND_PROXY, NULL},
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

/* Those of which free does nothing where they were given, and connections,
 * which it closes; others would have to be counted. */
static bool may_be_freed_where_given(const struct value *value) {
  int kind = brood_kind_of(value->as.object);
  return kind > 0 && kind <= BROOD_KIND_CONNECTION;
}

void object_free(const struct value *value) {
  if (value->given && !may_be_freed_where_given(value)) return;
  if (value->received) {
    brood_value received = brood_object(value->as.object);
    brood_value_clear(&received);
  } else {
    find_kind(value->kind)->free(value->as.object);
  }
}

struct value object_value(void *object) {
  int is = brood_kind_of(object);
  for (size_t i = 0; is > 0 && i < NUM_KINDS; i++) {
    const struct kind *kind = &kinds[i];
    if ((int)kind->is != is) continue;
    if (kind->is_the_other != NULL && !kind->is_the_other(object)) continue;
    return (struct value){.kind = kind->kind, .as.object = object};
  }
  return (struct value){.kind = VALUE_NOTHING};
}
