/* SPDX-License-Identifier: MIT
 *
 * Managers: made, connected, served, shut down; and how a server's process
 * begins. With an address, lib/net does the rest.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/manager/link.h"
#include "lib/manager/net.h"
#include "lib/manager/server.h"
#include "lib/start/process.h"
#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/state/registry.h"
#include "lib/sync/self.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"
#include "lib/work/task.h"

struct brood_manager {
  uint64_t owner;  /* process token */
  uint64_t server; /* its id */
  struct link *link;
  bool is_connected;
  pthread_mutex_t mutex; /* of a shutdown */
  bool is_closed;
  brood_process *process; /* the server, or the relay to it; or NULL */
  brood_process *porter;  /* or NULL */
  int listener;           /* until the porter has it; else -1 */
  char address[NET_ADDRESS];
};

/* ------------------------------------------------------------ An address -- */

static const struct manager_net *manager_net;

void manager_set_net(const struct manager_net *net) {
  manager_net = net;
}

static int check_net(const brood_manager_options *options) {
  if (options == NULL || options->address == NULL) {
    return error_set(BROOD_VALUE_ERROR, "a server without an address");
  }
  if (manager_net != NULL) return 0;
  return error_set(BROOD_RUNTIME_ERROR,
                   "the program is linked without lib/net, which the "
                   "address '%.200s' needs",
                   options->address);
}

static int read_key(const brood_manager_options *options, struct net_key *out) {
  *out = (struct net_key){options->authkey, options->authkey_size};
  if (out->data == NULL && out->size > 0) {
    return error_set(BROOD_TYPE_ERROR, "an authkey of %zu bytes at NULL",
                     out->size);
  }
  if (out->data == NULL) {
    out->data = brood_process_authkey(brood_current_process(), &out->size);
  }
  if (out->size > 0 && out->size <= BROOD_MAX_AUTHKEY) return 0;
  return error_set(BROOD_VALUE_ERROR, "an authkey of %zu bytes: 1 to %d",
                   out->size, BROOD_MAX_AUTHKEY);
}

static int open_listener(brood_manager *manager,
                         const brood_manager_options *options) {
  struct net_key key;
  int r = check_net(options);
  if (r == 0) r = read_key(options, &key);
  if (r == 0) r = manager_net->listen(options->address, manager->address);
  if (r < 0) return r;
  manager->listener = r;
  return 0;
}

/* Starts the porter, with a line to the server. */
static int start_porter(brood_manager *manager, const brood_context *context,
                        const brood_manager_options *options,
                        brood_connection *door, brood_connection *not_ours,
                        int pidfd) {
  struct net_key key;
  int r = read_key(options, &key);
  if (r < 0) return r;
  brood_value args[PORTER_ARGS] = {
      [PORTER_LISTENER] = brood_descriptor(manager->listener),
      [PORTER_ADDRESS] = brood_string(manager->address),
      [PORTER_KEY] = brood_bytes(key.data, key.size),
      [PORTER_ID] = brood_int64((int64_t)manager->server),
      [PORTER_DOOR] = brood_object(door),
      [PORTER_NOT_OURS] =
          not_ours == NULL ? brood_none() : brood_object(not_ours),
      [PORTER_PIDFD] = pidfd < 0 ? brood_none() : brood_descriptor(pidfd)};
  manager->porter =
      process_start_servant(context, "SyncManager-porter", SERVANT_STAYS,
                            manager_net->porter, args, PORTER_ARGS);
  if (manager->porter == NULL) return brood_error();
  manager->listener = sys_close(manager->listener);
  return 0;
}

/* Once the server has ended. The porter removes the file, unless killed. */
static void unlisten(brood_manager *manager) {
  bool listens = manager->listener >= 0;
  if (manager->porter != NULL &&
      brood_process_join(manager->porter, BROOD_SECONDS(1)) == BROOD_TIMEOUT) {
    brood_process_kill(manager->porter);
    brood_process_join(manager->porter, BROOD_FOREVER);
    listens = true;
  }
  brood_process_free(manager->porter);
  if (listens) manager_net->unlisten(manager->listener, manager->address);
}

/* ---------------------------------------------------------- Its process -- */

enum { SERVER_DOOR, SERVER_INITIALIZER, SERVER_INITARGS, SERVER_ARGS };

static void brood_manager_server(const brood_args *args) {
  sys_signal_answer(SIGINT, SIG_IGN);
  sys_signal_answer(SIGTERM, SIG_IGN);
  sys_fd_limit_raise();
  brood_connection *door = brood_value_object(brood_args_get(args, SERVER_DOOR),
                                              BROOD_KIND_CONNECTION);
  uint64_t token = 0;
  int r = door == NULL ? brood_error() : server_open(&token);
  struct caller *first = r < 0 ? NULL : server_add(door, -1);
  if (first == NULL) brood_fail(brood_error_message());
  const brood_value *name = brood_args_get(args, SERVER_INITIALIZER);
  if (name->type == BROOD_TYPE_STRING) {
    r = task_initialize(registry_task(name->as.data),
                        brood_args_get(args, SERVER_INITARGS));
  }
  brood_value id = brood_int64((int64_t)token);
  first->value = &id;
  if (!answer_call(first, r) || r < 0) return;
  server_run();
  object_destroy_all();
}
REGISTRY_TARGET(brood_manager_server);

/* Whatever is refused meanwhile. */
static void end_server(brood_manager *manager) {
  do {
    brood_process_kill(manager->process);
  } while (brood_process_join(manager->process, BROOD_SECONDS(1)) ==
           BROOD_TIMEOUT);
}

/* Its first words: that it serves, and as whom. */
static int await_server(brood_manager *manager, brood_connection *door) {
  brood_value id = brood_none();
  int64_t result;
  /* A child that was forked meanwhile may have a copy of its end: that hangs up
   * with the last of them only. */
  bool lives = true;
  int r = 0;
  while (r == 0 && lives) {
    lives = brood_process_is_alive(manager->process) > 0;
    r = brood_connection_poll(door, lives ? BROOD_MILLISECONDS(200) : 0);
  }
  if (r <= 0 ||
      call_receive(door, &(struct proxy_call){.out = &id}, &result) < 0) {
    return error_set(BROOD_RUNTIME_ERROR, "the manager's server ended at once");
  }
  if (result == 0) manager->server = (uint64_t)id.as.int64;
  return (int)result;
}

/* ----------------------------------------------------- Made, and connected */

static brood_manager *new_manager(const brood_manager_options *options) {
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
  pthread_mutex_init(&manager->mutex, NULL);
  return manager;
}

static int open_manager(brood_manager *manager, const brood_context *context,
                        const brood_manager_options *options) {
  const char *initializer = NULL;
  if (options->initializer != NULL &&
      registry_task_name(options->initializer, &initializer) < 0) {
    return brood_error();
  }
  brood_connection *near, *far, *door;
  int r = brood_pipe_new(context, 0, &near, &far);
  if (r < 0) return r;
  brood_value args[SERVER_ARGS] = {
      [SERVER_DOOR] = brood_object(far),
      [SERVER_INITIALIZER] =
          initializer == NULL ? brood_none() : brood_string(initializer),
      [SERVER_INITARGS] = options->initargs};
  manager->process = process_start_servant(
      context, options->name == NULL ? "SyncManager" : options->name,
      SERVANT_PLAIN, brood_manager_server, args, SERVER_ARGS);
  r = manager->process == NULL ? brood_error() : 0;
  brood_connection_free(far);
  if (r == 0) r = await_server(manager, near);
  if (r == 0) r = link_renew(&near);
  if (r < 0) {
    brood_connection_free(near);
    return r;
  }
  manager->link = link_open(manager->server, near);
  if (manager->link == NULL) return brood_error();
  if (manager->listener < 0) return 0;
  r = link_give(manager->link, &door); /* a line of the porter's own */
  if (r < 0) return r;
  r = start_porter(manager, context, options, door, NULL,
                   brood_process_sentinel(manager->process));
  brood_connection_free(door);
  return r;
}

/* The error stays. Returns NULL. */
static brood_manager *abandon_manager(brood_manager *manager) {
  int code = brood_error(), why = brood_errno();
  char text[512];
  snprintf(text, sizeof text, "%s", brood_error_message());
  link_close(manager->link);
  if (manager->process != NULL) end_server(manager);
  brood_process_free(manager->process);
  unlisten(manager);
  free(manager);
  code == BROOD_OS_ERROR ? error_set_os(-why, "cannot make a manager")
                         : error_set(code, "%s", text);
  return NULL;
}

brood_manager *brood_manager_new(const brood_context *context,
                                 const brood_manager_options *options) {
  static const brood_manager_options nothing;
  if (options == NULL) options = &nothing;
  brood_manager *manager = new_manager(options);
  if (manager == NULL) return NULL;
  if (context == NULL) context = brood_get_context(NULL);
  struct guard_state state = guard_open(false); /* nobody cancelled leaves it */
  if (options->address != NULL && open_listener(manager, options) < 0) {
    free(manager);
    manager = NULL;
  } else if (open_manager(manager, context, options) < 0) {
    manager = abandon_manager(manager);
  }
  guard_shut(state);
  return manager;
}

brood_manager *brood_manager_connect(const brood_context *context,
                                     const brood_manager_options *options) {
  struct net_key key;
  brood_connection *door;
  if (check_net(options) < 0) return NULL;
  brood_manager *manager = new_manager(options);
  if (manager == NULL) return NULL;
  manager->is_connected = true;
  struct guard_state state = guard_open(false); /* nobody cancelled leaves it */
  if (read_key(options, &key) == 0 &&
      manager_net->connect(context, options->address, key, &manager->server,
                           &door, &manager->process) == 0) {
    manager->link = link_open(manager->server, door);
  }
  guard_shut(state);
  if (manager->link != NULL) {
    strcpy(manager->address, options->address);
    return manager;
  }
  /* A relay that nobody uses ends by itself. */
  brood_process_free(manager->process);
  free(manager);
  return NULL;
}

/* --------------------------------------------------------- Used, and closed */

static int check_manager(const brood_manager *manager) {
  if (manager == NULL) {
    return error_set(BROOD_TYPE_ERROR, "expected a manager, not NULL");
  }
  if (manager->owner == sync_self_process()) return 0;
  return error_set(BROOD_ASSERTION_ERROR,
                   "a manager can only be used by the process that made it");
}

uint64_t manager_server(const brood_manager *manager) {
  return check_manager(manager) < 0 ? 0 : manager->server;
}

int brood_manager_pid(brood_manager *manager) {
  int r = check_manager(manager);
  if (r < 0) return r;
  bool is_ours = manager->process != NULL && !manager->is_connected;
  return is_ours ? brood_process_pid(manager->process) : 0;
}

const char *brood_manager_address(brood_manager *manager) {
  if (manager != NULL && manager->address[0] != '\0') return manager->address;
  manager == NULL ? (void)check_manager(manager) : error_clear();
  return NULL;
}

static void shut_down(brood_manager *manager) {
  if (!manager->is_connected &&
      (link_shutdown(manager->link) < 0 ||
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
  unlisten(manager);
}

int brood_manager_shutdown(brood_manager *manager) {
  int r = check_manager(manager);
  if (r < 0) return r;
  struct guard_state state = guard_open(false); /* nobody cancelled leaves it */
  pthread_mutex_lock(&manager->mutex);          /* another thread may do it */
  if (!manager->is_closed) shut_down(manager);
  pthread_mutex_unlock(&manager->mutex);
  guard_shut(state);
  return 0;
}

brood_manager *brood_manager_free(brood_manager *manager) {
  if (manager != NULL && brood_manager_shutdown(manager) == 0) free(manager);
  return NULL;
}

int brood_manager_serve(const brood_context *context,
                        const brood_manager_options *options, int stop,
                        void (*ready)(const char *address, void *argument),
                        void *argument) {
  brood_connection *near, *far;
  int r = check_net(options);
  brood_manager *manager = r < 0 ? NULL : new_manager(options);
  if (manager == NULL) return brood_error();
  r = stop < 0 ? 0 : sys_fd_valid(stop);
  if (r < 0) r = error_set_os(r, "cannot stop at descriptor %d", stop);
  if (r == 0) r = open_listener(manager, options);
  if (r == 0) r = server_open(&manager->server);
  bool is_open = r == 0;
  if (r == 0 && options->initializer != NULL) {
    r = task_initialize(options->initializer, &options->initargs);
  }
  if (r == 0) r = brood_pipe_new(context, 0, &near, &far);
  if (r == 0) {
    r = start_porter(manager, context, options, far, near, current_pidfd());
    brood_connection_free(far);
    if (r == 0 && server_add(near, -1) == NULL) r = brood_error();
    if (r < 0) brood_connection_free(near);
  }
  if (r == 0 && stop >= 0 && server_add(NULL, stop) == NULL) r = brood_error();
  if (r == 0 && ready != NULL) ready(manager->address, argument);
  if (r == 0) server_run();
  if (is_open) server_close();
  unlisten(manager);
  free(manager);
  return r;
}
