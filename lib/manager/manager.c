/* SPDX-License-Identifier: MIT
 *
 * Managers, and the public functions of what only they have.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/manager/link.h"
#include "lib/manager/manager.h"
#include "lib/manager/server.h"
#include "lib/share/object.h"
#include "lib/start/process.h"
#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/state/registry.h"
#include "lib/sync/self.h"

/* ---------------------------------------------------------------- Making -- */

static int start_server(brood_manager *manager, const brood_context *context,
                        const brood_manager_options *options,
                        const char *initializer, brood_connection *far) {
  brood_value args[SERVER_ARGS] = {
      [SERVER_DOOR] = brood_object(far),
      [SERVER_INITIALIZER] =
          initializer == NULL ? brood_none() : brood_string(initializer),
      [SERVER_INITARGS] = options->initargs};
  const char *name = options->name == NULL ? "SyncManager" : options->name;
  manager->process = process_start_servant(
      context, name, SERVANT_PLAIN, brood_manager_server, args, SERVER_ARGS);
  return manager->process == NULL ? brood_error() : 0;
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
  struct answer_head head;
  /* A child that was forked meanwhile may have a copy of its end: that hangs up
   * with the last of them only. */
  bool lives = true;
  int r = BROOD_TIMEOUT;
  while (r == BROOD_TIMEOUT && lives) {
    lives = brood_process_is_alive(manager->process) > 0;
    r = brood_connection_recv(door, &whole,
                              lives ? BROOD_MILLISECONDS(200) : 0);
  }
  if (r < 0) {
    return error_set(BROOD_RUNTIME_ERROR, "the manager's server ended at once");
  }
  const brood_value *words = whole.as.items;
  memcpy(&head, words[0].as.data, sizeof head);
  if (head.code == 0) {
    manager->server = (uint64_t)words[1].as.int64;
  } else {
    error_set(head.code, "%s", (const char *)words[1].as.data);
  }
  brood_value_clear(&whole);
  return head.code;
}

/* A line of its own for the porter. */
static int open_porter(brood_manager *manager, const brood_context *context,
                       const brood_manager_options *options) {
  brood_connection *door;
  if (manager->listener < 0) return 0;
  int r = link_give(manager->server, &door);
  if (r < 0) return r;
  r = manager_let_in(manager, context, options, door, NULL,
                     brood_process_sentinel(manager->process));
  brood_connection_free(door);
  return r;
}

static int open_manager(brood_manager *manager, const brood_context *context,
                        const brood_manager_options *options) {
  const char *initializer = NULL;
  if (options->initializer != NULL &&
      registry_task_name(options->initializer, &initializer) < 0) {
    return brood_error();
  }
  brood_connection *near, *far;
  int r = brood_pipe_new(context, 0, &near, &far);
  if (r < 0) return r;
  r = start_server(manager, context, options, initializer, far);
  brood_connection_free(far);
  if (r == 0) r = await_server(manager, near);
  if (r == 0) r = link_renew(&near);
  if (r < 0) {
    brood_connection_free(near);
    return r;
  }
  manager->link = link_open(manager->server, near);
  return manager->link == NULL ? brood_error()
                               : open_porter(manager, context, options);
}

brood_manager *manager_new(const brood_manager_options *options) {
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
  manager->owner = sync_self_process();
  manager->listener = -1;
  return manager;
}

/* The error stays. */
static void abandon_manager(brood_manager *manager) {
  int code = brood_error(), why = brood_errno();
  char text[512];
  snprintf(text, sizeof text, "%s", brood_error_message());
  link_close(manager->link);
  if (manager->process != NULL) end_server(manager);
  manager_unlisten(manager);
  free(manager);
  code == BROOD_OS_ERROR ? error_set_os(-why, "cannot make a manager")
                         : error_set(code, "%s", text);
}

brood_manager *brood_manager_new(const brood_context *context,
                                 const brood_manager_options *options) {
  static const brood_manager_options nothing;
  if (options == NULL) options = &nothing;
  brood_manager *manager = manager_new(options);
  if (manager == NULL) return NULL;
  if (context == NULL) context = brood_get_context(NULL);
  struct guard_state state =
      guard_forbid(); /* a cancelled thread would leave the server */
  if (manager_listen(manager, options) < 0) {
    free(manager);
    manager = NULL;
  } else if (open_manager(manager, context, options) < 0) {
    abandon_manager(manager);
    manager = NULL;
  }
  guard_allow(state);
  return manager;
}

static int check_manager(const brood_manager *manager) {
  if (manager == NULL) {
    return error_set(BROOD_TYPE_ERROR, "expected a manager, not NULL");
  }
  if (manager->owner == sync_self_process()) return 0;
  return error_set(BROOD_ASSERTION_ERROR,
                   "a manager can only be used by the process that made it");
}

static void close_manager(brood_manager *manager) {
  struct proxy_call call = {.op = CALL_SHUTDOWN};
  if (!manager->is_connected &&
      (link_call(manager->server, &call) < 0 ||
       brood_process_join(manager->process, BROOD_SECONDS(1)) < 0)) {
    end_server(manager);
  }
  manager->is_closed = true;
  link_close(manager->link);
  /* A relay ends when no process has a proxy through it, which may be later: it
   * is reaped with the next process that is started then. */
  if (manager->is_connected && manager->process != NULL) {
    brood_process_join(manager->process, BROOD_SECONDS(1));
  }
  manager->process = brood_process_free(manager->process);
  manager_unlisten(manager);
}

int brood_manager_shutdown(brood_manager *manager) {
  int r = check_manager(manager);
  if (r < 0 || manager->is_closed) return r;
  struct guard_state state =
      guard_forbid(); /* a cancelled thread would leave the rest */
  close_manager(manager);
  guard_allow(state);
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
  bool is_ours = manager->process != NULL && !manager->is_connected;
  return is_ours ? brood_process_pid(manager->process) : 0;
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
  pthread_testcancel();
  struct proxy_call call = {.op = CALL_MAKE,
                            .number = kind,
                            .values = all,
                            .num_values = 1 + num_values};
  int64_t id = link_call(manager->server, &call);
  if (id < 0) return NULL;
  struct proxy *proxy = proxy_make(manager->server, (uint64_t)id, kind, -1);
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
