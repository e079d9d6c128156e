/* SPDX-License-Identifier: MIT
 *
 * Managers, and the public functions of what only they have.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/manager/link.h"
#include "lib/manager/server.h"
#include "lib/share/object.h"
#include "lib/start/process.h"
#include "lib/state/error.h"
#include "lib/state/registry.h"
#include "lib/sync/self.h"

struct brood_manager {
  uint64_t owner;  /* process token */
  uint64_t server; /* its */
  brood_process *process;
};

/* ---------------------------------------------------------------- Making -- */

static int start_server(brood_manager *manager, const brood_context *context,
                        const brood_manager_options *options,
                        const char *initializer, brood_connection *far) {
  brood_value args[SERVER_ARGS] = {
      [SERVER_DOOR] = brood_object(far),
      [SERVER_INITIALIZER] =
          initializer == NULL ? brood_none() : brood_string(initializer),
      [SERVER_INITARGS] = options->initargs.type == BROOD_TYPE_TUPLE
                              ? options->initargs
                              : brood_tuple(NULL, 0)};
  manager->process = process_new_servant(
      context, options->name == NULL ? "SyncManager" : options->name,
      brood_manager_server, args, SERVER_ARGS);
  return manager->process == NULL ? brood_error()
                                  : brood_process_start(manager->process);
}

/* Whatever is refused meanwhile. */
static void end_server(brood_manager *manager) {
  do {
    brood_process_kill(manager->process);
  } while (brood_process_join(manager->process, BROOD_SECONDS(1)) ==
           BROOD_TIMEOUT);
  manager->process = brood_process_free(manager->process);
}

/* Its first words: that it serves, and as whom. */
static int await_server(brood_manager *manager, brood_connection *door) {
  brood_value whole = brood_none();
  struct answer_head head = {.code = BROOD_RUNTIME_ERROR};
  char text[512] = "the manager's server ended at once";
  if (brood_connection_recv(door, &whole, BROOD_FOREVER) == 0) {
    const brood_value *words = whole.as.items;
    memcpy(&head, words[0].as.data, sizeof head);
    if (head.code == 0) manager->server = (uint64_t)words[1].as.int64;
    if (head.code != 0) {
      snprintf(text, sizeof text, "%s", (const char *)words[1].as.data);
    }
  }
  brood_value_clear(&whole);
  if (head.code == 0) return 0;
  end_server(manager);
  return error_set(head.code, "%s", text);
}

static int open_link_to(brood_manager *manager, brood_connection *door) {
  if (link_open(manager->server, door) == 0) return 0;
  int why = brood_errno();
  end_server(manager);
  return error_set_os(-why, "cannot call a manager");
}

static int open_manager(brood_manager *manager, const brood_context *context,
                        const brood_manager_options *options) {
  const char *initializer = NULL;
  int r = 0;
  if (options->initializer != NULL) {
    r = registry_task_name(options->initializer, &initializer);
  }
  brood_connection *near = NULL, *far = NULL;
  if (r == 0) {
    r = link_pair(&near, &far);
    if (r < 0) r = error_set_os(r, "cannot make a manager");
  }
  if (r == 0) r = start_server(manager, context, options, initializer, far);
  brood_connection_free(far);
  if (r == 0) r = await_server(manager, near);
  if (r == 0) return open_link_to(manager, near);
  brood_connection_free(near);
  return r;
}

brood_manager *brood_manager_new(const brood_context *context,
                                 const brood_manager_options *options) {
  static const brood_manager_options nothing;
  if (options == NULL) options = &nothing;
  if (options->initargs.type != BROOD_TYPE_NONE &&
      options->initargs.type != BROOD_TYPE_TUPLE) {
    error_set(BROOD_TYPE_ERROR, "initargs are no tuple");
    return NULL;
  }
  brood_manager *manager = calloc(1, sizeof *manager);
  if (manager == NULL) {
    error_set_os(-ENOMEM, "cannot make a manager");
    return NULL;
  }
  if (context == NULL) context = brood_get_context(NULL);
  manager->owner = sync_self_process();
  if (open_manager(manager, context, options) == 0) return manager;
  brood_process_free(manager->process);
  free(manager);
  return NULL;
}

static int check_manager(const brood_manager *manager) {
  if (manager == NULL) {
    return error_set(BROOD_TYPE_ERROR, "expected a manager, not NULL");
  }
  if (manager->owner == sync_self_process()) return 0;
  return error_set(BROOD_ASSERTION_ERROR,
                   "a manager can only be used by the process that made it");
}

int brood_manager_shutdown(brood_manager *manager) {
  int r = check_manager(manager);
  if (r < 0 || manager->process == NULL) return r;
  struct proxy_call call = {.op = CALL_SHUTDOWN};
  if (link_call(manager->server, &call) < 0 ||
      brood_process_join(manager->process, BROOD_SECONDS(1)) < 0) {
    end_server(manager);
  }
  link_close(manager->server);
  manager->process = brood_process_free(manager->process);
  return 0;
}

brood_manager *brood_manager_free(brood_manager *manager) {
  if (manager == NULL || check_manager(manager) < 0) return NULL;
  brood_manager_shutdown(manager);
  free(manager);
  return NULL;
}

int brood_manager_pid(brood_manager *manager) {
  int r = check_manager(manager);
  if (r < 0) return r;
  return manager->process == NULL ? 0 : brood_process_pid(manager->process);
}

int64_t brood_manager_number_of_objects(brood_manager *manager) {
  int r = check_manager(manager);
  if (r < 0) return r;
  return link_call(manager->server, &(struct proxy_call){.op = CALL_COUNT});
}

/* --------------------------------------------------------------- Objects -- */

static void *make_object(brood_manager *manager, enum share_kind kind,
                         const char *name, const brood_value *values,
                         size_t num_values) {
  brood_value all[3] = {name == NULL ? brood_none() : brood_string(name)};
  for (size_t i = 0; i < num_values; i++) all[1 + i] = values[i];
  if (check_manager(manager) < 0) return NULL;
  struct proxy_call call = {.op = CALL_MAKE,
                            .number = kind,
                            .values = all,
                            .num_values = 1 + num_values};
  int64_t id = link_call(manager->server, &call);
  if (id < 0) return NULL;
  struct proxy *proxy = proxy_make(manager->server, (uint64_t)id, kind, -1);
  if (proxy == NULL) error_set_os(-ENOMEM, "cannot make a proxy");
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
  if (condition == NULL && lock != NULL && brood_error() == BROOD_TYPE_ERROR) {
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
  struct proxy_call call = {.op = op,
                            .number = number,
                            .values = values,
                            .num_values = num_values,
                            .out = out};
  return proxy_call_server(object, &call);
}

static int64_t fetch_kind(void *object, enum share_kind kind, uint32_t op,
                          int64_t number, brood_value *out, size_t num_values,
                          const brood_value *values) {
  int r = error_check_out(out);
  return r < 0 ? r
               : call_kind(object, kind, op, number, out, num_values, values);
}

#define ASK(name, noun, KIND, op)                              \
  int name(noun *object) {                                     \
    return (int)call_kind(object, KIND, op, 0, NULL, 0, NULL); \
  }

#define LENGTH(name, noun, KIND)                                   \
  int64_t name(noun *object) {                                     \
    return call_kind(object, KIND, CALL_LENGTH, 0, NULL, 0, NULL); \
  }

#define FETCH_ALL(name, op)                                        \
  int name(brood_dict *dict, brood_value *out) {                   \
    return (int)fetch_kind(dict, SHARE_DICT, op, 0, out, 0, NULL); \
  }

#define BY_KEY(name, op)                                           \
  int name(brood_dict *dict, brood_value key) {                    \
    return (int)call_kind(dict, SHARE_DICT, op, 0, NULL, 1, &key); \
  }

#define FETCH_BY_KEY(name, op)                                     \
  int name(brood_dict *dict, brood_value key, brood_value *out) {  \
    return (int)fetch_kind(dict, SHARE_DICT, op, 0, out, 1, &key); \
  }

BY_KEY(brood_dict_delete, CALL_DELETE)
BY_KEY(brood_dict_contains, CALL_CONTAINS)
FETCH_BY_KEY(brood_dict_get, CALL_GET_ITEM)
FETCH_BY_KEY(brood_dict_pop, CALL_POP)
FETCH_ALL(brood_dict_popitem, CALL_POPITEM)
FETCH_ALL(brood_dict_items, CALL_ITEMS)
FETCH_ALL(brood_dict_keys, CALL_KEYS)
FETCH_ALL(brood_dict_values, CALL_VALUES)
LENGTH(brood_dict_length, brood_dict, SHARE_DICT)
ASK(brood_dict_clear, brood_dict, SHARE_DICT, CALL_CLEAR)

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

#define AT_INDEX(name, op)                                               \
  int name(brood_list *list, int64_t index, brood_value value) {         \
    return (int)call_kind(list, SHARE_LIST, op, index, NULL, 1, &value); \
  }

#define FETCH_AT_INDEX(name, op)                                       \
  int name(brood_list *list, int64_t index, brood_value *out) {        \
    return (int)fetch_kind(list, SHARE_LIST, op, index, out, 0, NULL); \
  }

#define OF_EQUAL(type, name, op)                                      \
  type name(brood_list *list, brood_value value) {                    \
    return (type)call_kind(list, SHARE_LIST, op, 0, NULL, 1, &value); \
  }

LENGTH(brood_list_length, brood_list, SHARE_LIST)
FETCH_AT_INDEX(brood_list_get, CALL_GET_ITEM)
FETCH_AT_INDEX(brood_list_pop, CALL_POP)
AT_INDEX(brood_list_set, CALL_SET_ITEM)
AT_INDEX(brood_list_insert, CALL_INSERT)
OF_EQUAL(int, brood_list_remove, CALL_REMOVE)
OF_EQUAL(int64_t, brood_list_index, CALL_INDEX)
OF_EQUAL(int64_t, brood_list_count, CALL_COUNT_EQUAL)
ASK(brood_list_clear, brood_list, SHARE_LIST, CALL_CLEAR)
ASK(brood_list_reverse, brood_list, SHARE_LIST, CALL_REVERSE)
ASK(brood_list_sort, brood_list, SHARE_LIST, CALL_SORT)

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

static int64_t call_space(brood_namespace *space, uint32_t op,
                          const char *attribute, const brood_value *value,
                          brood_value *out) {
  brood_value values[] = {brood_string(attribute),
                          value == NULL ? brood_none() : *value};
  return call_kind(space, SHARE_NAMESPACE, op, 0, out, 1 + (value != NULL),
                   values);
}

int brood_namespace_set(brood_namespace *space, const char *attribute,
                        brood_value value) {
  return (int)call_space(space, CALL_SET_ITEM, attribute, &value, NULL);
}

int brood_namespace_get(brood_namespace *space, const char *attribute,
                        brood_value *out_value) {
  int r = error_check_out(out_value);
  if (r < 0) return r;
  return (int)call_space(space, CALL_GET_ITEM, attribute, NULL, out_value);
}

int brood_namespace_delete(brood_namespace *space, const char *attribute) {
  return (int)call_space(space, CALL_DELETE, attribute, NULL, NULL);
}

int brood_managed_value_get(brood_managed_value *value,
                            brood_value *out_value) {
  return (int)fetch_kind(value, SHARE_MANAGED_VALUE, CALL_GET_ITEM, 0,
                         out_value, 0, NULL);
}

int brood_managed_value_set(brood_managed_value *value, brood_value new_value) {
  return (int)call_kind(value, SHARE_MANAGED_VALUE, CALL_SET_ITEM, 0, NULL, 1,
                        &new_value);
}

LENGTH(brood_managed_array_length, brood_managed_array, SHARE_MANAGED_ARRAY)

int brood_managed_array_get(brood_managed_array *array, int64_t index,
                            brood_value *out_value) {
  return (int)fetch_kind(array, SHARE_MANAGED_ARRAY, CALL_GET_ITEM, index,
                         out_value, 0, NULL);
}

int brood_managed_array_set(brood_managed_array *array, int64_t index,
                            brood_value value) {
  return (int)call_kind(array, SHARE_MANAGED_ARRAY, CALL_SET_ITEM, index, NULL,
                        1, &value);
}

int brood_proxy_call(brood_proxy *proxy, const char *method, brood_value args,
                     brood_value *out_value) {
  if (method == NULL || args.type != BROOD_TYPE_TUPLE) {
    return error_set(BROOD_TYPE_ERROR, "a method, and a tuple of arguments");
  }
  brood_value values[] = {brood_string(method), args};
  return (int)call_kind(proxy, SHARE_OWN_TYPE, CALL_METHOD, 0, out_value, 2,
                        values);
}
