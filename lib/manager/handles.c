/* SPDX-License-Identifier: MIT
 *
 * The public functions that make a manager's objects, and those of what only
 * managers have: dictionaries, lists, namespaces, values, arrays, and proxies
 * of the program's own types.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>

#include "lib/manager/link.h"
#include "lib/share/object.h"
#include "lib/state/error.h"

int64_t brood_manager_number_of_objects(brood_manager *manager) {
  uint64_t server = manager_server(manager);
  if (server == 0) return brood_error();
  return link_call(server, &(struct proxy_call){.op = CALL_COUNT});
}

static void *make_object(brood_manager *manager, enum share_kind kind,
                         const char *name, const brood_value *values,
                         size_t num_values) {
  brood_value all[3] = {name == NULL ? brood_none() : brood_string(name)};
  for (size_t i = 0; i < num_values; i++) all[1 + i] = values[i];
  uint64_t server = manager_server(manager);
  if (server == 0) return NULL;
  pthread_testcancel();
  struct proxy_call call = {.op = CALL_MAKE,
                            .number = kind,
                            .values = all,
                            .num_values = 1 + num_values};
  int64_t id = link_call(server, &call);
  if (id < 0) return NULL;
  struct proxy *proxy = proxy_make(server, (uint64_t)id, kind, -1);
  if (proxy == NULL) {
    error_set_os(-ENOMEM, "cannot make a proxy");
  } else {
    link_own(proxy);
  }
  return proxy;
}

/* An object whose maker takes nothing but a name. */
#define PLAIN_OBJECT(noun, KIND)                             \
  brood_##noun *brood_manager_##noun(brood_manager *manager, \
                                     const char *name) {     \
    return make_object(manager, KIND, name, NULL, 0);        \
  }

PLAIN_OBJECT(lock, SHARE_LOCK)
PLAIN_OBJECT(rlock, SHARE_RLOCK)
PLAIN_OBJECT(event, SHARE_EVENT)
PLAIN_OBJECT(dict, SHARE_DICT)
PLAIN_OBJECT(list, SHARE_LIST)
PLAIN_OBJECT(namespace, SHARE_NAMESPACE)

static void *make_with_numbers(brood_manager *manager, enum share_kind kind,
                               const char *name, int64_t first,
                               int64_t second) {
  brood_value numbers[] = {brood_int64(first), brood_int64(second)};
  return make_object(manager, kind, name, numbers, 2);
}

static brood_semaphore *make_managed_semaphore(brood_manager *manager,
                                               const char *name, int64_t value,
                                               int64_t bound) {
  if (semaphore_check_value(value) < 0) return NULL;
  return make_with_numbers(manager, SHARE_SEMAPHORE, name, value, bound);
}

brood_semaphore *brood_manager_semaphore(brood_manager *manager,
                                         const char *name, int64_t value) {
  return make_managed_semaphore(manager, name, value, BROOD_MAX_SEMAPHORE);
}

brood_semaphore *brood_manager_bounded_semaphore(brood_manager *manager,
                                                 const char *name,
                                                 int64_t value) {
  return make_managed_semaphore(manager, name, value, value);
}

brood_condition *brood_manager_condition(brood_manager *manager,
                                         const char *name, void *lock) {
  brood_rlock *own = lock == NULL ? brood_manager_rlock(manager, NULL) : NULL;
  if (lock == NULL && own == NULL) return NULL;
  brood_value value = brood_object(lock == NULL ? own : lock);
  brood_condition *condition =
      make_object(manager, SHARE_CONDITION, name, &value, 1);
  /* With a name it may be that this is another object's. */
  if (condition == NULL && name == NULL && lock != NULL &&
      brood_error() == BROOD_TYPE_ERROR) {
    error_set(BROOD_ATTRIBUTE_ERROR,
              "a condition needs a lock or an rlock of its manager");
  }
  brood_rlock_free(own);
  return condition;
}

brood_barrier *brood_manager_barrier(brood_manager *manager, const char *name,
                                     int parties, int64_t timeout_ns) {
  if (parties < 1 || parties > BROOD_MAX_PARTIES) {
    error_set(BROOD_VALUE_ERROR, "a barrier has 1 to %d parties, not %d",
              BROOD_MAX_PARTIES, parties);
    return NULL;
  }
  return make_with_numbers(manager, SHARE_BARRIER, name, parties, timeout_ns);
}

static brood_queue *make_managed_queue(brood_manager *manager, const char *name,
                                       int64_t maxsize, bool is_joinable) {
  if (maxsize > BROOD_MAX_MAXSIZE) {
    error_set(BROOD_OVERFLOW_ERROR,
              "maxsize %" PRId64 " is over the maximum of %d", maxsize,
              BROOD_MAX_MAXSIZE);
    return NULL;
  }
  return make_with_numbers(manager, SHARE_QUEUE, name, maxsize, is_joinable);
}

brood_queue *brood_manager_queue(brood_manager *manager, const char *name,
                                 int64_t maxsize) {
  return make_managed_queue(manager, name, maxsize, false);
}

brood_queue *brood_manager_joinable_queue(brood_manager *manager,
                                          const char *name, int64_t maxsize) {
  return make_managed_queue(manager, name, maxsize, true);
}

brood_managed_value *brood_manager_value(brood_manager *manager,
                                         const char *name, brood_value value) {
  return make_object(manager, SHARE_MANAGED_VALUE, name, &value, 1);
}

brood_managed_array *brood_manager_array(brood_manager *manager,
                                         const char *name, char typecode,
                                         const brood_value *items,
                                         size_t num_items) {
  brood_value values[] = {brood_int64(typecode), brood_tuple(items, num_items)};
  return make_object(manager, SHARE_MANAGED_ARRAY, name, values, 2);
}

brood_proxy *brood_manager_create(brood_manager *manager, const char *name,
                                  const char *type_name, brood_value args) {
  if (type_name == NULL || args.type != BROOD_TYPE_TUPLE) {
    error_set(BROOD_TYPE_ERROR, "a type's name, and a tuple of arguments");
    return NULL;
  }
  brood_value values[] = {brood_string(type_name), args};
  return make_object(manager, SHARE_OWN_TYPE, name, values, 2);
}

/* ----------------------------------------------------------------- Calls -- */

SHARE_FREE_FUNCTION(brood_dict_free, brood_dict, SHARE_DICT)
SHARE_FREE_FUNCTION(brood_list_free, brood_list, SHARE_LIST)
SHARE_FREE_FUNCTION(brood_namespace_free, brood_namespace, SHARE_NAMESPACE)
SHARE_FREE_FUNCTION(brood_managed_value_free, brood_managed_value,
                    SHARE_MANAGED_VALUE)
SHARE_FREE_FUNCTION(brood_managed_array_free, brood_managed_array,
                    SHARE_MANAGED_ARRAY)
SHARE_FREE_FUNCTION(brood_proxy_free, brood_proxy, SHARE_OWN_TYPE)

/* Calls an object of a kind with up to three values, which come last; `out` may
 * be NULL, but not if it is needed. */
static int64_t call_kind(void *object, enum share_kind kind, uint32_t op,
                         int64_t number, brood_value *out, size_t num_values,
                         const brood_value *values) {
  int r = share_check(object, kind);
  if (r < 0) return r;
  pthread_testcancel();
  struct proxy_call call = {.op = op,
                            .number = number,
                            .values = values,
                            .num_values = num_values,
                            .out = out};
  return proxy_engine->call(object, &call);
}

static int64_t fetch_kind(void *object, enum share_kind kind, uint32_t op,
                          int64_t number, brood_value *out, size_t num_values,
                          const brood_value *values) {
  int r = error_check_out(out);
  return r < 0 ? r
               : call_kind(object, kind, op, number, out, num_values, values);
}

/* Calls with nothing, an index, or a value; and such that fetch a value. */
#define ASK(type, name, noun, KIND, op)                         \
  type name(noun *object) {                                     \
    return (type)call_kind(object, KIND, op, 0, NULL, 0, NULL); \
  }

#define TELL(type, name, noun, KIND, op)                          \
  type name(noun *object, brood_value value) {                    \
    return (type)call_kind(object, KIND, op, 0, NULL, 1, &value); \
  }

#define TELL_AT(name, noun, KIND, op)                                \
  int name(noun *object, int64_t index, brood_value value) {         \
    return (int)call_kind(object, KIND, op, index, NULL, 1, &value); \
  }

#define FETCH(name, noun, KIND, op)                            \
  int name(noun *object, brood_value *out) {                   \
    return (int)fetch_kind(object, KIND, op, 0, out, 0, NULL); \
  }

#define FETCH_AT(name, noun, KIND, op)                             \
  int name(noun *object, int64_t index, brood_value *out) {        \
    return (int)fetch_kind(object, KIND, op, index, out, 0, NULL); \
  }

#define FETCH_BY(name, noun, KIND, op)                         \
  int name(noun *object, brood_value key, brood_value *out) {  \
    return (int)fetch_kind(object, KIND, op, 0, out, 1, &key); \
  }

/* ---------------------------------------------------------- Dictionaries -- */

TELL(int, brood_dict_delete, brood_dict, SHARE_DICT, CALL_DELETE)
TELL(int, brood_dict_contains, brood_dict, SHARE_DICT, CALL_CONTAINS)
FETCH_BY(brood_dict_get, brood_dict, SHARE_DICT, CALL_GET_ITEM)
FETCH_BY(brood_dict_pop, brood_dict, SHARE_DICT, CALL_POP)
FETCH(brood_dict_popitem, brood_dict, SHARE_DICT, CALL_POPITEM)
FETCH(brood_dict_items, brood_dict, SHARE_DICT, CALL_ITEMS)
FETCH(brood_dict_keys, brood_dict, SHARE_DICT, CALL_KEYS)
FETCH(brood_dict_values, brood_dict, SHARE_DICT, CALL_VALUES)
ASK(int64_t, brood_dict_length, brood_dict, SHARE_DICT, CALL_LENGTH)
ASK(int, brood_dict_clear, brood_dict, SHARE_DICT, CALL_CLEAR)

int brood_dict_set(brood_dict *dict, brood_value key, brood_value value) {
  brood_value values[] = {key, value};
  return (int)call_kind(dict, SHARE_DICT, CALL_SET_ITEM, 0, NULL, 2, values);
}

int brood_dict_setdefault(brood_dict *dict, brood_value key, brood_value value,
                          brood_value *out_value) {
  brood_value values[] = {key, value};
  return (int)call_kind(dict, SHARE_DICT, CALL_SET_DEFAULT, 0, out_value, 2,
                        values);
}

int brood_dict_update(brood_dict *dict, const brood_value *pairs,
                      size_t num_pairs) {
  brood_value all = brood_tuple(pairs, num_pairs);
  return (int)call_kind(dict, SHARE_DICT, CALL_UPDATE, 0, NULL, 1, &all);
}

int brood_dict_compare_set(brood_dict *dict, brood_value key,
                           brood_value expected, brood_value value) {
  brood_value values[] = {key, expected, value};
  return (int)call_kind(dict, SHARE_DICT, CALL_COMPARE_SET, 0, NULL, 3, values);
}

int brood_dict_add(brood_dict *dict, brood_value key, int64_t number,
                   int64_t *out_sum) {
  brood_value sum = brood_none();
  int r = error_check_out(out_sum);
  if (r == 0) {
    r = (int)call_kind(dict, SHARE_DICT, CALL_ADD, number, &sum, 1, &key);
  }
  return r < 0 ? r : brood_value_int64(&sum, out_sum);
}

/* ----------------------------------------------------------------- Lists -- */

ASK(int64_t, brood_list_length, brood_list, SHARE_LIST, CALL_LENGTH)
FETCH_AT(brood_list_get, brood_list, SHARE_LIST, CALL_GET_ITEM)
FETCH_AT(brood_list_pop, brood_list, SHARE_LIST, CALL_POP)
TELL_AT(brood_list_set, brood_list, SHARE_LIST, CALL_SET_ITEM)
TELL_AT(brood_list_insert, brood_list, SHARE_LIST, CALL_INSERT)
TELL(int, brood_list_remove, brood_list, SHARE_LIST, CALL_REMOVE)
TELL(int64_t, brood_list_index, brood_list, SHARE_LIST, CALL_INDEX)
TELL(int64_t, brood_list_count, brood_list, SHARE_LIST, CALL_COUNT_EQUAL)
ASK(int, brood_list_clear, brood_list, SHARE_LIST, CALL_CLEAR)
ASK(int, brood_list_reverse, brood_list, SHARE_LIST, CALL_REVERSE)
ASK(int, brood_list_sort, brood_list, SHARE_LIST, CALL_SORT)

int brood_list_append(brood_list *list, brood_value value) {
  return brood_list_insert(list, INT64_MAX, value);
}

int brood_list_delete(brood_list *list, int64_t index) {
  return (int)call_kind(list, SHARE_LIST, CALL_DELETE, index, NULL, 0, NULL);
}

int brood_list_extend(brood_list *list, const brood_value *values,
                      size_t num_values) {
  brood_value all = brood_tuple(values, num_values);
  return (int)call_kind(list, SHARE_LIST, CALL_EXTEND, 0, NULL, 1, &all);
}

int brood_list_slice(brood_list *list, int64_t start, int64_t stop,
                     brood_value *out_values) {
  brood_value end = brood_int64(stop);
  return (int)fetch_kind(list, SHARE_LIST, CALL_SLICE, start, out_values, 1,
                         &end);
}

int brood_list_set_slice(brood_list *list, int64_t start, int64_t stop,
                         const brood_value *values, size_t num_values) {
  brood_value all[] = {brood_int64(stop), brood_tuple(values, num_values)};
  return (int)call_kind(list, SHARE_LIST, CALL_SET_SLICE, start, NULL, 2, all);
}

/* ----------------------------------------------- Namespace, value, array -- */

int brood_namespace_set(brood_namespace *space, const char *attribute,
                        brood_value value) {
  brood_value values[] = {brood_string(attribute), value};
  return (int)call_kind(space, SHARE_NAMESPACE, CALL_SET_ITEM, 0, NULL, 2,
                        values);
}

int brood_namespace_get(brood_namespace *space, const char *attribute,
                        brood_value *out_value) {
  brood_value key = brood_string(attribute);
  return (int)fetch_kind(space, SHARE_NAMESPACE, CALL_GET_ITEM, 0, out_value, 1,
                         &key);
}

int brood_namespace_delete(brood_namespace *space, const char *attribute) {
  brood_value key = brood_string(attribute);
  return (int)call_kind(space, SHARE_NAMESPACE, CALL_DELETE, 0, NULL, 1, &key);
}

FETCH(brood_managed_value_get, brood_managed_value, SHARE_MANAGED_VALUE,
      CALL_GET_ITEM)
TELL(int, brood_managed_value_set, brood_managed_value, SHARE_MANAGED_VALUE,
     CALL_SET_ITEM)

ASK(int64_t, brood_managed_array_length, brood_managed_array,
    SHARE_MANAGED_ARRAY, CALL_LENGTH)
FETCH_AT(brood_managed_array_get, brood_managed_array, SHARE_MANAGED_ARRAY,
         CALL_GET_ITEM)
TELL_AT(brood_managed_array_set, brood_managed_array, SHARE_MANAGED_ARRAY,
        CALL_SET_ITEM)

int brood_proxy_call(brood_proxy *proxy, const char *method, brood_value args,
                     brood_value *out_value) {
  if (method == NULL || args.type != BROOD_TYPE_TUPLE) {
    return error_set(BROOD_TYPE_ERROR, "a method, and a tuple of arguments");
  }
  brood_value values[] = {brood_string(method), args};
  return (int)call_kind(proxy, SHARE_OWN_TYPE, CALL_METHOD, 0, out_value, 2,
                        values);
}
