/* SPDX-License-Identifier: MIT
 *
 * Managers with an address, as far as programs have it that do not use one:
 * lib/net does the rest.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/manager/link.h"
#include "lib/manager/manager.h"
#include "lib/manager/server.h"
#include "lib/start/process.h"
#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/sys/fd.h"
#include "lib/work/task.h"

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

/* ------------------------------------------------------------- Listening -- */

int manager_listen(brood_manager *manager,
                   const brood_manager_options *options) {
  struct net_key key;
  if (options->address == NULL) return 0;
  int r = check_net(options);
  if (r == 0) r = read_key(options, &key);
  if (r == 0) r = manager_net->listen(options->address, manager->address);
  if (r < 0) {
    manager->address[0] = '\0';
    return r;
  }
  manager->listener = r;
  return 0;
}

int manager_let_in(brood_manager *manager, const brood_context *context,
                   const brood_manager_options *options, brood_connection *door,
                   brood_connection *not_ours, int pidfd) {
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

/* The porter removes the file, unless it has been killed. */
void manager_unlisten(brood_manager *manager) {
  bool listens = manager->listener >= 0;
  if (manager->porter != NULL &&
      brood_process_join(manager->porter, BROOD_SECONDS(1)) == BROOD_TIMEOUT) {
    brood_process_kill(manager->porter);
    brood_process_join(manager->porter, BROOD_FOREVER);
    listens = true;
  }
  manager->porter = brood_process_free(manager->porter);
  if (listens) manager_net->unlisten(manager->listener, manager->address);
  manager->listener = -1;
}

const char *brood_manager_address(brood_manager *manager) {
  if (manager == NULL) {
    error_set(BROOD_TYPE_ERROR, "expected a manager, not NULL");
    return NULL;
  }
  if (manager->address[0] != '\0') return manager->address;
  error_clear();
  return NULL;
}

/* ------------------------------------------------------------ Connecting -- */

static int connect_manager(brood_manager *manager, const brood_context *context,
                           const brood_manager_options *options) {
  struct net_key key;
  brood_connection *door;
  int r = read_key(options, &key);
  if (r == 0) {
    r = manager_net->connect(context, options->address, key, &manager->server,
                             &door, &manager->process);
  }
  if (r < 0) return r;
  if (!server_is_here(manager->server)) {
    manager->link = link_open(manager->server, door);
    return manager->link == NULL ? brood_error() : 0;
  }
  brood_connection_free(door);
  return error_set(BROOD_RUNTIME_ERROR,
                   "a manager's server cannot call its own objects");
}

brood_manager *brood_manager_connect(const brood_context *context,
                                     const brood_manager_options *options) {
  if (check_net(options) < 0) return NULL;
  brood_manager *manager = manager_new(options);
  if (manager == NULL) return NULL;
  manager->is_connected = true;
  struct guard_state state =
      guard_forbid(); /* a cancelled thread would leave the connection */
  int r = connect_manager(manager, context, options);
  guard_allow(state);
  if (r == 0) {
    strcpy(manager->address, options->address);
    return manager;
  }
  /* A relay that nobody uses ends by itself. */
  brood_process_free(manager->process);
  free(manager);
  return NULL;
}

/* --------------------------------------------------------------- Serving -- */

static int start_porter(brood_manager *manager, const brood_context *context,
                        const brood_manager_options *options,
                        brood_connection **out_near) {
  brood_connection *far;
  int r = brood_pipe_new(context, 0, out_near, &far);
  if (r < 0) return r;
  r = manager_let_in(manager, context, options, far, *out_near,
                     current_pidfd());
  brood_connection_free(far);
  if (r < 0) brood_connection_free(*out_near);
  return r;
}

static int add_ends(brood_connection *near, int stop) {
  if (server_add(near, -1) == NULL) {
    brood_connection_free(near);
    return brood_error();
  }
  return stop < 0 || server_add(NULL, stop) != NULL ? 0 : brood_error();
}

static int serve_at(brood_manager *manager, const brood_context *context,
                    const brood_manager_options *options, int stop,
                    void (*ready)(const char *address, void *argument),
                    void *argument) {
  brood_connection *near;
  int r = server_open(&manager->server);
  if (r < 0) return r;
  if (options->initializer != NULL) {
    r = task_initialize(options->initializer, &options->initargs);
  }
  if (r == 0) r = start_porter(manager, context, options, &near);
  if (r == 0) r = add_ends(near, stop);
  if (r == 0 && ready != NULL) ready(manager->address, argument);
  if (r == 0) server_run();
  server_close();
  return r;
}

int brood_manager_serve(const brood_context *context,
                        const brood_manager_options *options, int stop,
                        void (*ready)(const char *address, void *argument),
                        void *argument) {
  int r = check_net(options);
  brood_manager *manager = r < 0 ? NULL : manager_new(options);
  if (manager == NULL) return brood_error();
  r = stop < 0 ? 0 : sys_fd_valid(stop);
  if (r < 0) r = error_set_os(r, "cannot stop at descriptor %d", stop);
  if (r == 0) r = manager_listen(manager, options);
  if (r == 0) r = serve_at(manager, context, options, stop, ready, argument);
  manager_unlisten(manager);
  free(manager);
  return r;
}
