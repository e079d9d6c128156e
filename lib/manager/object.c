/* SPDX-License-Identifier: MIT
 *
 * See server.h: objects. An id is a place in the table and how often that was
 * used: it never means another object.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/manager/server.h"
#include "lib/share/object.h"
#include "lib/state/error.h"

static struct {
  struct place {
    struct managed *object;
    uint32_t generation;
    uint32_t next; /* if it is free; 0: none */
  } * places;
  uint32_t num_places, first_free;
  int64_t count;
} table;

/* --------------------------------------------------------------- Tallies -- */

struct tally *tally_of(struct tallies *tallies, const struct session *session,
                       uint64_t thread) {
  for (size_t i = 0; i < tallies->count; i++) {
    struct tally *tally = &tallies->all[i];
    if (tally->session == session && (thread == 0 || tally->thread == thread)) {
      return tally;
    }
  }
  return NULL;
}

void tally_drop(struct tallies *tallies, struct tally *tally) {
  *tally = tallies->all[--tallies->count];
}

struct tally *tally_add(struct tallies *tallies, struct session *session,
                        uint64_t thread, int64_t count) {
  struct tally *tally = tally_of(tallies, session, thread);
  if (tally == NULL) {
    size_t room = tallies->count + 1;
    void *more = reallocarray(tallies->all, room, sizeof *tallies->all);
    if (more == NULL) return NULL;
    tallies->all = more;
    tally = &tallies->all[tallies->count++];
    *tally = (struct tally){.session = session, .thread = thread};
  }
  tally->count += count;
  if (tally->count == 0) tally_drop(tallies, tally);
  return tally;
}

/* -------------------------------------------------------------- Counting -- */

struct managed *object_find(uint64_t id) {
  size_t index = (uint32_t)id;
  if (index == 0 || index >= table.num_places) return NULL;
  const struct place *place = &table.places[index];
  return place->generation == id >> 32 ? place->object : NULL;
}

struct managed *object_of(const brood_value *value) {
  if (value == NULL || value->type != BROOD_TYPE_OBJECT) return NULL;
  const struct proxy *proxy = proxy_find(value->as.data);
  bool is_ours = proxy != NULL && server_is_here(proxy->server);
  return is_ours ? object_find(proxy->id) : NULL;
}

int64_t object_count(void) {
  return table.count;
}

static void add_free(uint32_t index) {
  table.places[index].next = table.first_free;
  table.first_free = index;
}

/* Those that go, linked by `gone`: one that has another, that has another, must
 * not take the stack of all of them. */
static struct managed *gone;

static void destroy(struct managed *object) {
  static bool is_under_way;
  uint32_t index = (uint32_t)object->id;
  table.places[index].object = NULL;
  if (table.places[index].generation < UINT32_MAX) add_free(index);
  table.count--;
  object->gone = gone;
  gone = object;
  if (is_under_way) return;
  is_under_way = true;
  while ((object = gone) != NULL) {
    gone = object->gone;
    if (object->type != NULL) type_destroy(object);
    data_destroy(object);
    if (object->lock != NULL) object_release(object->lock);
    free(object->references_of.all);
    free(object->holds.all);
    free(object->name);
    free(object);
  }
  is_under_way = false;
}

void object_hold(struct managed *object) {
  object->references++;
}

void object_release(struct managed *object) {
  if (--object->references == 0) destroy(object);
}

int object_hold_for(struct managed *object, struct session *session) {
  if (!tally_add(&object->references_of, session, 0, 1)) return refuse_memory();
  object_hold(object);
  return 0;
}

bool object_release_for(struct managed *object, struct session *session) {
  if (tally_of(&object->references_of, session, 0) == NULL) return false;
  tally_add(&object->references_of, session, 0, -1);
  object_release(object);
  return true;
}

/* ---------------------------------------------------------------- Making -- */

static struct managed *find_named(const char *name) {
  for (size_t i = 1; i < table.num_places; i++) {
    struct managed *object = table.places[i].object;
    bool has_name = object != NULL && object->name != NULL;
    if (has_name && strcmp(object->name, name) == 0) return object;
  }
  return NULL;
}

static bool has_free_place(void) {
  if (table.first_free != 0) return true;
  uint32_t room = table.num_places * 2 + 16;
  struct place *more = reallocarray(table.places, room, sizeof *more);
  if (more == NULL) return false;
  table.places = more;
  for (uint32_t i = room - 1; i > 0 && i >= table.num_places; i--) {
    more[i] = (struct place){0};
    add_free(i);
  }
  table.num_places = room;
  return true;
}

/* A new one, with a reference for the caller of this. */
static struct managed *add_object(uint32_t kind, const char *name) {
  struct managed *object = has_free_place() ? calloc(1, sizeof *object) : NULL;
  char *copy = name != NULL && object != NULL ? strdup(name) : NULL;
  if (object == NULL || (name != NULL && copy == NULL)) {
    free(object);
    refuse_memory();
    return NULL;
  }
  uint32_t index = table.first_free;
  struct place *place = &table.places[index];
  table.first_free = place->next;
  place->object = object;
  table.count++;
  object->id = (uint64_t)++place->generation << 32 | index;
  object->kind = kind;
  object->name = copy;
  object->references = 1 + (name != NULL);
  return object;
}

static int fill_condition(struct managed *object, struct managed *lock) {
  if (lock == NULL || (lock->kind != SHARE_LOCK && lock->kind != SHARE_RLOCK)) {
    return error_set(BROOD_ATTRIBUTE_ERROR,
                     "a condition needs a lock or an rlock of its manager");
  }
  object_hold(lock);
  object->lock = lock;
  return 0;
}

static int fill(struct managed *object, struct caller *caller) {
  int64_t first = call_number(caller, 1), second = call_number(caller, 2);
  object->bound = object->value = 1;
  switch (object->kind) {
    case SHARE_SEMAPHORE:
      object->value = first;
      object->bound = second;
      return 0;
    case SHARE_BARRIER:
      object->parties = first;
      object->timeout_ns = second;
      return 0;
    case SHARE_QUEUE:
      object->maxsize = first;
      object->is_joinable = second != 0;
      return 0;
    case SHARE_CONDITION:
      return fill_condition(object, object_of(call_value(caller, 1)));
    case SHARE_MANAGED_VALUE:
    case SHARE_MANAGED_ARRAY: return data_fill(object, caller);
    case SHARE_OWN_TYPE: return type_fill(object, caller);
    default: return 0;
  }
}

/* Is an object of the kind that is asked for by name of the type as well? */
static bool is_of_type(const struct managed *object,
                       const struct caller *caller) {
  const brood_value *type = call_value(caller, 1);
  if (object->kind == SHARE_QUEUE) {
    return object->is_joinable == (call_number(caller, 2) != 0);
  }
  return object->kind != SHARE_OWN_TYPE || type == NULL ||
         type->type != BROOD_TYPE_STRING ||
         strcmp(type->as.data, object->type->name) == 0;
}

/* Values of CALL_MAKE: the name, and what the kind wants. */
int64_t object_make(struct caller *caller) {
  int64_t number = caller->head.number;
  const brood_value *named = call_value(caller, 0);
  if (number < SHARE_LOCK || number > SHARE_OWN_TYPE || named == NULL) {
    return error_set(BROOD_TYPE_ERROR, "no kind %" PRId64, number);
  }
  uint32_t kind = (uint32_t)number;
  const char *name = named->type == BROOD_TYPE_STRING ? named->as.data : NULL;
  if (name != NULL && named->size_bytes > BROOD_MAX_OBJECT_NAME) {
    return error_set(BROOD_VALUE_ERROR, "a name of %zu bytes: at most %d",
                     named->size_bytes, BROOD_MAX_OBJECT_NAME);
  }
  int r = 0;
  struct managed *object = name == NULL ? NULL : find_named(name);
  if (object != NULL && object->kind != kind) {
    return error_set(BROOD_TYPE_ERROR, "'%s' is %s, not %s", name,
                     share_kind_name(object->kind), share_kind_name(kind));
  }
  if (object != NULL && !is_of_type(object, caller)) {
    return error_set(BROOD_TYPE_ERROR, "'%s' is %s of another type", name,
                     share_kind_name(kind));
  }
  if (object != NULL) {
    object_hold(object);
  } else {
    object = add_object(kind, name);
    if (object == NULL) return brood_error();
    r = fill(object, caller);
  }
  if (r < 0 && name != NULL) object->references--;
  if (r == 0) r = object_hold_for(object, caller->session);
  int64_t id = (int64_t)object->id;
  object_release(object);
  return r < 0 ? r : id;
}

/* --------------------------------------------------------------- Calling -- */

int64_t object_call(struct managed *object, struct caller *caller) {
  switch (object->kind) {
    case SHARE_LOCK:
    case SHARE_RLOCK:
    case SHARE_SEMAPHORE:
    case SHARE_CONDITION:
    case SHARE_EVENT:
    case SHARE_BARRIER: return held_call(object, caller);
    case SHARE_QUEUE: return channel_call(object, caller);
    case SHARE_OWN_TYPE: return type_call(object, caller);
    case SHARE_DICT:
    case SHARE_NAMESPACE: return call_dict(object, caller);
    default: return call_list(object, caller);
  }
}

int64_t object_lacks(const struct managed *object) {
  return error_set(BROOD_ATTRIBUTE_ERROR, "%s of a manager has no such method",
                   share_kind_name(object->kind));
}

/* The call is made once more, as a poll: its function says what it is that has
 * not come in time. */
void object_expire(struct caller *caller) {
  struct managed *object = caller->object;
  object_hold(object);
  unpark_call(caller);
  drop_kept(&caller->item);
  caller->deadline_ns = 0;
  int64_t r = object_call(object, caller);
  if (r != PARKED) answer_call(caller, r);
  object_release(object);
}

void object_abandon(struct caller *caller) {
  struct managed *object = caller->object;
  object_hold(object);
  unpark_call(caller);
  if (object->kind != SHARE_QUEUE) held_abandon(object, caller->notified_by);
  object_release(object);
}

/* Does something with each object, some of which may go meanwhile. */
#define FOR_EACH_OBJECT(object)                                           \
  for (size_t i = 1; i < table.num_places; i++)                           \
    for (struct managed *object = table.places[i].object; object != NULL; \
         object = NULL)

void object_end_session(struct session *session) {
  FOR_EACH_OBJECT(object) {
    object_hold(object);
    if (object->kind == SHARE_QUEUE) {
      channel_end_session(object, session);
    } else {
      held_end_session(object, session);
    }
    while (object_release_for(object, session)) continue;
    object_release(object);
  }
}

bool object_look_for_dead(void) {
  bool does_anybody_wait = false;
  FOR_EACH_OBJECT(object) {
    object_hold(object);
    does_anybody_wait |= held_look_for_dead(object);
    object_release(object);
  }
  return does_anybody_wait;
}

/* First all let go of each other, whoever has whom. */
void object_destroy_all(void) {
  FOR_EACH_OBJECT(object) {
    object_hold(object);
    if (object->type != NULL) type_destroy(object);
  }
  FOR_EACH_OBJECT(object) {
    data_destroy(object);
    if (object->lock != NULL) object_release(object->lock);
    object->lock = NULL;
  }
  FOR_EACH_OBJECT(object) destroy(object);
  free(table.places);
  memset(&table, 0, sizeof table);
}
