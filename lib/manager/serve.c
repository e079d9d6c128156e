/* SPDX-License-Identifier: MIT
 *
 * See server.h: how a server begins, in a process of its own.
 */
#include <signal.h>

#include "lib/manager/server.h"
#include "lib/state/error.h"
#include "lib/state/registry.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"
#include "lib/work/task.h"

int server_initialize(brood_task function, const brood_value *initargs) {
  brood_value value = brood_none(), nothing = brood_tuple(NULL, 0);
  bool has_args = initargs->type == BROOD_TYPE_TUPLE;
  int r = task_call(function, has_args ? initargs : &nothing, &value);
  if (r != 0) {
    r = error_set(
        BROOD_RUNTIME_ERROR, "the initializer failed: %s",
        value.type == BROOD_TYPE_STRING ? (const char *)value.as.data : "");
  }
  brood_value_clear(&value);
  return r;
}

void brood_manager_server(const brood_args *args) {
  sys_signal_answer(SIGINT, SIG_IGN);
  sys_signal_answer(SIGTERM, SIG_IGN);
  sys_fd_limit_raise();
  brood_connection *door = brood_value_object(brood_args_get(args, SERVER_DOOR),
                                              BROOD_KIND_CONNECTION);
  int r = door == NULL ? brood_error() : server_open();
  struct caller *first =
      r < 0 ? NULL : server_add(door, brood_connection_fileno(door));
  if (first == NULL) brood_fail(brood_error_message());
  const brood_value *name = brood_args_get(args, SERVER_INITIALIZER);
  if (name->type == BROOD_TYPE_STRING) {
    r = server_initialize(registry_task(name->as.data),
                          brood_args_get(args, SERVER_INITARGS));
  }
  brood_value id = brood_int64((int64_t)server_id());
  if (!answer_call(first, r < 0 ? r : 0, &id) || r < 0) return;
  server_run();
  object_destroy_all();
}
BROOD_TARGET(brood_manager_server);
